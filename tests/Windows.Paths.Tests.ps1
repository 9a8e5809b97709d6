# Paths as Windows has them: drives, both separators, drive-relative ones, the long form, devices, streams, names and lengths.

BeforeDiscovery {
    $skip = -not $IsWindows
    $devices = @('\\.\NUL', '\\?\PhysicalDrive99', '\\.\PhysicalDrive99', '\\.\pipe\vhdxtools', '\\.\COM1', '\\.\C:', '\\?\Volume{00000000-0000-0000-0000-000000000001}') | ForEach-Object { @{ Device = $_ } }
    $names = @(
        @{ Name = 'disk.vhdx:stream' }
        @{ Name = 'less<more>.vhdx' }
        @{ Name = 'pi|pe.vhdx' }
        @{ Name = 'quo"te.vhdx' }
        @{ Name = 'wh?t.vhdx' }
        @{ Name = 'st*r.vhdx' }
        @{ Name = "line`nfeed.vhdx" }
    )
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'common.ps1')
    . (Join-Path $PSScriptRoot 'ImageBytes.ps1')
    . (Join-Path $PSScriptRoot 'windows.ps1')
}

Describe 'Paths of Windows' -Tag Windows {
    BeforeAll {
        if (-not $IsWindows) { return }
        $folder = New-TestFolder
        $null = [IO.Directory]::CreateDirectory((Join-Path $folder 'sub'))
        $image = (New-VhdxImage -Path (Join-Path $folder 'disk.vhdx') -SizeBytes 64MB -BlockSizeBytes 1MB).Path
        $drive = $folder.Substring(0, 2)
        $withoutDrive = $folder.Substring(2)
    }

    BeforeEach {
        if (-not $IsWindows) { Set-ItResult -Skipped -Because 'only Windows has these paths' }
        Push-Location -LiteralPath $folder
    }

    AfterEach { Pop-Location }

    It 'makes and reads a file by <What>' -ForEach @(
        @{ What = 'a drive in lower case'; Form = { param($name) $drive.ToLowerInvariant() + "$withoutDrive\$name" } }
        @{ What = 'slashes'; Form = { param($name) "$folder\$name".Replace('\', '/') } }
        @{ What = 'both separators'; Form = { param($name) "$folder/sub\..\$name" } }
        @{ What = 'a path without a drive, which counts from the root of this one'; Form = { param($name) "$withoutDrive\$name" } }
        @{ What = 'a drive without a root, which counts from the location on it'; Form = { param($name) "$drive$name" } }
        @{ What = 'a drive without a root and a step up'; Form = { param($name) "${drive}sub\..\$name" } }
        @{ What = 'the long form'; Form = { param($name) "\\?\$folder\$name" } }
        @{ What = 'the form of devices'; Form = { param($name) "\\.\$folder\$name" } }
        @{ What = 'the long form with a provider'; Form = { param($name) "Microsoft.PowerShell.Core\FileSystem::\\?\$folder\$name" } }
    ) {
        $name = [IO.Path]::GetRandomFileName()
        $path = & $Form $name
        $made = New-VhdxImage -Path $path -SizeBytes 1GB
        $made.Path | Should -Be "$folder\$name" -Because 'people see the plain form'
        [IO.File]::Exists("$folder\$name") | Should -BeTrue
        (Get-VhdxImage -Path $path).Path | Should -Be "$folder\$name"
        (Get-VhdxImage -LiteralPath $path).Path | Should -Be "$folder\$name"
        (Get-VhdxLayout -LiteralPath $path).Path | Should -Be "$folder\$name"
        Test-VhdxImage -LiteralPath $path | Should -BeTrue

        $child = New-VhdxImage -Path (& $Form "child-$name") -ParentPath $path
        $child.ParentPath | Should -Be "$folder\$name"
        (Read-Locator (Get-ItemBytes (Read-ImageBytes "$folder\child-$name") ParentLocator)).relative_path | Should -BeExactly ".\$name"
        @(Get-VhdxChain -LiteralPath (& $Form "child-$name")).LinkageState | Should -Be @('Match', 'Base')
    }

    It 'opens a disk by <_>' -ForEach '{0}', '\\?\{0}', '\\.\{0}' {
        $disk = [VhdxTools.VhdxDisk]::Open(($_ -f $image), 'ReadWrite')
        try { $disk.Length | Should -Be 64MB } finally { $disk.Dispose() }
    }

    It 'matches wildcards behind the long form' {
        @(Get-VhdxImage -Path "\\?\$folder\dis[k].vhdx").Path | Should -Be $image
    }

    It 'takes a file that has its name only in the long form, and its child' {
        # Without the prefix Windows cuts dots and spaces off the end of a name.
        $parent = (New-VhdxImage -Path "\\?\$folder\dotted." -SizeBytes 1GB).Path
        $parent | Should -BeExactly "\\?\$folder\dotted."
        $made = New-VhdxImage -Path "\\?\$folder\sub\child." -ParentPath $parent
        $made.ParentPath | Should -BeExactly $parent
        (Read-Locator (Get-ItemBytes (Read-ImageBytes $made.Path) ParentLocator)).relative_path | Should -BeExactly '..\dotted.'
        Test-VhdxImage -LiteralPath $made.Path | Should -BeTrue
        foreach ($file in $made.Path, $parent) { [IO.File]::Delete($file) }
    }

    It 'says of a share that is not there that it is not there' {
        $path = '\\no-such-server.invalid\share\disk.vhdx'
        $errorList = Get-ErrorOf { Get-VhdxImage -LiteralPath $path }
        $errorList | Should -HaveCount 1
        $errorList[0].CategoryInfo.Category | Should -BeIn 'ObjectNotFound', 'DeviceError'
        [string] $errorList[0] | Should -BeLike "*$path*"
        $null = Assert-Refused @{ Path = $path; SizeBytes = 1GB } FolderNotFound ObjectNotFound -Folder $folder
    }

    It 'refuses the device <Device> by name' -ForEach $devices {
        foreach ($command in 'Get-VhdxImage', 'Get-VhdxLayout', 'Get-VhdxBlock', 'Optimize-VhdxImage') {
            $errorList = Get-ErrorOf { & $command -LiteralPath $Device }
            $errorList | Should -HaveCount 1
            $errorList[0].FullyQualifiedErrorId | Should -BeLike 'NotARegularFile,*'
            [string] $errorList[0] | Should -BeLike "*$([WildcardPattern]::Escape($Device))*it is a device*"
        }
        $result = Invoke-NewImage @{ Path = $Device; SizeBytes = 1GB; Force = $true }
        $result.Errors | Should -HaveCount 1
        $result.Errors[0].FullyQualifiedErrorId | Should -BeLike 'NotARegularFile,*'
    }

    It 'refuses NUL, which is a device in every folder' {
        $null = Assert-Refused @{ Path = 'NUL'; SizeBytes = 1GB; Force = $true } NotARegularFile InvalidArgument -Folder $folder
    }

    It 'refuses <Name> before it writes anything' -ForEach $names {
        foreach ($whatIf in $true, $false) {
            $before = Get-FolderList $folder
            $result = Invoke-NewImage @{ Path = "$folder\$Name"; SizeBytes = 1GB; Fixed = $true; WhatIf = $whatIf; Force = $true }
            $result.Errors | Should -HaveCount 1
            $result.Errors[0].FullyQualifiedErrorId | Should -BeLike 'InvalidPath,*'
            Get-FolderList $folder | Should -BeExactly $before
        }
    }

    It 'refuses a folder of that name, in the form that is taken to the letter too: <_>' -ForEach 'le<ss', 'grea>ter', 'quo"te', 'pi|pe', "bell`a" {
        $before = Get-FolderList $folder
        foreach ($path in "$folder\$_\disk.vhdx", "\\?\$folder\$_\disk.vhdx") {
            $calls = @(
                { New-VhdxImage -Path $path -SizeBytes 1GB }, { New-VhdxImage -Path "$folder\never.vhdx" -ParentPath $path }, { Get-VhdxImage -LiteralPath $path }
                { Get-VhdxImage -Path $path }, { Get-VhdxLayout -LiteralPath $path }, { Get-VhdxBlock -LiteralPath $path }, { Get-VhdxChain -LiteralPath $path }
                { Get-VhdxChain -LiteralPath $image -Children $path }, { Test-VhdxImage -LiteralPath $path }, { Repair-VhdxImage -LiteralPath $path }
                { Repair-VhdxImage -LiteralPath $image -Salvage $path }, { Convert-VhdxImage -Path $path -DestinationPath "$folder\never.vhdx" }
                { Convert-VhdxImage -Path $image -DestinationPath $path }, { Resize-VhdxImage -LiteralPath $path -SizeBytes 1GB }, { Optimize-VhdxImage -LiteralPath $path }
                { Merge-VhdxImage -Path $path }, { Set-VhdxImage -LiteralPath $path -ResetDiskIdentifier }, { Compare-VhdxImage $image $path }
            )
            foreach ($call in $calls) {
                $errorList = Get-ErrorOf $call
                $errorList | Should -HaveCount 1 -Because "$call"
                $errorList[0].FullyQualifiedErrorId | Should -BeLike 'InvalidPath,*' -Because "$call"
            }
        }
        Get-FolderList $folder | Should -BeExactly $before
    }

    It 'takes a name of 255 characters and refuses one of 256 before it writes anything' {
        $longest = 'n' * 250 + '.vhdx'
        (New-VhdxImage -Path "$folder\$longest" -SizeBytes 1GB).Path | Should -BeExactly "$folder\$longest"
        (New-VhdxImage -Path "$folder\c.vhdx" -ParentPath "$folder\$longest").ParentPath | Should -BeExactly "$folder\$longest"
        $null = Assert-Refused @{ Path = "$folder\n$longest"; SizeBytes = 1GB; Fixed = $true; WhatIf = $true } PathTooLong InvalidArgument -Folder $folder
        $null = Assert-Refused @{ Path = "$folder\n$longest"; SizeBytes = 1GB; Fixed = $true } PathTooLong InvalidArgument -Folder $folder
    }

    It 'gives the named error for <What>' -ForEach @(
        @{ What = 'a missing file'; Path = 'gone.vhdx'; Id = 'FileNotFound'; Category = 'ObjectNotFound' }
        @{ What = 'a missing folder'; Path = 'gone\disk.vhdx'; Id = 'FolderNotFound'; Category = 'ObjectNotFound' }
        @{ What = 'a folder'; Path = 'sub'; Id = 'PathIsFolder'; Category = 'InvalidArgument' }
        @{ What = 'a drive that is not there'; Path = 'Q:\disk.vhdx'; Id = 'InvalidPath|FolderNotFound|FileNotFound'; Category = 'InvalidArgument|ObjectNotFound' }
    ) {
        $errorList = Get-ErrorOf { Get-VhdxImage -LiteralPath $Path }
        $errorList | Should -HaveCount 1
        $errorList[0].FullyQualifiedErrorId | Should -Match "^($Id),"
        $errorList[0].CategoryInfo.Category | Should -Match "^($Category)$"
    }
}

Describe 'Paths of more than 260 characters' -Tag Windows {
    BeforeAll {
        if (-not $IsWindows) { return }
        $folder = New-TestFolder
        $deep = $folder
        foreach ($i in 1..8) { $deep = Join-Path $deep ('{0}-{1}' -f ('deep' * 10), $i) }
        $null = [IO.Directory]::CreateDirectory($deep)
        $base = Join-Path $deep 'base.vhdx'
        $tip = Join-Path $deep 'tip.vhdx'
    }

    BeforeEach {
        if (-not $IsWindows) { Set-ItResult -Skipped -Because 'only Windows has that limit' }
    }

    It 'are taken by every cmdlet' {
        $base.Length | Should -BeGreaterThan 260
        (New-VhdxImage -Path $base -SizeBytes 64MB -BlockSizeBytes 1MB).Path | Should -BeExactly $base
        $made = New-VhdxImage -Path $tip -ParentPath $base -BlockSizeBytes 1MB
        $made.ParentPath | Should -BeExactly $base
        $locator = Read-Locator (Get-ItemBytes (Read-ImageBytes $tip) ParentLocator)
        $locator.absolute_win32_path | Should -BeExactly "\\?\$base"
        $locator.relative_path | Should -BeExactly '.\base.vhdx'
        $locator.volume_path | Should -BeLike "\\?\Volume{*}$($base.Substring(2))"
        $disk = [VhdxTools.VhdxDisk]::Open($tip, 'ReadWrite')
        try { $disk.WriteAt(1MB, [byte[]] (1, 2, 3), 0, 3) } finally { $disk.Dispose() }

        Test-VhdxImage -Path $tip -Detailed | Should -BeNullOrEmpty
        @(Get-VhdxChain -Path $tip).Path | Should -Be @($tip, $base)
        @(Get-VhdxChain -Path $base -Children $deep).Path | Should -Contain $tip
        (Get-VhdxLayout -Path $tip).Path | Should -BeExactly $tip
        @(Get-VhdxBlock -Path $tip).Count | Should -BeGreaterThan 0
        (Set-VhdxImage -Path $tip -PhysicalSectorSizeBytes 512 -Passthru).PhysicalSectorSize | Should -Be 512
        (Convert-VhdxImage -Path $tip -DestinationPath (Join-Path $deep 'flat.vhdx')).VhdType | Should -Be 'Dynamic'
        Compare-VhdxImage -ReferencePath $tip -DifferencePath (Join-Path $deep 'flat.vhdx') | Should -BeNullOrEmpty
        $null = Repair-VhdxImage -Path $tip
        $null = Optimize-VhdxImage -Path $tip
        (Resize-VhdxImage -Path $tip -SizeBytes 128MB -Passthru).Size | Should -Be 128MB
        (Merge-VhdxImage -Path $tip -DeleteSource -Passthru).Path | Should -BeExactly $base
        [IO.File]::Exists($tip) | Should -BeFalse
        $bytes = [byte[]]::new(3)
        $disk = [VhdxTools.VhdxDisk]::Open($base)
        try { $null = $disk.ReadAt(1MB, $bytes, 0, 3) } finally { $disk.Dispose() }
        $bytes | Should -Be (1, 2, 3)
    }
}
