# The package: exactly the files that belong in it, and a module that works from where Install-PSResource puts it.

BeforeAll {
    . (Join-Path $PSScriptRoot 'common.ps1')

    $work = (Get-PSDrive -Name TestDrive).Root
    $out = Join-Path $work 'out'
    $build = Join-Path $repository 'build.ps1'
    # The list of repositories and the folder of modules lie under the home folder: the child processes get one of
    # their own, so that the user's machine stays as it is.
    $userHome = Join-Path $work 'home'
    $null = New-Item -ItemType Directory -Path $userHome
    $environment = @{
        HOME          = $userHome
        USERPROFILE   = $userHome
        LOCALAPPDATA  = $userHome
        XDG_DATA_HOME = $null
        PSModulePath  = $null
    }
    # -NoBuild: what is packed is what the other tests ran against.
    $package = Invoke-ChildShell -Environment $environment "& '$build' -Task Package -NoBuild -OutputPath '$out'"
    $version = (Import-PowerShellDataFile $manifestPath).ModuleVersion

    $expectedFiles = @(
        'LICENSE'
        'README.md'
        'VhdxTools.psd1'
        'bin/VhdxTools.Format.ps1xml'
        'bin/VhdxTools.Loader.dll'
        'bin/VhdxTools.dll'
        'bin/net10.0/System.IO.Hashing.dll'
        'bin/net10.0/VhdxTools.Core.dll'
        'bin/net10.0/linux-arm64/VhdxTools.Core.dll'
        'bin/net10.0/linux-x64/VhdxTools.Core.dll'
        'bin/net10.0/osx-arm64/VhdxTools.Core.dll'
        'bin/net10.0/win-arm64/VhdxTools.Core.dll'
        'bin/net10.0/win-x64/VhdxTools.Core.dll'
        'bin/netstandard2.0/System.Buffers.dll'
        'bin/netstandard2.0/System.IO.Hashing.dll'
        'bin/netstandard2.0/System.Memory.dll'
        'bin/netstandard2.0/System.Numerics.Vectors.dll'
        'bin/netstandard2.0/System.Runtime.CompilerServices.Unsafe.dll'
        'bin/netstandard2.0/VhdxTools.Core.dll'
        'en-US/VhdxTools.dll-Help.xml'
        'en-US/about_VhdxTools.help.txt'
        'en-US/about_VhdxTools_Rules.help.txt'
    )

    function Get-RelativeFile {
        param([string] $Path)
        Get-ChildItem -LiteralPath $Path -Recurse -File -Force |
            ForEach-Object { [IO.Path]::GetRelativePath($Path, $_.FullName).Replace('\', '/') }
    }

    function Compare-FileList {
        # The differences, a line each: '+ file' is there and should not be, '- file' should be there and is not.
        param([string[]] $Actual, [string[]] $Expected)
        @($Actual | Where-Object { $_ -cnotin $Expected } | ForEach-Object { "+ $_" }) +
        @($Expected | Where-Object { $_ -cnotin $Actual } | ForEach-Object { "- $_" })
    }
}

Describe 'build.ps1 -Task Package' {
    BeforeEach {
        if (-not (Get-Command dotnet -CommandType Application -ErrorAction Ignore)) { Set-ItResult -Skipped -Because 'native code is compiled by the .NET SDK, which is not here' }
    }

    It 'succeeds' {
        $package.ExitCode | Should -Be 0 -Because $package.Output
    }

    It 'writes exactly the files of the module' {
        Compare-FileList (Get-RelativeFile (Join-Path $out 'VhdxTools')) $expectedFiles | Should -BeNullOrEmpty
    }

    It 'packs exactly the same files' {
        $archive = [IO.Compression.ZipFile]::OpenRead((Join-Path $out "VhdxTools.$version.nupkg"))
        try { $names = @($archive.Entries.FullName) } finally { $archive.Dispose() }
        # The rest is what makes any .nupkg one.
        $names = $names | Where-Object { $_ -notmatch '^(_rels/|package/|\[Content_Types\]\.xml$|VhdxTools\.nuspec$)' }
        Compare-FileList $names $expectedFiles | Should -BeNullOrEmpty
    }

    It 'has native code for <Platform> in that platform''s Core' -ForEach @(
        # The machine's number of a PE file, which .NET combines with one for the system (Windows none, Linux 7B79h, macOS 4644h).
        @{ Platform = 'win-x64'; Machine = 0x8664 }
        @{ Platform = 'win-arm64'; Machine = 0xAA64 }
        @{ Platform = 'linux-x64'; Machine = 0x8664 -bxor 0x7B79 }
        @{ Platform = 'linux-arm64'; Machine = 0xAA64 -bxor 0x7B79 }
        @{ Platform = 'osx-arm64'; Machine = 0xAA64 -bxor 0x4644 }
    ) {
        $path = Join-Path $out 'VhdxTools' 'bin' 'net10.0' $Platform 'VhdxTools.Core.dll'
        $bytes = [IO.File]::ReadAllBytes($path)
        [BitConverter]::ToUInt16($bytes, [BitConverter]::ToInt32($bytes, 0x3C) + 4) | Should -Be $Machine
        $reader = [Reflection.PortableExecutable.PEReader]::new([IO.MemoryStream]::new($bytes))
        $native = $reader.PEHeaders.CorHeader.ManagedNativeHeaderDirectory
        $native.Size | Should -BeGreaterThan 0
        $at = $null
        $reader.PEHeaders.TryGetDirectoryOffset($native, [ref] $at) | Should -BeTrue
        [Text.Encoding]::ASCII.GetString($bytes, $at, 3) | Should -BeExactly 'RTR'
        $reader.Dispose()
    }

    It 'gives every Core the same version and the same code' {
        $ids = Get-ChildItem -LiteralPath (Join-Path $out 'VhdxTools' 'bin' 'net10.0') -Recurse -Filter VhdxTools.Core.dll | ForEach-Object {
            $reader = [Reflection.PortableExecutable.PEReader]::new([IO.File]::OpenRead($_.FullName))
            $metadata = [Reflection.Metadata.PEReaderExtensions]::GetMetadataReader($reader)
            "$($metadata.GetAssemblyDefinition().Version) $($metadata.GetGuid($metadata.GetModuleDefinition().Mvid))"
            $reader.Dispose()
        }
        @($ids) | Should -HaveCount 6
        @($ids | Select-Object -Unique) | Should -HaveCount 1
    }

    It 'leaves nothing of an older run in place' {
        Set-Content -LiteralPath (Join-Path $out 'VhdxTools' 'stale.txt') -Value 'x'
        Set-Content -LiteralPath (Join-Path $out 'VhdxTools.0.0.1.nupkg') -Value 'x'
        $again = Invoke-ChildShell -Environment $environment "& '$build' -Task Package -NoBuild -OutputPath '$out'"
        $again.ExitCode | Should -Be 0 -Because $again.Output
        Compare-FileList (Get-RelativeFile (Join-Path $out 'VhdxTools')) $expectedFiles | Should -BeNullOrEmpty
        (Get-ChildItem -LiteralPath $out -Filter *.nupkg).Name | Should -BeExactly "VhdxTools.$version.nupkg"
    }

    It 'writes a manifest that PowerShell finds valid' {
        $manifest = Test-ModuleManifest -Path (Join-Path $out 'VhdxTools' 'VhdxTools.psd1')
        $manifest.CompatiblePSEditions | Should -Be @('Desktop', 'Core')
        $manifest.PowerShellVersion | Should -Be '5.1'
    }
}

Describe 'The installed package' {
    BeforeEach {
        if ($IsWindows) { Set-ItResult -Skipped -Because 'Windows gives no process another folder for documents, so this would install into the user''s' }
    }

    BeforeAll {
        if ($IsWindows) { return }
        $installed = Invoke-ChildShell -Environment $environment @"
Register-PSResourceRepository -Name VhdxToolsLocal -Uri '$out' -Trusted
Install-PSResource -Name VhdxTools -Repository VhdxToolsLocal -Scope CurrentUser -Quiet
Unregister-PSResourceRepository -Name VhdxToolsLocal
"@
    }

    It 'is taken by Install-PSResource from a local repository' {
        $installed.ExitCode | Should -Be 0 -Because $installed.Output
    }

    It 'holds exactly the files of the module' {
        $file = Get-ChildItem -LiteralPath $userHome -Recurse -Force -Filter VhdxTools.psd1
        $file | Should -HaveCount 1
        # PSGetModuleInfo.xml is the note of Install-PSResource itself.
        $names = Get-RelativeFile $file.DirectoryName | Where-Object { $_ -ne 'PSGetModuleInfo.xml' }
        Compare-FileList $names $expectedFiles | Should -BeNullOrEmpty
    }

    It 'is found by name and makes an image' {
        $result = Invoke-ChildShell -Json -Environment $environment @"
Import-Module VhdxTools
`$image = New-VhdxImage -Path '$(Join-Path $work 'installed.vhdx')' -SizeBytes 64MB
ConvertTo-Json -Compress @{ Base = (Get-Module VhdxTools).ModuleBase; Exists = Test-Path -LiteralPath `$image.Path; Type = `$image.VhdType.ToString() }
"@
        $result.Base | Should -BeLike "$userHome*"
        $result.Exists | Should -BeTrue
        $result.Type | Should -BeExactly 'Dynamic'
    }
}
