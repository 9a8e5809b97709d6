# Loading: the right build of Core in every session, and no quarrel with other modules over System.IO.Hashing.
# Each case needs a process of its own, because an assembly that was loaded stays loaded.

BeforeDiscovery {
    $hashings = @(
        @{ Major = 9; Variable = 'VHDXTOOLS_TEST_HASHING9' }
        @{ Major = 10; Variable = 'VHDXTOOLS_TEST_HASHING10' }
    )
    $builds = @('net10.0', 'netstandard2.0')
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'common.ps1')

    function Copy-Module {
        # What can be imported, in a folder of its own.
        $copy = Join-Path $folder "copy $([guid]::NewGuid())"
        $null = New-Item -ItemType Directory -Path $copy
        foreach ($item in 'bin', 'VhdxTools.psd1') { Copy-Item (Join-Path $repository $item) $copy -Recurse }
        $copy
    }

    $quoted = "'" + $manifestPath.Replace("'", "''") + "'"
    $folder = (Get-PSDrive -Name TestDrive).Root

    # What a child process runs to make an image and read it again. There is a GUID partition table in it, because some builds use
    # System.IO.Hashing for that only; its checksum is wrong, and so has been computed.
    $useModule = @"
Import-Module $quoted
`$image = Join-Path ([IO.Path]::GetTempPath()) "`$([guid]::NewGuid()).vhdx"
try {
    `$null = New-VhdxImage -Path `$image -SizeBytes 64MB
    `$disk = [VhdxTools.VhdxDisk]::Open(`$image, 'ReadWrite')
    `$header = [byte[]]::new(512)
    [Text.Encoding]::ASCII.GetBytes('EFI PART').CopyTo(`$header, 0)
    `$header[12] = 92
    `$disk.WriteAt(512, `$header, 0, `$header.Length)
    `$disk.Dispose()
    `$type = (Get-VhdxImage -Path `$image).VhdType.ToString()
}
finally { Remove-Item -LiteralPath `$image -ErrorAction Ignore }
"@

    # All copies of an assembly that the process has loaded, as the folder they came from and their version.
    $findLoaded = @'
function Find-Loaded {
    param([string] $Name)
    @([AppDomain]::CurrentDomain.GetAssemblies() | Where-Object { $_.GetName().Name -eq $Name } | ForEach-Object {
        @{ Location = $_.Location; Major = $_.GetName().Version.Major; Context = [Runtime.Loader.AssemblyLoadContext]::GetLoadContext($_).Name }
    })
}
'@

    function New-ForeignModule {
        # Another module's assembly that uses System.IO.Hashing; with or without a copy of it beside it.
        param([string] $Hashing, [switch] $WithoutCopy)

        $name = "Foreign$([guid]::NewGuid().ToString('n'))"
        $path = Join-Path $folder $name
        $null = New-Item -ItemType Directory -Path $path
        $assembly = Join-Path $path "$name.dll"
        $build = Invoke-ChildShell @"
Add-Type -OutputAssembly '$assembly' -ReferencedAssemblies '$Hashing', 'System.Memory', 'System.Runtime', 'netstandard' -TypeDefinition @'
public static class Foreign
{
    public static string Hash()
    {
        var hash = new System.IO.Hashing.Crc32();
        hash.Append(new byte[] { 49, 50, 51 });
        return System.BitConverter.ToString(hash.GetCurrentHash());
    }

    public static string Location() { return typeof(System.IO.Hashing.Crc32).Assembly.Location; }
}
'@
"@
        if ($build.ExitCode -ne 0) { throw $build.Output }
        if (-not $WithoutCopy) { Copy-Item -LiteralPath $Hashing -Destination $path }
        $assembly
    }

    function Get-Hashing {
        param([string] $Variable)

        $path = [Environment]::GetEnvironmentVariable($Variable)
        if (-not $path) { Set-ItResult -Skipped -Because "$Variable names no copy of System.IO.Hashing; build.ps1 -Task Test sets it" }
        $path
    }
}

Describe 'The build of Core' {
    It 'is <_> when VHDXTOOLS_CORE says so' -ForEach $builds {
        $loaded = Invoke-ChildShell -Json -Environment @{ VHDXTOOLS_CORE = $_ } "$useModule; $findLoaded; ConvertTo-Json -Compress @{ Core = Find-Loaded VhdxTools.Core; Hashing = Find-Loaded System.IO.Hashing; Type = `$type }"
        $loaded.Core | Should -HaveCount 1
        $loaded.Core[0].Location | Should -BeExactly (Get-CorePath $_)
        $loaded.Core[0].Context | Should -BeExactly 'Default' -Because 'scripts see only the types of the default context'
        $loaded.Hashing | Should -HaveCount 1
        $loaded.Hashing[0].Location | Should -BeExactly (Join-Path $repository 'bin' $_ 'System.IO.Hashing.dll')
        $loaded.Hashing[0].Context | Should -BeExactly 'VhdxTools' -Because 'other modules must not be given our copy'
        $loaded.Type | Should -BeExactly 'Dynamic'
    }

    It 'follows the running .NET when VHDXTOOLS_CORE is empty' {
        $expected = if ([Environment]::Version.Major -ge 10) { 'net10.0' } else { 'netstandard2.0' }
        $loaded = Invoke-ChildShell -Json -Environment @{ VHDXTOOLS_CORE = '' } "Import-Module $quoted; $findLoaded; ConvertTo-Json -Compress @{ Core = Find-Loaded VhdxTools.Core }"
        $loaded.Core[0].Location | Should -BeExactly (Get-CorePath $expected)
    }

    It 'is the one without native code when there is none for the platform' {
        $copy = Copy-Module
        Remove-Item -LiteralPath (Join-Path $copy 'bin' 'net10.0' (Get-Platform)) -Recurse -ErrorAction Ignore
        $loaded = Invoke-ChildShell -Json -Environment @{ VHDXTOOLS_CORE = 'net10.0' } "Import-Module '$copy/VhdxTools.psd1'; $findLoaded; ConvertTo-Json -Compress @{ Core = Find-Loaded VhdxTools.Core; Rules = [VhdxTools.VhdxRules]::All.Count }"
        $loaded.Core[0].Location | Should -BeExactly (Join-Path $copy 'bin' 'net10.0' 'VhdxTools.Core.dll')
        $loaded.Core[0].Context | Should -BeExactly 'Default'
        $loaded.Rules | Should -BeGreaterThan 70
    }

    It 'has most of what a first call needs as native code' {
        if (-not (Test-Path -LiteralPath (Join-Path $repository 'bin' 'net10.0' (Get-Platform)))) { Set-ItResult -Skipped -Because "there is no native code for $(Get-Platform)"; return }
        # The same calls with and without it: .NET counts what it compiles.
        $counts = foreach ($isCompiled in $true, $false) {
            $module = $repository
            if (-not $isCompiled) {
                $module = Copy-Module
                Remove-Item -LiteralPath (Join-Path $module 'bin' 'net10.0' (Get-Platform)) -Recurse
            }
            (Invoke-ChildShell -Json -Environment @{ VHDXTOOLS_CORE = 'net10.0' } @"
Import-Module '$module/VhdxTools.psd1'
`$image = Join-Path ([IO.Path]::GetTempPath()) "`$([guid]::NewGuid()).vhdx"
`$before = [Runtime.JitInfo]::GetCompiledMethodCount(`$false)
try { `$null = New-VhdxImage -Path `$image -SizeBytes 64MB; `$null = Test-VhdxImage -Path `$image -Detailed } finally { Remove-Item -LiteralPath `$image }
ConvertTo-Json -Compress @{ Count = [Runtime.JitInfo]::GetCompiledMethodCount(`$false) - `$before }
"@).Count
        }
        $counts[0] | Should -BeLessThan ($counts[1] * 0.6) -Because "$counts methods were compiled with and without native code"
    }

    It 'loads no library of cryptography for the first image' -Skip:(-not $IsLinux) {
        # Loading it took a seventh of the first call.
        $loaded = Invoke-ChildShell -Json @"
Import-Module $quoted
`$image = Join-Path ([IO.Path]::GetTempPath()) "`$([guid]::NewGuid()).vhdx"
`$isLoaded = { [IO.File]::ReadAllText('/proc/self/maps') -match 'libcrypto|libssl' }
`$before = & `$isLoaded
try { `$null = New-VhdxImage -Path `$image -SizeBytes 64MB } finally { Remove-Item -LiteralPath `$image }
ConvertTo-Json -Compress @{ Before = `$before; After = & `$isLoaded }
"@
        if ($loaded.Before) { Set-ItResult -Skipped -Because 'this PowerShell has loaded it by itself'; return }
        $loaded.After | Should -BeFalse
    }

    It 'is refused by name when VHDXTOOLS_CORE names none' {
        $result = Invoke-ChildShell -Environment @{ VHDXTOOLS_CORE = 'net48' } "Import-Module $quoted"
        $result.ExitCode | Should -Not -Be 0
        $result.Output | Should -Match "VHDXTOOLS_CORE.*net48"
    }

    It 'suits every method of every cmdlet: <_>' -ForEach $builds {
        # Compiling a method resolves all that it calls; a member that one build lacks would fail only when a user gets there.
        $result = Invoke-ChildShell -Json -Environment @{ VHDXTOOLS_CORE = $_ } @"
Import-Module $quoted
`$assembly = (Get-Command New-VhdxImage).ImplementingType.Assembly
`$flags = [Reflection.BindingFlags]'Public, NonPublic, Instance, Static, DeclaredOnly'
`$count = 0
`$faults = foreach (`$type in `$assembly.GetTypes()) {
    if (`$type.ContainsGenericParameters) { continue }
    foreach (`$method in @(`$type.GetMethods(`$flags)) + @(`$type.GetConstructors(`$flags))) {
        if (`$method.IsAbstract -or `$method.ContainsGenericParameters) { continue }
        `$count++
        try { [Runtime.CompilerServices.RuntimeHelpers]::PrepareMethod(`$method.MethodHandle) }
        catch { "`$type.`$(`$method.Name): `$(`$_.Exception.InnerException.Message)" }
    }
}
ConvertTo-Json -Compress @{ Count = `$count; Faults = @(`$faults) }
"@
        $result.Faults | Should -BeNullOrEmpty
        $result.Count | Should -BeGreaterThan 10
    }
}

Describe 'System.IO.Hashing <Major> of another module' -Tag SlowUnderWine -ForEach $hashings {
    It 'loaded first does not break us: <_>' -ForEach $builds {
        $hashing = Get-Hashing $Variable
        $result = Invoke-ChildShell -Json -Environment @{ VHDXTOOLS_CORE = $_ } @"
`$foreign = [Reflection.Assembly]::LoadFrom('$hashing')
$useModule
$findLoaded
ConvertTo-Json -Compress @{ Type = `$type; Hashing = Find-Loaded System.IO.Hashing; Foreign = `$foreign.GetName().Version.Major }
"@
        $result.Type | Should -BeExactly 'Dynamic'
        $result.Foreign | Should -Be $Major
        $result.Hashing.Location | Should -Contain (Join-Path $repository 'bin' $_ 'System.IO.Hashing.dll')
        $result.Hashing | Should -HaveCount 2
    }

    It 'loaded first by Add-Type does not break us' {
        $hashing = Get-Hashing $Variable
        $result = Invoke-ChildShell -Json "Add-Type -Path '$hashing'; $useModule; $findLoaded; ConvertTo-Json -Compress @{ Type = `$type; Count = @(Find-Loaded System.IO.Hashing).Count }"
        $result.Type | Should -BeExactly 'Dynamic'
        $result.Count | Should -Be 2
    }

    It 'keeps working when its module is loaded <_>' -ForEach 'before ours', 'after ours' {
        $hashing = Get-Hashing $Variable
        $assembly = New-ForeignModule $hashing
        $foreign = "Import-Module '$assembly'; `$hash = [Foreign]::Hash(); `$location = [Foreign]::Location()"
        $steps = if ($_ -eq 'before ours') { "$foreign; $useModule" } else { "$useModule; $foreign" }
        $result = Invoke-ChildShell -Json "$steps; ConvertTo-Json -Compress @{ Hash = [Foreign]::Hash(); Location = `$location; Type = `$type }"
        $result.Location | Should -BeExactly (Join-Path (Split-Path $assembly) 'System.IO.Hashing.dll')
        $result.Hash | Should -BeExactly 'D2-63-48-88' -Because 'that is CRC-32 of "123"'
        $result.Type | Should -BeExactly 'Dynamic'
    }

    It 'is not replaced by ours when that module forgot its copy' {
        $hashing = Get-Hashing $Variable
        $assembly = New-ForeignModule $hashing -WithoutCopy
        $result = Invoke-ChildShell -Json @"
$useModule
Import-Module '$assembly'
`$outcome = try { [Foreign]::Location() } catch { `$_.Exception.InnerException.GetType().Name }
ConvertTo-Json -Compress @{ Outcome = `$outcome }
"@
        $result.Outcome | Should -BeExactly 'FileNotFoundException'
    }
}

Describe 'One session' {
    It 'removes the module and imports it again' {
        $result = Invoke-ChildShell -Json @"
$useModule
`$first = `$type
Remove-Module VhdxTools
`$gone = -not (Get-Command Get-VhdxImage -ErrorAction Ignore -Module VhdxTools)
$useModule
$findLoaded
ConvertTo-Json -Compress @{ First = `$first; Second = `$type; Gone = `$gone; Copies = @(Find-Loaded VhdxTools.Core).Count }
"@
        $result.First | Should -BeExactly 'Dynamic'
        $result.Second | Should -BeExactly 'Dynamic'
        $result.Copies | Should -Be 1
    }

    It 'goes on in other runspaces after one of them removed the module' {
        $result = Invoke-ChildShell -Json @"
Import-Module $quoted
`$shell = [powershell]::Create()
`$null = `$shell.AddScript({ param(`$path) Import-Module `$path; Remove-Module VhdxTools }).AddArgument($quoted).Invoke()
`$errors = `$shell.Streams.Error.Count
$useModule
ConvertTo-Json -Compress @{ Type = `$type; Errors = `$errors }
"@
        $result.Errors | Should -Be 0
        $result.Type | Should -BeExactly 'Dynamic'
    }

    It 'works in thread jobs' {
        $image = Join-Path $folder 'threadjob.vhdx'
        $null = New-VhdxImage -Path $image -SizeBytes 64MB
        $result = Invoke-ChildShell -Json @"
`$jobs = 1..4 | ForEach-Object { Start-ThreadJob { Import-Module $quoted; (Get-VhdxImage -Path '$image').VhdType.ToString() } }
ConvertTo-Json -Compress @{ Types = @(`$jobs | Receive-Job -Wait) }
"@
        $result.Types | Should -Be @('Dynamic', 'Dynamic', 'Dynamic', 'Dynamic')
    }

    It 'works in ForEach-Object -Parallel' {
        $image = Join-Path $folder 'parallel.vhdx'
        $null = New-VhdxImage -Path $image -SizeBytes 64MB
        $result = Invoke-ChildShell -Json @"
`$types = 1..8 | ForEach-Object -Parallel { Import-Module $quoted; (Get-VhdxImage -Path '$image').VhdType.ToString() }
ConvertTo-Json -Compress @{ Types = @(`$types) }
"@
        $result.Types | Should -HaveCount 8
        $result.Types | Select-Object -Unique | Should -BeExactly 'Dynamic'
    }

    It 'resolves the types of Core in scripts' {
        $result = Invoke-ChildShell -Json "Import-Module $quoted; ConvertTo-Json -Compress @{ Type = [VhdxTools.VhdType].Assembly.GetName().Name; Value = [VhdxTools.VhdType]::Dynamic.ToString() }"
        $result.Type | Should -BeExactly 'VhdxTools.Core'
        $result.Value | Should -BeExactly 'Dynamic'
    }
}
