# How a fixed image of New-VhdxImage gets its space: reserved, left as holes, or written.

BeforeAll {
    . (Join-Path $PSScriptRoot 'common.ps1')
    . (Join-Path $PSScriptRoot 'ImageBytes.ps1')
}

Describe 'New-VhdxImage -Preallocation' {
    BeforeAll {
        $folder = New-TestFolder
        $results = @{}
        foreach ($name in 'Default', 'Reserve', 'None', 'Full') {
            $path = Join-Path $folder "$name.vhdx"
            $arguments = @{ Path = $path; SizeBytes = 64MB; Fixed = $true; BlockSizeBytes = 8MB; IdentifierSeed = 'same' }
            if ($name -ne 'Default') { $arguments.Preallocation = $name }
            $before = if ($IsLinux) { Get-WrittenBytes }
            $errorList = $null
            $null = New-VhdxImage @arguments -ErrorAction SilentlyContinue -ErrorVariable errorList
            $results[$name] = @{
                Path = $path
                Written = if ($IsLinux) { (Get-WrittenBytes) - $before }
                Errors = @($errorList)
                Allocated = if (-not $IsWindows -and -not $errorList) { Get-AllocatedBytes $path }
            }
        }

        # A system that cannot reserve must have said so; nothing more can be asked of it.
        $cannotReserve = if ($results.Reserve.Errors) { "$($results.Reserve.Errors[0].FullyQualifiedErrorId): the temporary folder is on a file system that cannot reserve" }
        $hasHoles = $IsLinux
    }

    It 'reserves the whole file without writing it: <_>' -ForEach 'Reserve', 'Default' {
        if (-not $IsLinux) { Set-ItResult -Skipped -Because 'allocated space and bytes written are looked up in the Linux way' }
        if ($cannotReserve) { Set-ItResult -Skipped -Because $cannotReserve }
        $results[$_].Errors | Should -BeNullOrEmpty
        $results[$_].Allocated | Should -BeGreaterOrEqual (68MB)
        $results[$_].Written | Should -BeLessThan 1MB
    }

    It 'leaves holes with None' {
        if (-not $hasHoles) { Set-ItResult -Skipped -Because 'allocated space is looked up in the Linux way' }
        $results.None.Errors | Should -BeNullOrEmpty
        $results.None.Allocated | Should -BeLessThan 1MB
        $results.None.Written | Should -BeLessThan 1MB
    }

    It 'writes zeros with Full' {
        if (-not $IsLinux) { Set-ItResult -Skipped -Because 'allocated space and bytes written are looked up in the Linux way' }
        $results.Full.Errors | Should -BeNullOrEmpty
        $results.Full.Allocated | Should -BeGreaterOrEqual 64MB
        $results.Full.Written | Should -BeGreaterOrEqual 64MB
    }

    It 'makes the same bytes in every way: <_>' -ForEach 'Default', 'Reserve', 'Full' {
        if ($_ -ne 'Full' -and $cannotReserve) { Set-ItResult -Skipped -Because $cannotReserve }
        (Get-Item -LiteralPath $results[$_].Path).Length | Should -Be 68MB
        Get-Sha256 $results[$_].Path | Should -BeExactly (Get-Sha256 $results.None.Path)
    }

    It 'reserves many GiB in a moment' {
        if (-not $IsLinux) { Set-ItResult -Skipped -Because 'allocated space is looked up in the Linux way' }
        if ($cannotReserve) { Set-ItResult -Skipped -Because $cannotReserve }
        if ([IO.DriveInfo]::new($folder).AvailableFreeSpace -lt 8GB) { Set-ItResult -Skipped -Because 'the temporary folder has less than 8 GiB of space' }
        $path = Join-Path $folder 'large.vhdx'
        try {
            $before = Get-WrittenBytes
            $null = New-VhdxImage -Path $path -SizeBytes 4GB -Fixed -Preallocation Reserve
            (Get-WrittenBytes) - $before | Should -BeLessThan 1MB
            Get-AllocatedBytes $path | Should -BeGreaterOrEqual (4GB + 4MB)
        }
        finally { Remove-Item -LiteralPath $path -ErrorAction Ignore }
    }

    It 'leaves the holes of dynamic and differencing images to the file system' {
        if (-not $hasHoles) { Set-ItResult -Skipped -Because 'allocated space is looked up in the Linux way' }
        $dynamic = Join-Path $folder 'dynamic.vhdx'
        $child = Join-Path $folder 'child.vhdx'
        $before = Get-WrittenBytes
        $null = New-VhdxImage -Path $dynamic -SizeBytes 64TB -BlockSizeBytes 1MB
        $null = New-VhdxImage -Path $child -ParentPath $dynamic -BlockSizeBytes 1MB
        (Get-WrittenBytes) - $before | Should -BeLessThan 1MB
        foreach ($path in $dynamic, $child) { Get-AllocatedBytes $path | Should -BeLessThan 1MB }
    }

    It 'sets no sparse attribute on Windows: <_>' -ForEach 'Reserve', 'None', 'Full' {
        if (-not $IsWindows) { Set-ItResult -Skipped -Because 'only Windows has that attribute' }
        ((Get-Item -LiteralPath $results[$_].Path).Attributes -band [IO.FileAttributes]::SparseFile) | Should -Be 0
    }
}

Describe 'New-VhdxImage where space cannot be reserved' {
    BeforeAll {
        # fallocate is not supported by ramfs and by ntfs-3g. Both take root.
        $mounts = @{}
        $reasons = @{ ramfs = 'mounting takes root'; 'ntfs-3g' = 'mounting takes root' }
        $ntfs = Join-Path (New-TestFolder) 'ntfs.raw'
        if (Test-Mount) {
            $mount = New-TestFolder
            $reasons.ramfs = [string] (& mount -t ramfs ramfs $mount 2>&1)
            if ($LASTEXITCODE -eq 0) { $mounts.ramfs = $mount }
            if ((Test-Peer mkfs.ntfs) -and (Test-Peer ntfs-3g)) {
                $mount = New-TestFolder
                [IO.File]::Open($ntfs, 'CreateNew').Dispose()
                & truncate -s 128M $ntfs
                $reasons.'ntfs-3g' = [string] (& mkfs.ntfs -F -Q $ntfs 2>&1 | Select-Object -Last 1)
                if ($LASTEXITCODE -eq 0) {
                    $reasons.'ntfs-3g' = [string] (& ntfs-3g $ntfs $mount 2>&1)
                    if ($LASTEXITCODE -eq 0) { $mounts.'ntfs-3g' = $mount }
                }
            }
            else { $reasons.'ntfs-3g' = 'ntfs-3g is not here' }
        }
    }

    AfterAll {
        foreach ($mount in $mounts.Values) { & umount -l $mount }
    }

    It 'says so with Reserve and leaves nothing behind: <_>' -ForEach 'ramfs', 'ntfs-3g' {
        if (-not $mounts.ContainsKey($_)) { Set-ItResult -Skipped -Because "there is no $_ volume ($($reasons[$_]))" }
        $failure = Assert-Refused @{ Path = Join-Path $mounts[$_] 'disk.vhdx'; SizeBytes = 8MB; Fixed = $true; BlockSizeBytes = 1MB } ReserveNotSupported NotImplemented -Match '-Preallocation', 'Full', 'None'
        [string] $failure | Should -Match 'disk\.vhdx'
    }

    It 'leaves the file that was to be replaced: <_>' -ForEach 'ramfs', 'ntfs-3g' {
        if (-not $mounts.ContainsKey($_)) { Set-ItResult -Skipped -Because "there is no $_ volume ($($reasons[$_]))" }
        $path = Join-Path $mounts[$_] 'old.vhdx'
        Set-Content -LiteralPath $path -Value 'old'
        $null = Assert-Refused @{ Path = $path; SizeBytes = 8MB; Fixed = $true; BlockSizeBytes = 1MB; Force = $true } ReserveNotSupported NotImplemented
        Get-Content -LiteralPath $path | Should -BeExactly 'old'
        Remove-Item -LiteralPath $path
    }

    It 'makes the same image with None and Full as elsewhere: <_>' -ForEach 'ramfs', 'ntfs-3g' {
        if (-not $mounts.ContainsKey($_)) { Set-ItResult -Skipped -Because "there is no $_ volume ($($reasons[$_]))" }
        $elsewhere = Join-Path (New-TestFolder) 'disk.vhdx'
        $null = New-VhdxImage -Path $elsewhere -SizeBytes 8MB -Fixed -BlockSizeBytes 1MB -IdentifierSeed x -Preallocation None
        foreach ($preallocation in 'None', 'Full') {
            $path = Join-Path $mounts[$_] 'disk.vhdx'
            $null = New-VhdxImage -Path $path -SizeBytes 8MB -Fixed -BlockSizeBytes 1MB -IdentifierSeed x -Preallocation $preallocation
            Get-Sha256 $path | Should -BeExactly (Get-Sha256 $elsewhere)
            Remove-Item -LiteralPath $path
        }
    }

    It 'makes dynamic images and children there: <_>' -ForEach 'ramfs', 'ntfs-3g' {
        if (-not $mounts.ContainsKey($_)) { Set-ItResult -Skipped -Because "there is no $_ volume ($($reasons[$_]))" }
        $parent = Join-Path $mounts[$_] 'parent.vhdx'
        $child = Join-Path $mounts[$_] 'child.vhdx'
        (New-VhdxImage -Path $parent -SizeBytes 1GB).VhdType | Should -Be 'Dynamic'
        (New-VhdxImage -Path $child -ParentPath $parent).ParentPath | Should -BeExactly $parent
        Remove-Item -LiteralPath $child, $parent
    }
}
