# New-VhdxImage never leaves half a file behind and never harms the file that it was to replace.

BeforeDiscovery {
    # Commands that fail while the file is made, or just before; each with and without a file to replace.
    $onTmpfs = @(
        @{ Name = 'fixed, Full'; Parameters = @{ SizeBytes = 32MB; Fixed = $true; Preallocation = 'Full' } }
        @{ Name = 'fixed, Reserve'; Parameters = @{ SizeBytes = 32MB; Fixed = $true } }
        @{ Name = 'a BAT of 16 MiB full of state ZERO'; Parameters = @{ SizeBytes = 2TB; BlockSizeBytes = 1MB; BlockState = 'Zero' } }
    )
    $limits = @(
        foreach ($preallocation in 'Reserve', 'None', 'Full') { @{ Preallocation = $preallocation } }
    )
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'common.ps1')
    . (Join-Path $PSScriptRoot 'ImageBytes.ps1')

    function ConvertTo-Literal {
        param([string] $Text)
        "'" + $Text.Replace("'", "''") + "'"
    }

    if (-not $IsWindows -and -not ('VhdxToolsTests.ThreadUser' -as [type])) {
        Add-Type -TypeDefinition @'
namespace VhdxToolsTests
{
    public static class ThreadUser
    {
        [System.Runtime.InteropServices.DllImport("libc", EntryPoint = "setfsuid")]
        public static extern int SetFileSystemUser(int user);
    }
}
'@
    }

    function Invoke-NewImageAsNobody {
        # As root, access checks of this thread are made for the user nobody, who may not write everywhere. Others are nobody already.
        param([hashtable] $Parameters)

        if (-not (Test-Root)) { return Invoke-NewImage $Parameters }
        $null = [VhdxToolsTests.ThreadUser]::SetFileSystemUser(65534)
        try { Invoke-NewImage $Parameters }
        finally { $null = [VhdxToolsTests.ThreadUser]::SetFileSystemUser(0) }
    }

    function Start-Writing {
        # Starts a command that writes many GiB (or as much as the parameters say) in a runspace of its own, and returns when some MiB are on their way.
        param([string] $Folder, [hashtable] $Parameters)

        $state = [initialsessionstate]::CreateDefault2()
        $state.ImportPSModule($manifestPath)
        $shell = [powershell]::Create($state)
        if (-not $Parameters.ContainsKey('SizeBytes')) { $Parameters.SizeBytes = 64GB }
        $null = $shell.AddCommand('New-VhdxImage').AddParameters(@{ Fixed = $true; Preallocation = 'Full' }).AddParameters($Parameters)
        $run = $shell.BeginInvoke()
        Wait-Writing $Folder { -not $run.IsCompleted }
        $shell
    }

    function Wait-Writing {
        # Waits until the temporary file of a running command has taken some space.
        param([string] $Folder, [scriptblock] $IsRunning)

        $watch = [Diagnostics.Stopwatch]::StartNew()
        while ($watch.Elapsed.TotalSeconds -lt 60) {
            if (-not (& $IsRunning)) { throw 'The command ended before it was stopped.' }
            $temporary = [IO.Directory]::GetFiles($Folder, '.vhdxtools-*.tmp')
            if ($temporary -and ($IsWindows -or (Get-AllocatedBytes $temporary[0]) -gt 16MB)) { return }
            Start-Sleep -Milliseconds 10
        }
        throw 'The command wrote nothing for a minute.'
    }
}

Describe 'New-VhdxImage and an existing file' {
    BeforeAll {
        $folder = New-TestFolder
        $path = Join-Path $folder 'disk.vhdx'
    }

    BeforeEach { Set-Content -LiteralPath $path -Value 'old' }

    It 'refuses without -Force' {
        $state = Get-FileState $path
        $null = Assert-Refused @{ Path = $path; SizeBytes = 1GB } FileExists ResourceExists -Match '-Force', $path
        $null = Assert-Refused @{ Path = $path; SizeBytes = 1GB; Force = $false } FileExists ResourceExists
        Get-FileState $path | Should -BeExactly $state
    }

    It 'refuses an empty one, too' {
        [IO.File]::WriteAllBytes($path, @())
        $null = Assert-Refused @{ Path = $path; SizeBytes = 1GB } FileExists ResourceExists
        (Get-Item -LiteralPath $path).Length | Should -Be 0
    }

    It 'replaces it with -Force, and nothing else stays' {
        $null = New-VhdxImage -Path $path -SizeBytes 1GB -Force
        (Get-Item -LiteralPath $path).Length | Should -Be 4MB
        Get-FolderList $folder | Should -BeExactly 'disk.vhdx'
    }

    It 'takes -Force without an existing file' {
        Remove-Item -LiteralPath $path
        (New-VhdxImage -Path $path -SizeBytes 1GB -Force).Size | Should -Be 1GB
    }

    It 'keeps the permission bits of the file that it replaces: <_>' -ForEach '600', '640', '755' {
        if ($IsWindows) { Set-ItResult -Skipped -Because 'Windows has no permission bits' }
        & chmod $_ $path
        $null = New-VhdxImage -Path $path -SizeBytes 1GB -Force
        [Convert]::ToString([int] [IO.File]::GetUnixFileMode($path), 8) | Should -BeExactly $_
    }

    It 'gives a new file the bits that the umask leaves' {
        if ($IsWindows) { Set-ItResult -Skipped -Because 'Windows has no permission bits' }
        $plain = Join-Path $folder 'plain'
        [IO.File]::WriteAllText($plain, 'x')
        Remove-Item -LiteralPath $path
        $null = New-VhdxImage -Path $path -SizeBytes 1GB
        [IO.File]::GetUnixFileMode($path) | Should -Be ([IO.File]::GetUnixFileMode($plain))
        Remove-Item -LiteralPath $plain
    }

    It 'refuses one that is read-only' {
        Set-ItemProperty -LiteralPath $path -Name IsReadOnly -Value $true
        try {
            $state = Get-FileState $path
            $null = Assert-Refused @{ Path = $path; SizeBytes = 1GB; Force = $true } AccessDenied PermissionDenied -Match 'read-only'
            Get-FileState $path | Should -BeExactly $state
        }
        finally { Set-ItemProperty -LiteralPath $path -Name IsReadOnly -Value $false }
    }

    It 'refuses one that another has open for itself' {
        $state = Get-FileState $path
        $holder = [IO.File]::Open($path, 'Open', 'ReadWrite', 'None')
        try { $null = Assert-Refused @{ Path = $path; SizeBytes = 1GB; Force = $true } FileInUse ResourceBusy -Match $path }
        finally { $holder.Dispose() }
        Get-FileState $path | Should -BeExactly $state
        (New-VhdxImage -Path $path -SizeBytes 1GB -Force).Size | Should -Be 1GB
    }

    It 'refuses one that another process has open for itself' {
        $start = [Diagnostics.ProcessStartInfo]::new([Environment]::ProcessPath)
        if ([IO.Path]::GetFileNameWithoutExtension($start.FileName) -eq 'dotnet') { $start.ArgumentList.Add((Join-Path $PSHOME 'pwsh.dll')) }
        '-NoProfile', '-NonInteractive', '-Command', "`$f = [IO.File]::Open($(ConvertTo-Literal $path), 'Open', 'ReadWrite', 'None'); 'open'; `$null = [Console]::In.ReadLine()" |
            ForEach-Object { $start.ArgumentList.Add($_) }
        $start.RedirectStandardInput = $start.RedirectStandardOutput = $true
        $start.UseShellExecute = $false
        $holder = [Diagnostics.Process]::Start($start)
        try {
            $holder.StandardOutput.ReadLine() | Should -Match 'open'
            $null = Assert-Refused @{ Path = $path; SizeBytes = 1GB; Force = $true } FileInUse ResourceBusy
        }
        finally {
            $holder.StandardInput.WriteLine()
            $holder.WaitForExit()
        }
        Get-Content -LiteralPath $path | Should -BeExactly 'old'
    }

    It 'replaces a link and not what it leads to' {
        if ($IsWindows) { Set-ItResult -Skipped -Because 'links need rights on Windows' }
        $link = Join-Path $folder 'link.vhdx'
        $null = [IO.File]::CreateSymbolicLink($link, $path)
        $null = New-VhdxImage -Path $link -SizeBytes 1GB -Force
        Get-Content -LiteralPath $path | Should -BeExactly 'old'
        (Read-HeaderAt $link 65536).Signature | Should -BeExactly 'head'
        Remove-Item -LiteralPath $link
    }
}

Describe 'New-VhdxImage and targets that are no file' {
    BeforeAll { $folder = New-TestFolder }

    It 'refuses a folder, with and without -Force' {
        $target = Join-Path $folder 'folder.vhdx'
        $null = [IO.Directory]::CreateDirectory($target)
        $null = Assert-Refused @{ Path = $target; SizeBytes = 1GB } PathIsFolder InvalidArgument
        $null = Assert-Refused @{ Path = $target; SizeBytes = 1GB; Force = $true } PathIsFolder InvalidArgument
        $null = Assert-Refused @{ Path = "$target/"; SizeBytes = 1GB; Force = $true } PathIsFolder InvalidArgument -Folder $folder
    }

    It 'refuses the root folder' {
        $null = Assert-Refused @{ Path = [IO.Path]::GetPathRoot($folder); SizeBytes = 1GB; Force = $true } PathIsFolder InvalidArgument -Folder $folder
    }

    It 'refuses a name that ends like a folder''s and makes none' {
        $result = Invoke-NewImage @{ Path = (Join-Path $folder 'nothing') + [IO.Path]::DirectorySeparatorChar; SizeBytes = 1GB }
        $result.Output | Should -BeNullOrEmpty
        $result.Errors | Should -HaveCount 1
        $result.Errors[0].FullyQualifiedErrorId | Should -Match '^(FolderNotFound|InvalidPath|PathIsFolder),'
        Join-Path $folder 'nothing' | Should -Not -Exist
    }

    It 'refuses a missing folder' {
        $null = Assert-Refused @{ Path = Join-Path $folder 'missing' 'disk.vhdx'; SizeBytes = 1GB } FolderNotFound ObjectNotFound -Folder $folder -Match 'missing'
    }

    It 'refuses a file in the place of the folder' {
        Set-Content -LiteralPath (Join-Path $folder 'file') -Value x
        $null = Assert-Refused @{ Path = Join-Path $folder 'file' 'disk.vhdx'; SizeBytes = 1GB; Force = $true } FolderNotFound ObjectNotFound -Folder $folder
    }

    It 'refuses a pipe, with and without -Force, and does not wait for its other end' {
        if (-not $IsLinux) { Set-ItResult -Skipped -Because 'pipes are told from files on Linux only' }
        $pipe = Join-Path $folder 'pipe.vhdx'
        & mkfifo $pipe
        $null = Assert-Refused @{ Path = $pipe; SizeBytes = 1GB } NotARegularFile InvalidArgument -Match 'pipe'
        $null = Assert-Refused @{ Path = $pipe; SizeBytes = 1GB; Force = $true } NotARegularFile InvalidArgument -Match 'pipe'
    }

    It 'refuses /dev/null with -Force and leaves it a device' {
        if (-not $IsLinux) { Set-ItResult -Skipped -Because 'devices are told from files on Linux only' }
        $result = Invoke-NewImage @{ Path = '/dev/null'; SizeBytes = 1GB; Force = $true }
        $result.Errors | Should -HaveCount 1
        $result.Errors[0].FullyQualifiedErrorId | Should -BeExactly 'NotARegularFile,VhdxTools.NewVhdxImageCommand'
        & stat -c %F /dev/null | Should -BeExactly 'character special file'
        [IO.Directory]::GetFileSystemEntries('/dev', '.vhdxtools-*') | Should -BeNullOrEmpty
    }

    It 'refuses a name that is too long' {
        $null = Assert-Refused @{ Path = Join-Path $folder ('n' * 256); SizeBytes = 1GB } PathTooLong InvalidArgument
    }

    It 'takes a name as long as the file system allows' {
        $name = 'n' * 255
        (New-VhdxImage -Path (Join-Path $folder $name) -SizeBytes 1GB).Size | Should -Be 1GB
        Remove-Item -LiteralPath (Join-Path $folder $name)
    }
}

Describe 'New-VhdxImage without rights' {
    BeforeAll {
        if (-not $IsWindows) {
            # Everything that the command needs is loaded while this thread may still read it.
            $null = New-VhdxImage -Path (Join-Path (New-TestFolder) 'warm.vhdx') -SizeBytes 1GB -Force
            $locked = New-TestFolder
            $lockedFile = Join-Path $locked 'disk.vhdx'
            Set-Content -LiteralPath $lockedFile -Value 'old'
            & chmod 666 $lockedFile
            & chmod 555 $locked
            $open = New-TestFolder
            $foreign = Join-Path $open 'disk.vhdx'
            Set-Content -LiteralPath $foreign -Value 'old'
            & chmod 777 $open
            & chmod 644 $foreign
        }
    }

    AfterAll { if (-not $IsWindows) { & chmod 755 $locked } }

    BeforeEach {
        if ($IsWindows) { $skip = 'the rights of Windows are not set up here' }
        elseif ((Test-Root) -and -not $IsLinux) { $skip = 'only Linux lets root be somebody else for a moment' }
        else { $skip = $null }
    }

    It 'refuses a folder that may not be written' {
        if ($skip) { Set-ItResult -Skipped -Because $skip }
        $result = Invoke-NewImageAsNobody @{ Path = Join-Path $locked 'new.vhdx'; SizeBytes = 1GB }
        $result.Output | Should -BeNullOrEmpty
        $result.Errors | Should -HaveCount 1
        $result.Errors[0].FullyQualifiedErrorId | Should -BeExactly 'AccessDenied,VhdxTools.NewVhdxImageCommand'
        $result.Errors[0].CategoryInfo.Category | Should -Be 'PermissionDenied'
        [string] $result.Errors[0] | Should -Match 'new\.vhdx'
        Get-FolderList $locked | Should -BeExactly 'disk.vhdx'
    }

    It 'refuses to replace a file in a folder that may not be written' {
        if ($skip) { Set-ItResult -Skipped -Because $skip }
        $result = Invoke-NewImageAsNobody @{ Path = $lockedFile; SizeBytes = 1GB; Force = $true }
        $result.Errors | Should -HaveCount 1
        $result.Errors[0].FullyQualifiedErrorId | Should -BeExactly 'AccessDenied,VhdxTools.NewVhdxImageCommand'
        Get-Content -LiteralPath $lockedFile | Should -BeExactly 'old'
        Get-FolderList $locked | Should -BeExactly 'disk.vhdx'
    }

    It 'refuses to replace a file that may not be written' {
        if ($skip) { Set-ItResult -Skipped -Because $skip }
        if (-not (Test-Root)) { Set-ItResult -Skipped -Because 'a file of another user takes root to make' }
        $result = Invoke-NewImageAsNobody @{ Path = $foreign; SizeBytes = 1GB; Force = $true }
        $result.Errors | Should -HaveCount 1
        $result.Errors[0].FullyQualifiedErrorId | Should -BeExactly 'AccessDenied,VhdxTools.NewVhdxImageCommand'
        Get-Content -LiteralPath $foreign | Should -BeExactly 'old'
        Get-FolderList $open | Should -BeExactly 'disk.vhdx'
    }
}

Describe 'New-VhdxImage without space' {
    BeforeAll {
        $mount = New-TestFolder
        $isMounted = $false
        if (Test-Mount) {
            & mount -t tmpfs -o size=8m tmpfs $mount 2>&1 | Out-Null
            $isMounted = $LASTEXITCODE -eq 0
        }
    }

    AfterAll { if ($isMounted) { & umount -l $mount } }

    It 'says so and leaves nothing behind: <Name>' -ForEach $onTmpfs {
        if (-not $isMounted) { Set-ItResult -Skipped -Because 'a tiny volume takes root to mount' }
        $null = Assert-Refused (@{ Path = Join-Path $mount 'disk.vhdx' } + $Parameters) DiskFull ResourceUnavailable -Match 'space'
        [IO.DriveInfo]::new($mount).AvailableFreeSpace | Should -Be 8MB
    }

    It 'leaves the file that was to be replaced: <Name>' -ForEach $onTmpfs {
        if (-not $isMounted) { Set-ItResult -Skipped -Because 'a tiny volume takes root to mount' }
        $path = Join-Path $mount 'old.vhdx'
        Set-Content -LiteralPath $path -Value 'old'
        $state = Get-FileState $path
        $null = Assert-Refused (@{ Path = $path; Force = $true } + $Parameters) DiskFull ResourceUnavailable
        Get-FileState $path | Should -BeExactly $state
        Remove-Item -LiteralPath $path
    }
}

Describe 'New-VhdxImage and the numbers of the systems' {
    # Full volumes and the like can be had on one system at a time; the numbers of the others are looked up in Core itself.
    It 'takes <Number> for <Id>' -ForEach @(
        @{ Number = 0x80070070; Id = 'DiskFull' }, @{ Number = 0x80070027; Id = 'DiskFull' }, @{ Number = 0x80070020; Id = 'FileInUse' }, @{ Number = 0x80070021; Id = 'FileInUse' }
        @{ Number = 0x800700DF; Id = 'FileSystemLimit' }, @{ Number = 0x80070005; Id = 'AccessDenied' }, @{ Number = 0x80070013; Id = 'AccessDenied' }, @{ Number = 0x80070050; Id = 'FileExists' }
        @{ Number = 0x800700B7; Id = 'FileExists' }, @{ Number = 0x800700CE; Id = 'PathTooLong' }, @{ Number = 0x8007045D; Id = 'IOFailed' }, @{ Number = 0x80131620; Id = 'IOFailed' }
        @{ Number = 28; Id = 'DiskFull' }, @{ Number = 122; Id = 'DiskFull' }, @{ Number = 27; Id = 'FileSystemLimit' }, @{ Number = 11; Id = 'FileInUse' }, @{ Number = 30; Id = 'AccessDenied' }
        @{ Number = 17; Id = 'FileExists' }, @{ Number = 36; Id = 'PathTooLong' }, @{ Number = 5; Id = 'IOFailed' }
    ) {
        $translate = [VhdxTools.VhdxException].Assembly.GetType('VhdxTools.IO.SystemErrors').GetMethod('Translate')
        $translate.Invoke($null, @([IO.IOException]::new('system', $Number), 'x.vhdx', 'write')).Id | Should -BeExactly $Id
    }
}

Describe 'New-VhdxImage beyond the limit of the file system' {
    BeforeAll {
        $folder = New-TestFolder
        $kind = if ($IsLinux) { & stat -f -c %T $folder } else { 'no Linux' }
    }

    It 'says so for a fixed image of 64 TiB on ext4 and leaves nothing behind: <Preallocation>' -ForEach $limits {
        if ($kind -ne 'ext2/ext3') { Set-ItResult -Skipped -Because "the temporary folder is not on ext4 but on $kind" }
        $null = Assert-Refused @{ Path = Join-Path $folder 'disk.vhdx'; SizeBytes = 64TB; Fixed = $true; BlockSizeBytes = 256MB; Preallocation = $Preallocation } FileSystemLimit LimitsExceeded -Match 'file system'
    }

    It 'leaves the file that was to be replaced: <Preallocation>' -ForEach $limits {
        if ($kind -ne 'ext2/ext3') { Set-ItResult -Skipped -Because "the temporary folder is not on ext4 but on $kind" }
        $path = Join-Path $folder 'old.vhdx'
        Set-Content -LiteralPath $path -Value 'old'
        $null = Assert-Refused @{ Path = $path; SizeBytes = 64TB; Fixed = $true; BlockSizeBytes = 256MB; Preallocation = $Preallocation; Force = $true } FileSystemLimit LimitsExceeded
        Get-Content -LiteralPath $path | Should -BeExactly 'old'
    }
}

Describe 'New-VhdxImage that is stopped' {
    It 'ends at once on Ctrl+C and leaves nothing behind' {
        $folder = New-TestFolder
        $path = Join-Path $folder 'disk.vhdx'
        $shell = Start-Writing $folder @{ Path = $path }
        try {
            $path | Should -Not -Exist -Because 'a file gets its name when it is complete'
            $shell.Stop()
            $shell.InvocationStateInfo.State | Should -Be 'Stopped'
            $shell.Streams.Error | Should -BeNullOrEmpty
        }
        finally { $shell.Dispose() }
        Get-FolderList $folder | Should -BeExactly ''
    }

    It 'leaves the file that was to be replaced, which stood there all the time' {
        $folder = New-TestFolder
        $path = Join-Path $folder 'disk.vhdx'
        Set-Content -LiteralPath $path -Value 'old'
        $state = Get-FileState $path
        $shell = Start-Writing $folder @{ Path = $path; Force = $true }
        try {
            Get-FileState $path | Should -BeExactly $state -Because 'the old file stays until the new one is complete'
            $shell.Stop()
        }
        finally { $shell.Dispose() }
        Get-FileState $path | Should -BeExactly $state
        Get-FolderList $folder | Should -BeExactly 'disk.vhdx'
    }

    It 'leaves no file under the name when its process is killed: <Name>' -ForEach @{ Name = 'new'; Force = '' }, @{ Name = 'replacing'; Force = '-Force' } {
        $folder = New-TestFolder
        $path = Join-Path $folder 'disk.vhdx'
        if ($Force) { Set-Content -LiteralPath $path -Value 'old' }
        $start = [Diagnostics.ProcessStartInfo]::new([Environment]::ProcessPath)
        if ([IO.Path]::GetFileNameWithoutExtension($start.FileName) -eq 'dotnet') { $start.ArgumentList.Add((Join-Path $PSHOME 'pwsh.dll')) }
        $command = "Import-Module $(ConvertTo-Literal $manifestPath); New-VhdxImage -Path $(ConvertTo-Literal $path) -SizeBytes 64GB -Fixed -Preallocation Full $Force"
        '-NoProfile', '-NonInteractive', '-Command', $command | ForEach-Object { $start.ArgumentList.Add($_) }
        $start.UseShellExecute = $false
        $start.RedirectStandardOutput = $start.RedirectStandardError = $true
        $process = [Diagnostics.Process]::Start($start)
        try { Wait-Writing $folder { -not $process.HasExited } }
        finally {
            $process.Kill()
            $process.WaitForExit()
        }
        if ($Force) { Get-Content -LiteralPath $path | Should -BeExactly 'old' } else { $path | Should -Not -Exist }
        @(Get-ChildItem -LiteralPath $folder -Force | Where-Object Name -NotLike '.vhdxtools-*.tmp').Count | Should -Be ([int] [bool] $Force)

        # What the killed process left does not stand in the way.
        (New-VhdxImage -Path $path -SizeBytes 1GB -Force).Size | Should -Be 1GB
        Remove-Item -LiteralPath $folder -Recurse -Force
    }
}

Describe 'New-VhdxImage that runs for a while' {
    BeforeAll {
        $folder = New-TestFolder
        $path = Join-Path $folder 'disk.vhdx'
        $watch = [Diagnostics.Stopwatch]::StartNew()
        $shell = Start-Writing $folder @{ Path = $path; SizeBytes = 1GB }
        # Somebody else is quicker.
        Set-Content -LiteralPath $path -Value 'other'
        while ($shell.InvocationStateInfo.State -eq 'Running') { Start-Sleep -Milliseconds 10 }
        $seconds = $watch.Elapsed.TotalSeconds
    }

    AfterAll { $shell.Dispose() }

    It 'does not overwrite a file that was made meanwhile' {
        $shell.Streams.Error | Should -HaveCount 1
        $shell.Streams.Error[0].FullyQualifiedErrorId | Should -BeExactly 'FileExists,VhdxTools.NewVhdxImageCommand'
        Get-Content -LiteralPath $path | Should -BeExactly 'other'
        Get-FolderList $folder | Should -BeExactly 'disk.vhdx'
    }

    It 'shows its progress, not more than some five times a second, and ends it also on error' {
        $records = @($shell.Streams.Progress | Where-Object Activity -EQ 'Creating the image')
        if ($seconds -lt 0.5 -and -not $records) { Set-ItResult -Skipped -Because 'the disk is so fast that there is nothing to show' }
        $records[-1].RecordType | Should -Be 'Completed'
        $shown = @($records | Where-Object RecordType -EQ 'Processing')
        $shown.Count | Should -BeLessOrEqual (1 + 5 * $seconds)
        $shown.PercentComplete | Sort-Object | Should -Be $shown.PercentComplete
        foreach ($record in $shown) { $record.PercentComplete | Should -BeIn (0..100) }
    }
}

Describe 'New-VhdxImage -WhatIf and -Confirm' {
    BeforeAll {
        $folder = New-TestFolder
        $old = Join-Path $folder 'old.vhdx'
        Set-Content -LiteralPath $old -Value 'old'
        $new = Join-Path $folder 'new.vhdx'
    }

    It 'prints a sentence with the planned numbers and touches nothing' {
        $state = Get-FileState $old
        $times = [IO.Directory]::GetLastWriteTimeUtc($folder)
        $child = Invoke-ChildShell @"
Import-Module $(ConvertTo-Literal $manifestPath)
`$a = New-VhdxImage -Path $(ConvertTo-Literal $new) -SizeBytes 10GB -BlockSizeBytes 1MB -LogSizeBytes 2MB -WhatIf
`$b = New-VhdxImage -Path $(ConvertTo-Literal $old) -SizeBytes 64TB -Fixed -PhysicalSectorSizeBytes 512 -Preallocation None -Force -WhatIf
"made: [`$a`$b]"
"@
        $child.ExitCode | Should -Be 0 -Because $child.Output
        $lines = $child.Output -split '\r?\n'
        $lines | Should -HaveCount 3
        foreach ($text in 'What if: Create a', 'Dynamic', '10 GiB', '10737418240', '10240 blocks of 1 MiB', '512/4096', 'log 2 MiB', 'BAT 1 MiB at 4 MiB', '5 MiB long', $new) { $lines[0] | Should -Match ([regex]::Escape($text)) }
        foreach ($text in 'What if: Replace', 'Fixed', '64 TiB', '70368744177664', '2097152 blocks of 32 MiB', '512/512', 'log 1 MiB', 'BAT 17 MiB at 3 MiB', 'holes', $old) { $lines[1] | Should -Match ([regex]::Escape($text)) }
        $lines[2] | Should -BeExactly 'made: []'
        Get-FileState $old | Should -BeExactly $state
        Get-FolderList $folder | Should -BeExactly 'old.vhdx'
        [IO.Directory]::GetLastWriteTimeUtc($folder) | Should -Be $times
    }

    It 'finds the errors that it would meet' {
        foreach ($case in @(
                @{ Parameters = @{ Path = $old; SizeBytes = 1GB }; Id = 'FileExists' }
                @{ Parameters = @{ Path = $new; SizeBytes = 5 }; Id = 'InvalidSize' }
                @{ Parameters = @{ Path = Join-Path $folder 'none' 'x.vhdx'; SizeBytes = 1GB }; Id = 'FolderNotFound' }
                @{ Parameters = @{ Path = $new; ParentPath = Join-Path $folder 'none.vhdx' }; Id = 'FileNotFound' })) {
            $result = Invoke-NewImage ($case.Parameters + @{ WhatIf = $true })
            $result.Errors | Should -HaveCount 1
            $result.Errors[0].FullyQualifiedErrorId | Should -BeExactly "$($case.Id),VhdxTools.NewVhdxImageCommand"
        }
    }

    It 'asks with -Confirm, and makes nothing when nobody can answer' {
        $child = Invoke-ChildShell "Import-Module $(ConvertTo-Literal $manifestPath); New-VhdxImage -Path $(ConvertTo-Literal $new) -SizeBytes 1GB -Confirm"
        $child.ExitCode | Should -Not -Be 0
        Get-FolderList $folder | Should -BeExactly 'old.vhdx'
    }

    It 'does not ask with -Confirm:$false, whatever the preference' {
        $ConfirmPreference = 'Low'
        (New-VhdxImage -Path $new -SizeBytes 1GB -Confirm:$false).Size | Should -Be 1GB
        [IO.File]::Delete($new)
    }

    It 'obeys $WhatIfPreference' {
        $WhatIfPreference = $true
        try { $made = New-VhdxImage -Path $new -SizeBytes 1GB } finally { $WhatIfPreference = $false }
        $made | Should -BeNullOrEmpty
        $new | Should -Not -Exist
    }
}
