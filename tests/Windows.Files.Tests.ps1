# Files as Windows treats them: what others hold open, what is deleted while it is read, attributes, links, and stored parents.

BeforeDiscovery {
    $readers = @(
        @{ Reader = 'Get-VhdxImage'; Call = { param($path) Get-VhdxImage -LiteralPath $path } }
        @{ Reader = 'Get-VhdxLayout'; Call = { param($path) Get-VhdxLayout -LiteralPath $path } }
        @{ Reader = 'Get-VhdxBlock'; Call = { param($path) Get-VhdxBlock -LiteralPath $path } }
        @{ Reader = 'Get-VhdxChain'; Call = { param($path) Get-VhdxChain -LiteralPath $path } }
        @{ Reader = 'Test-VhdxImage'; Call = { param($path) Test-VhdxImage -LiteralPath $path -Detailed; Get-VhdxImage -LiteralPath $path } }
        @{ Reader = 'Compare-VhdxImage'; Call = { param($path) Compare-VhdxImage -ReferencePath $path -DifferencePath $path; Get-VhdxImage -LiteralPath $path } }
        @{ Reader = 'Convert-VhdxImage'; Call = { param($path) Convert-VhdxImage -Path $path -DestinationPath "$path.copy.vhdx" -Force } }
    )
    $writers = @(
        @{ Writer = 'Optimize-VhdxImage'; Call = { param($path) Optimize-VhdxImage -LiteralPath $path } }
        @{ Writer = 'Resize-VhdxImage'; Call = { param($path) Resize-VhdxImage -LiteralPath $path -SizeBytes 80MB } }
        @{ Writer = 'Set-VhdxImage'; Call = { param($path) Set-VhdxImage -LiteralPath $path -PhysicalSectorSizeBytes 512 } }
        @{ Writer = 'Repair-VhdxImage'; Call = { param($path) Repair-VhdxImage -LiteralPath $path } }
        @{ Writer = 'New-VhdxImage -Force'; Call = { param($path) New-VhdxImage -Path $path -SizeBytes 64MB -Force } }
        @{ Writer = 'Convert-VhdxImage to it'; Call = { param($path) Convert-VhdxImage -Path $other -DestinationPath $path -Force } }
        @{ Writer = 'Convert-VhdxImage -DeleteSource'; Call = { param($path) Convert-VhdxImage -Path $path -DestinationPath "$folder\never.vhdx" -DeleteSource } }
        @{ Writer = 'Merge-VhdxImage into it'; Call = { param($path) Merge-VhdxImage -Path (Get-ChildOf $path) } }
        @{ Writer = 'VhdxDisk'; Call = { param($path) [VhdxTools.VhdxDisk]::Open($path, 'ReadWrite') } }
    )
    $replacing = 'New-VhdxImage -Force', 'Convert-VhdxImage to it'
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'common.ps1')
    . (Join-Path $PSScriptRoot 'ImageBytes.ps1')
    . (Join-Path $PSScriptRoot 'disks.ps1')
    . (Join-Path $PSScriptRoot 'windows.ps1')

    function Get-ErrorIdOf {
        # The id of the one error of a command or a method, and whether it names the file.
        param([object[]] $ErrorList, [string] $Path)

        $ErrorList | Should -HaveCount 1
        $exception = $ErrorList[0].Exception
        if ($exception -is [Management.Automation.MethodInvocationException]) { $exception = $exception.InnerException }
        $exception.Message | Should -BeLike "*'$([WildcardPattern]::Escape($Path))'*"
        $exception.Id
    }
}

Describe 'A file that another process holds open' -Tag Windows {
    BeforeAll {
        if (-not $IsWindows) { return }
        $folder = New-TestFolder
        $other = New-Image "$folder\other.vhdx" 64MB
        $alone = New-Image "$folder\alone.vhdx" 64MB
        $written = New-Image "$folder\written.vhdx" 64MB
        $readClosed = New-Image "$folder\read closed.vhdx" 64MB
        $readOpen = New-Image "$folder\read open.vhdx" 64MB
        $children = @{}
        foreach ($path in $alone, $written, $readClosed, $readOpen) { $children[$path] = New-Image ([IO.Path]::ChangeExtension($path, '.avhdx')) 0 @{ ParentPath = $path } }
        function Get-ChildOf { param($path) $children[$path] }
        # Something to mend, for Repair-VhdxImage.
        foreach ($path in $alone, $written, $readClosed, $readOpen) { Write-FileBytes $path 128KB ([byte[]]::new(64)) }
        $states = @{}
        foreach ($path in $alone, $written, $readClosed, $readOpen) { $states[$path] = Get-FileState $path }
        $before = Get-FolderList $folder
        $holder = Start-Holder @(
            @{ Path = $alone; Access = 'ReadWrite'; Share = 'None' }
            @{ Path = $written; Access = 'ReadWrite'; Share = 'Read' }
            @{ Path = $readClosed; Access = 'Read'; Share = 'Read' }
            @{ Path = $readOpen; Access = 'Read'; Share = 'ReadWrite, Delete' }
        )
    }

    BeforeEach {
        if (-not $IsWindows) { Set-ItResult -Skipped -Because 'elsewhere files have no sharing modes' }
    }

    AfterAll {
        if ($IsWindows) { Stop-Holder $holder }
    }

    It 'is refused by name when it shares nothing: <Reader>' -ForEach $readers {
        $errorList = @((Get-ErrorOf { & $Call $alone })[0])
        Get-ErrorIdOf $errorList $alone | Should -BeExactly 'FileInUse'
        $errorList[0].CategoryInfo.Category | Should -Be 'ResourceBusy'
    }

    It 'is read while somebody writes to it and lets readers in: <Reader>' -ForEach $readers {
        & $Call $written | Should -Not -BeNullOrEmpty
        & $Call $readClosed | Should -Not -BeNullOrEmpty
    }

    It 'is not written to, and stays as it is: <Writer>' -ForEach $writers {
        foreach ($path in $alone, $written, $readClosed) {
            Get-ErrorIdOf (Get-ErrorOf { & $Call $path }) $path | Should -BeExactly 'FileInUse' -Because $path
            if ($path -ne $alone) { Get-FileState $path | Should -BeExactly $states[$path] }
        }
        [IO.Directory]::GetFiles($folder, '*.tmp') | Should -BeNullOrEmpty
        [IO.File]::Exists("$folder\never.vhdx") | Should -BeFalse
    }

    It 'is not replaced while somebody reads it, and nothing is written for that: <_>' -ForEach $replacing {
        $call = @{
            'New-VhdxImage -Force'    = { New-VhdxImage -Path $readOpen -SizeBytes 64MB -Fixed -Preallocation Full -Force }
            'Convert-VhdxImage to it' = { Convert-VhdxImage -Path $other -DestinationPath $readOpen -Force }
        }[$_]
        Get-ErrorIdOf (Get-ErrorOf $call) $readOpen | Should -BeExactly 'FileInUse'
        Get-FileState $readOpen | Should -BeExactly $states[$readOpen]
        [IO.Directory]::GetFiles($folder, '*.tmp') | Should -BeNullOrEmpty
    }

    It 'is written to in place while somebody reads it and lets writers in' {
        $disk = [VhdxTools.VhdxDisk]::Open($readOpen, 'ReadWrite')
        try { $disk.WriteAt(0, [byte[]] (1, 2), 0, 2) } finally { $disk.Dispose() }
        Use-Disk $readOpen -Access Read { $disk.ReadByte(); $disk.ReadByte() } | Should -Be (1, 2)
    }
}

Describe 'A new file, between its last byte and its name' -Tag Windows {
    BeforeAll {
        if (-not $IsWindows) { return }
        $core = [VhdxTools.VhdxException].Assembly
        function New-Pending { param([string] $Path) $core.GetType('VhdxTools.IO.PendingFile').GetMethod('Create').Invoke($null, @($Path, $true, [guid]::NewGuid().ToString('N'), $null)) }
        # By a delegate: after an exception out of MethodInfo.Invoke .NET hangs under Wine.
        function Complete-Pending { param($Pending) $Pending.GetType().GetMethod('Commit').CreateDelegate([Action[Threading.CancellationToken]], $Pending).Invoke([Threading.CancellationToken]::None) }
    }

    BeforeEach {
        if (-not $IsWindows) { Set-ItResult -Skipped -Because 'elsewhere files have no sharing modes' }
        $folder = New-TestFolder
        $path = "$folder\disk.vhdx"
        [IO.File]::WriteAllText($path, 'old')
        $pending = New-Pending $path
        $stream = $null
    }

    AfterEach {
        if ($IsWindows -and $stream) { $stream.Dispose() }
    }

    It 'does not take the place of a file that somebody opened meanwhile (<Access>, <Share>): it is in use' -ForEach @(
        @{ Access = 'Read'; Share = 'None' }
        @{ Access = 'Read'; Share = 'Read' }
        @{ Access = 'Read'; Share = 'ReadWrite' }
        @{ Access = 'ReadWrite'; Share = 'ReadWrite' }
    ) {
        try {
            $stream = [IO.FileStream]::new($path, [IO.FileMode]::Open, [IO.FileAccess] $Access, [IO.FileShare] $Share)
            Get-ErrorIdOf (Get-ErrorOf { Complete-Pending $pending }) $path | Should -BeExactly 'FileInUse'
        }
        finally { $pending.Dispose() }
        $stream.Dispose()
        [IO.File]::ReadAllText($path) | Should -BeExactly 'old'
        Get-FolderList $folder | Should -BeExactly 'disk.vhdx'
    }

    It 'waits for somebody who looks into the old one for a moment only' {
        try {
            $stream = [IO.FileStream]::new($path, [IO.FileMode]::Open, [IO.FileAccess]::Read, [IO.FileShare]::Read)
            [VhdxToolsTests.Moment]::DisposeLater($stream, 50)
            Complete-Pending $pending
        }
        finally { $pending.Dispose() }
        [IO.File]::ReadAllText($path) | Should -BeExactly ''
        Get-FolderList $folder | Should -BeExactly 'disk.vhdx'
    }

    It 'is known to be in use itself when somebody looks into it: both builds get the code of Windows' {
        $pending.Dispose()
        $stream = [IO.FileStream]::new($path, [IO.FileMode]::Open, [IO.FileAccess]::Read, [IO.FileShare]::Read)
        $move = $core.GetType('VhdxTools.IO.WindowsNative').GetMethod('Move').CreateDelegate([Action[string, string, bool]])
        $exception = (Get-ErrorOf { $move.Invoke($path, "$folder\other.vhdx", $true) })[0].Exception.InnerException
        $exception | Should -BeOfType IO.IOException
        '{0:X8}' -f $exception.HResult | Should -BeExactly '80070020'
    }
}

Describe 'A disk that we hold open ourselves' -Tag Windows {
    BeforeEach {
        if (-not $IsWindows) { Set-ItResult -Skipped -Because 'elsewhere files have no sharing modes' }
        $folder = New-TestFolder
        $path = New-Image "$folder\disk.vhdx" 64MB
    }

    It 'is read by others, and neither written to, replaced nor deleted by them, while we write' {
        $disk = [VhdxTools.VhdxDisk]::Open($path, 'ReadWrite')
        try {
            $disk.WriteAt(3MB, [byte[]] (7, 8), 0, 2)
            (Get-VhdxImage -LiteralPath $path).Size | Should -Be 64MB
            (Get-InnerError { [VhdxTools.VhdxDisk]::Open($path, 'ReadWrite') }).Id | Should -BeExactly 'FileInUse'
            Get-ErrorIdOf (Get-ErrorOf { New-VhdxImage -Path $path -SizeBytes 64MB -Force }) $path | Should -BeExactly 'FileInUse'
            { [IO.File]::Delete($path) } | Should -Throw
            { [IO.File]::Move($path, "$path.moved") } | Should -Throw
        }
        finally { $disk.Dispose() }
        Test-VhdxImage -LiteralPath $path | Should -BeTrue
        Use-Disk $path -Access Read { $disk.Position = 3MB; $disk.ReadByte() } | Should -Be 7
    }

    It 'may be deleted while we only read, and is read to its end' {
        Use-Disk $path { $disk.WriteAt(3MB, [byte[]] (7, 8), 0, 2) }
        $disk = [VhdxTools.VhdxDisk]::Open($path)
        try {
            [IO.File]::Delete($path)
            $bytes = [byte[]]::new(2)
            $null = $disk.ReadAt(3MB, $bytes, 0, 2)
            $bytes | Should -Be (7, 8)
        }
        finally { $disk.Dispose() }
        [IO.File]::Exists($path) | Should -BeFalse
    }

    It 'lets its parents be read, and not replaced, while we write to the child' {
        $child = New-Image "$folder\child.vhdx" 0 @{ ParentPath = $path }
        $disk = [VhdxTools.VhdxDisk]::Open($child, 'ReadWrite')
        try {
            (Get-VhdxImage -LiteralPath $path).Size | Should -Be 64MB
            Get-ErrorIdOf (Get-ErrorOf { New-VhdxImage -Path $path -SizeBytes 64MB -Force }) $path | Should -BeExactly 'FileInUse'
        }
        finally { $disk.Dispose() }
    }
}

Describe 'The read-only attribute' -Tag Windows {
    BeforeAll {
        if (-not $IsWindows) { return }
        $folder = New-TestFolder
        $other = New-Image "$folder\other.vhdx" 64MB
        $path = New-Image "$folder\disk.vhdx" 64MB
        $child = New-Image "$folder\disk.avhdx" 0 @{ ParentPath = $path }
        function Get-ChildOf { param($path) $child }
        # Something to mend, for Repair-VhdxImage.
        Write-FileBytes $path 128KB ([byte[]]::new(64))
        [IO.File]::SetAttributes($path, 'ReadOnly')
        $state = Get-FileState $path
    }

    AfterAll {
        if ($IsWindows) { [IO.File]::SetAttributes($path, 'Normal') }
    }

    BeforeEach {
        if (-not $IsWindows) { Set-ItResult -Skipped -Because 'only Windows has that attribute' }
    }

    It 'keeps no reader out: <Reader>' -ForEach $readers {
        & $Call $path | Should -Not -BeNullOrEmpty
        Get-FileState $path | Should -BeExactly $state
    }

    It 'is respected, and named as the reason: <Writer>' -ForEach $writers {
        $errorList = Get-ErrorOf { & $Call $path }
        Get-ErrorIdOf $errorList $path | Should -BeExactly 'AccessDenied'
        [string] $errorList[0] | Should -BeLike '*it is read-only*'
        Get-FileState $path | Should -BeExactly $state
        [IO.Directory]::GetFiles($folder, '*.tmp') | Should -BeNullOrEmpty
        [IO.File]::Exists("$folder\never.vhdx") | Should -BeFalse
    }
}

Describe 'What is created' -Tag Windows {
    BeforeEach {
        if (-not $IsWindows) { Set-ItResult -Skipped -Because 'only Windows has these attributes' }
    }

    It 'carries no sparse, compressed or encrypted attribute, whatever command made or changed it' {
        # Windows attaches no image that has one of the three.
        $folder = New-TestFolder
        foreach ($type in 'Fixed', 'Dynamic') {
            $path = New-Image "$folder\$type.vhdx" 64MB @{ Type = $type }
            Use-Disk $path { $disk.WriteAt(40MB, (Get-Pattern 0 2MB 4), 0, 2MB) }
            $null = Convert-VhdxImage -Path $path -DestinationPath "$folder\$type.vhd"
            $null = Convert-VhdxImage -Path $path -DestinationPath "$folder\$type.fixed.vhd" -Fixed
            $null = Convert-VhdxImage -Path $path -DestinationPath "$folder\$type.converted.vhdx"
            $null = Resize-VhdxImage -LiteralPath $path -SizeBytes 96MB
            Use-Disk $path { $disk.Trim(40MB, 2MB) }
            $null = Optimize-VhdxImage -LiteralPath $path
        }
        $child = New-Image "$folder\child.vhdx" 0 @{ ParentPath = "$folder\Dynamic.vhdx" }
        Use-Disk $child { $disk.WriteAt(50MB, (Get-Pattern 0 2MB 4), 0, 2MB) }
        $null = Merge-VhdxImage -Path $child
        $files = [IO.Directory]::GetFiles($folder)
        $files.Count | Should -BeGreaterOrEqual 9
        foreach ($file in $files) {
            ([IO.File]::GetAttributes($file) -band [IO.FileAttributes]'SparseFile, Compressed, Encrypted') | Should -Be 0 -Because $file
        }
    }

    It 'takes the place of an old file with -Force, and leaves none of its attributes' {
        $folder = New-TestFolder
        [IO.File]::WriteAllText("$folder\disk.vhdx", 'old')
        [IO.File]::SetAttributes("$folder\disk.vhdx", 'Hidden')
        $null = New-VhdxImage -Path "$folder\disk.vhdx" -SizeBytes 64MB -Force
        (Get-VhdxImage -LiteralPath "$folder\disk.vhdx").Size | Should -Be 64MB
        Get-FolderList $folder | Should -BeExactly 'disk.vhdx'
    }
}

Describe 'One file under several names' -Tag Windows {
    BeforeAll {
        if (-not $IsWindows) { return }
        $folder = New-TestFolder
        $base = New-Image "$folder\base.vhdx" 64MB
        $tip = New-Image "$folder\tip.vhdx" 0 @{ ParentPath = $base }
        $null = New-Item -ItemType HardLink -Path "$folder\hard.vhdx" -Target $base
        $state = Get-FileState $base
    }

    BeforeEach {
        if (-not $IsWindows) { Set-ItResult -Skipped -Because 'the names of other systems have their own tests' }
    }

    It 'is known by <What>' -ForEach @(
        @{ What = 'other case'; Name = { "$folder\BASE.vhdx".ToUpperInvariant() } }
        @{ What = 'a hard link'; Name = { "$folder\hard.vhdx" } }
        @{ What = 'the long form'; Name = { "\\?\$folder\base.vhdx" } }
        @{ What = 'a hard link in the long form'; Name = { "\\?\$folder\hard.vhdx" } }
        @{ What = 'its volume'; Name = { (Read-Locator (Get-ItemBytes (Read-ImageBytes $tip) ParentLocator)).volume_path }; NeedsVolume = $true }
    ) {
        $path = & $Name
        if ($_.ContainsKey('NeedsVolume') -and -not [IO.File]::Exists($path)) { Set-ItResult -Skipped -Because 'names of volumes lead nowhere here (Wine)' }
        $result = Invoke-NewImage @{ Path = $path; ParentPath = $tip; Force = $true }
        $result.Errors | Should -HaveCount 1
        $result.Errors[0].FullyQualifiedErrorId | Should -BeLike 'DestinationIsParent,*'
        $errorList = Get-ErrorOf { Convert-VhdxImage -Path $base -DestinationPath $path -Force }
        $errorList | Should -HaveCount 1
        $errorList[0].FullyQualifiedErrorId | Should -BeLike 'DestinationIsSource,*'
        Get-FileState $base | Should -BeExactly $state
    }

    It 'is its own child by no name' {
        $own = "$folder\own.vhdx"
        Copy-Item -LiteralPath $tip -Destination $own
        $null = New-Item -ItemType HardLink -Path "$folder\own link.vhdx" -Target $own
        Get-ErrorIdOf (Get-ErrorOf { Set-VhdxImage -LiteralPath $own -ParentPath "$folder\own link.vhdx" }) "$folder\own link.vhdx" | Should -BeExactly 'VX807'
    }
}

Describe 'The stored paths of a parent' -Tag Windows {
    BeforeEach {
        if (-not $IsWindows) { Set-ItResult -Skipped -Because 'elsewhere these paths mean nothing' }
        $folder = New-TestFolder
        $null = [IO.Directory]::CreateDirectory("$folder\away")
        $base = New-Image "$folder\base.vhdx" 64MB
        $tip = New-Image "$folder\tip.vhdx" 0 @{ ParentPath = $base }
        $stored = Get-Locator $tip
    }

    It 'are absolute, relative and by volume, and right' {
        @($stored.Keys) | Should -Be @('parent_linkage', 'absolute_win32_path', 'relative_path', 'volume_path')
        $stored.absolute_win32_path | Should -BeExactly "\\?\$base"
        $stored.relative_path | Should -BeExactly '.\base.vhdx'
        $volume = [VhdxToolsTests.Volumes]::NameOf([IO.Path]::GetPathRoot($base))
        $stored.volume_path | Should -BeExactly ($volume + $base.Substring(3))
        Test-VhdxImage -LiteralPath $tip -Detailed | Should -BeNullOrEmpty
    }

    It 'hold absolute and by volume when the child alone is moved' {
        Move-Item -LiteralPath $tip -Destination "$folder\away\tip.vhdx"
        $link = (Get-VhdxChain -LiteralPath "$folder\away\tip.vhdx")[0]
        $link.LinkageState | Should -Be 'Match'
        $link.LocatorKey | Should -BeIn 'volume_path', 'absolute_win32_path'
        Use-Disk "$folder\away\tip.vhdx" -Access Read { $disk.Length } | Should -Be 64MB
        @(Test-VhdxImage -LiteralPath "$folder\away\tip.vhdx" -Detailed).RuleId | Should -Be 'VX808' -Because 'the relative path leads elsewhere now'
    }

    It 'are read when only <What> is there' -ForEach @(
        @{ What = 'the long absolute one'; Pair = { @{ absolute_win32_path = "\\?\$base" } } }
        @{ What = 'a plain absolute one'; Pair = { @{ absolute_win32_path = $base } } }
        @{ What = 'an absolute one in other case'; Pair = { @{ absolute_win32_path = $base.ToUpperInvariant() } } }
        @{ What = 'an absolute one with slashes'; Pair = { @{ absolute_win32_path = $base.Replace('\', '/') } } }
        @{ What = 'a relative one with a step back'; Pair = { @{ relative_path = '.\away\..\base.vhdx' } } }
        @{ What = 'a relative one with slashes'; Pair = { @{ relative_path = './away/../base.vhdx' } } }
        @{ What = 'a relative one without a dot'; Pair = { @{ relative_path = 'base.vhdx' } } }
        @{ What = 'the one by volume'; Pair = { @{ volume_path = $stored.volume_path } }; NeedsVolume = $true }
    ) {
        if ($_.ContainsKey('NeedsVolume') -and -not [IO.File]::Exists($stored.volume_path)) { Set-ItResult -Skipped -Because 'names of volumes lead nowhere here (Wine)' }
        $pairs = [ordered]@{ parent_linkage = $stored.parent_linkage }
        foreach ($pair in (& $Pair).GetEnumerator()) { $pairs[$pair.Key] = $pair.Value }
        Set-Locator $tip $pairs
        foreach ($path in $tip, "\\?\$tip") {
            $links = Get-VhdxChain -LiteralPath $path
            $links.LinkageState | Should -Be @('Match', 'Base')
            $links[0].ParentPath | Should -Be $links[1].Path
            if (-not $pairs.Contains('volume_path')) { $links[1].Path | Should -Be $base }
            $disk = [VhdxTools.VhdxDisk]::Open($path)
            try { $disk.Length | Should -Be 64MB } finally { $disk.Dispose() }
        }
        Test-VhdxImage -LiteralPath $tip -Detailed | Where-Object RuleId -EQ 'VX808' | Should -BeNullOrEmpty
    }

    It 'lead nowhere when they hang on a current folder, or on none: <_>' -ForEach 'C:base.vhdx', '\base.vhdx', 'base.vhdx', '.\base.vhdx', '\\.\NUL', '\\?\PhysicalDrive99', '' {
        $pairs = [ordered]@{ parent_linkage = $stored.parent_linkage; absolute_win32_path = $_ }
        Set-Locator $tip $pairs
        $process = [Environment]::CurrentDirectory
        Push-Location -LiteralPath $folder
        try {
            [Environment]::CurrentDirectory = $folder
            (Get-VhdxChain -LiteralPath $tip).LinkageState | Should -Be 'Missing'
        }
        finally {
            [Environment]::CurrentDirectory = $process
            Pop-Location
        }
    }

    It 'in relative_path never start at a root: <_>' -ForEach 'C:base.vhdx', '\base.vhdx', 'C:\base.vhdx', '\\server\share\base.vhdx' {
        Set-Locator $tip ([ordered]@{ parent_linkage = $stored.parent_linkage; relative_path = $_ })
        (Get-VhdxChain -LiteralPath $tip).LinkageState | Should -Be 'Missing'
    }

    It 'are all made anew by Set-VhdxImage' {
        Move-Item -LiteralPath $base -Destination "$folder\away\moved.vhdx"
        $null = Set-VhdxImage -LiteralPath $tip -ParentPath "$folder\away\moved.vhdx"
        $now = Get-Locator $tip
        $now.absolute_win32_path | Should -BeExactly "\\?\$folder\away\moved.vhdx"
        $now.relative_path | Should -BeExactly '.\away\moved.vhdx'
        $now.volume_path | Should -BeLike "\\?\Volume{*}$($folder.Substring(2))\away\moved.vhdx"
        Test-VhdxImage -LiteralPath $tip -Detailed | Should -BeNullOrEmpty
    }

    It 'hold on this machine only unless they are relative: -IdentifierSeed stores the relative one alone' {
        $seeded = (New-VhdxImage -Path "$folder\seeded.vhdx" -ParentPath $base -IdentifierSeed s).Path
        @((Get-Locator $seeded).Keys) | Should -Be @('parent_linkage', 'relative_path')
    }

    It 'of a VHD are plain' {
        $parent = (Convert-VhdxImage -Path $base -DestinationPath "$folder\base.vhd").Path
        $child = (Convert-VhdxImage -Path $parent -DestinationPath "$folder\away\child.vhd" -ParentPath $parent -Differencing).Path
        $text = [Text.Encoding]::Unicode.GetString([IO.File]::ReadAllBytes($child))
        $text.Contains($parent) | Should -BeTrue
        $text.Contains("\\?\$parent") | Should -BeFalse
        Move-Item -LiteralPath $child -Destination "$folder\child.vhd"
        (Get-VhdxImage -LiteralPath "$folder\child.vhd").ParentPath | Should -Be $parent
    }
}

Describe 'Extents and holes' -Tag Windows {
    BeforeAll {
        if (-not $IsWindows) { return }
        $folder = New-TestFolder
        $source, $target = "$folder\source", "$folder\target"
        $content = Get-Pattern 0 1MB 3
        [IO.File]::WriteAllBytes($source, $content)
        [IO.File]::WriteAllBytes($target, [byte[]]::new(1MB))
        $volume = [IO.DriveInfo]::new([IO.Path]::GetPathRoot($folder)).DriveFormat
        $native = Get-CoreType IO.WindowsNative
        function Get-Handle { param($file) $file.GetType().GetField('_handle', 'NonPublic, Instance').GetValue($file) }
    }

    BeforeEach { if (-not $IsWindows) { Set-ItResult -Skipped -Because 'these are calls of Windows' } }

    It 'shares nothing on a volume that shares no extents' {
        if ($volume -eq 'ReFS') { Set-ItResult -Skipped -Because 'the temporary folder is on ReFS, which does' }
        Use-CoreFile $source {
            param($from)
            Use-CoreFile $target -Method OpenWrite {
                param($to)
                $native.GetMethod('ShareUnit').Invoke($null, @((Get-Handle $to))) | Should -Be 0
                $to.TryShare($from, 0, 0, 65536) | Should -BeFalse
                # The system's own answer, whatever the volume says of itself.
                "$($native.GetMethod('Share').Invoke($null, @((Get-Handle $from), 0L, (Get-Handle $to), 0L, 65536L)))" | Should -Be 'Refused'
            }
        }
        [IO.File]::ReadAllBytes($target) | Where-Object { $_ } | Should -BeNullOrEmpty
    }

    It 'takes the whole of a file that is not sparse for data' {
        Use-CoreFile $target {
            param($file)
            $data = $file.FindData(4096, 1MB)
            $data.Offset, $data.End | Should -Be 4096, 1MB
            # The system knows no hole, either; or it does not know the question, as Wine.
            $arguments = @((Get-Handle $file), 4096L, [long] 1MB, 0L, 0L)
            if ($native.GetMethod('TryFindData').Invoke($null, $arguments)) { $arguments[3] | Should -Be 4096; $arguments[4] | Should -BeGreaterOrEqual 1MB }
        }
    }
}
