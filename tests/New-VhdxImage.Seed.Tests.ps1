# The eight faults of the creation path that this project began from (QEMU's, 2013). None may be ours.

BeforeAll {
    . (Join-Path $PSScriptRoot 'common.ps1')
    . (Join-Path $PSScriptRoot 'ImageBytes.ps1')
}

Describe 'New-VhdxImage without the faults of the seed' {
    BeforeAll { $folder = New-TestFolder }

    BeforeEach { $path = Join-Path $folder "$([guid]::NewGuid()).vhdx" }

    It '1: marks both regions as required, in both tables, for every type' {
        $parent = Join-Path $folder 'parent.vhdx'
        $null = New-VhdxImage -Path $parent -SizeBytes 1GB
        $null = New-VhdxImage -Path (Join-Path $folder 'fixed.vhdx') -SizeBytes 8MB -Fixed -BlockSizeBytes 1MB -Preallocation None
        $null = New-VhdxImage -Path (Join-Path $folder 'child.vhdx') -ParentPath $parent
        foreach ($name in 'parent', 'fixed', 'child') {
            foreach ($table in (Read-ImageBytes (Join-Path $folder "$name.vhdx")).Regions) { $table.Entries.Required | Should -Be @(1, 1) }
        }
    }

    It '2: writes no byte of its memory behind the metadata items' {
        # Buffers that were used before hold something else than zeros.
        $null = New-VhdxImage -Path $path -SizeBytes 1TB -BlockSizeBytes 1MB -BlockState Zero -Creator ('x' * 255)
        $null = New-VhdxImage -Path $path -SizeBytes 1GB -Creator c -Force
        $image = Read-ImageBytes $path
        Test-Zero $image.MetadataBytes (65536 + 40) | Should -BeTrue
        Test-Zero $image.MetadataBytes 192 (65536 - 192) | Should -BeTrue
        [VhdxToolsTests.ByteScan]::FirstNonZero($path, $image.Length, [long[]] @(0, 10, 65536, 80, 131072, 80, 196608, 80, 262144, 80, 2MB, 192, (2MB + 65536), 40)) | Should -Be -1
    }

    It '3: notices every single write that fails' {
        # A volume of some pages: all that is written of a dynamic image are pages of 4 KiB, and each in turn finds no room.
        if (-not (Test-Mount)) { Set-ItResult -Skipped -Because 'a tiny volume takes root to mount' }
        $mount = New-TestFolder
        $output = & mount -t tmpfs -o size=4k tmpfs $mount 2>&1
        if ($LASTEXITCODE -ne 0) { Set-ItResult -Skipped -Because "no tiny volume could be mounted: $output" }
        try {
            $failures = 0
            for ($pages = 1; $pages -lt 20; $pages++) {
                & mount -o "remount,size=$(4 * $pages)k" $mount
                $result = Invoke-NewImage @{ Path = Join-Path $mount 'disk.vhdx'; SizeBytes = 1GB }
                if (-not $result.Errors) { break }
                $failures++
                $result.Errors[0].FullyQualifiedErrorId | Should -BeExactly 'DiskFull,VhdxTools.NewVhdxImageCommand'
                Get-FolderList $mount | Should -BeExactly ''
            }

            # Identifier, two headers, two region tables, metadata table, metadata items; the last page fails last.
            $failures | Should -Be 6
            $image = Read-ImageBytes (Join-Path $mount 'disk.vhdx')
            Test-Zero (Get-ItemBytes $image VirtualDiskId) | Should -BeFalse
        }
        finally { & umount -l $mount }
    }

    It '4: leaves no half-made file when it fails' {
        $before = Get-FolderList $folder
        $null = Assert-Refused @{ Path = $path; SizeBytes = 1000 } InvalidSize InvalidArgument
        if ($IsLinux -and (& stat -f -c %T $folder) -eq 'ext2/ext3') {
            $null = Assert-Refused @{ Path = $path; SizeBytes = 64TB; Fixed = $true } FileSystemLimit
        }
        $null = Assert-Refused @{ Path = Join-Path $folder ('n' * 300); SizeBytes = 1GB } PathTooLong
        Get-FolderList $folder | Should -BeExactly $before
    }

    It '5: has the file on the device before it gets its name, and the name before success is reported' {
        if (-not ($IsLinux -and (Test-Peer strace))) { Set-ItResult -Skipped -Because 'strace is not here' }
        $trace = Join-Path $folder 'trace'
        $literal = { param($Text) "'" + $Text.Replace("'", "''") + "'" }
        $script = "Import-Module $(& $literal $manifestPath); `$null = New-VhdxImage -Path $(& $literal $path) -SizeBytes 1GB; 'made'"
        $shell = @([Environment]::ProcessPath)
        if ([IO.Path]::GetFileNameWithoutExtension($shell[0]) -eq 'dotnet') { $shell += Join-Path $PSHOME 'pwsh.dll' }
        $output = & strace -f -y -qq -e signal=none -e 'trace=pwrite64,write,fsync,fdatasync,rename,renameat,renameat2,link,fchmod,ftruncate' -o $trace @shell -NoProfile -NonInteractive -Command $script 2>&1
        if (-not (Test-Path -LiteralPath $trace) -or ($output -match 'ptrace')) { Set-ItResult -Skipped -Because "strace may not trace here: $output" }
        [string] $output | Should -BeExactly 'made'

        $lines = @(Get-Content -LiteralPath $trace)
        $number = { param([string] $Pattern) for ($i = 0; $i -lt $lines.Count; $i++) { if ($lines[$i] -match $Pattern) { $i } } }
        $writes = @(& $number '(pwrite64|write|ftruncate)\(\d+<[^>]*\.vhdxtools-[^>]*\.tmp>')
        $flushes = @(& $number '(fsync|fdatasync)\(\d+<[^>]*\.vhdxtools-[^>]*\.tmp>')
        $names = @(& $number "(rename|renameat|renameat2|link)\(.*\.vhdxtools-.*$([regex]::Escape([IO.Path]::GetFileName($path)))")
        $folderFlushes = @(& $number "(fsync|fdatasync)\(\d+<$([regex]::Escape($folder))>")
        $report = @(& $number 'write\(\d+<.*"made')
        $writes.Count | Should -BeGreaterOrEqual 7
        $flushes.Count | Should -BeGreaterOrEqual 1
        $names | Should -HaveCount 1
        $flushes[-1] | Should -BeGreaterThan $writes[-1]
        $names[0] | Should -BeGreaterThan $flushes[-1]
        $folderFlushes[-1] | Should -BeGreaterThan $names[0]
        $report[0] | Should -BeGreaterThan $folderFlushes[-1]
    }

    It '6: does not overwrite an existing file without -Force' {
        Set-Content -LiteralPath $path -Value 'precious'
        $null = Assert-Refused @{ Path = $path; SizeBytes = 1GB } FileExists ResourceExists -Match '-Force'
        Get-Content -LiteralPath $path | Should -BeExactly 'precious'
    }

    It '7: takes no block size that is no power of two, no part of a sector, and rounds nothing' {
        $null = Assert-Refused @{ Path = $path; SizeBytes = 1GB; BlockSizeBytes = 3MB } InvalidBlockSize InvalidArgument -Match '2097152', '4194304'
        $null = Assert-Refused @{ Path = $path; SizeBytes = 1GB + 1 } InvalidSize InvalidArgument -Match '1073741824', '1073742336'
        $null = Assert-Refused @{ Path = $path; SizeBytes = 1GB; LogSizeBytes = 1MB + 1 } InvalidLogSize InvalidArgument -Match '1048576', '2097152'
        $null = New-VhdxImage -Path $path -SizeBytes (1GB + 512)
        Get-UInt64 (Get-ItemBytes (Read-ImageBytes $path) VirtualDiskSize) | Should -Be (1GB + 512)
    }

    It '8: has every block of a fixed image in use, whatever else was asked' {
        $null = Assert-Refused @{ Path = $path; SizeBytes = 8MB; Fixed = $true; BlockState = 'Zero' } ContradictingParameters InvalidArgument
        $null = New-VhdxImage -Path $path -SizeBytes 8MB -Fixed -BlockSizeBytes 1MB -Preallocation None
        $entries = Read-Bat $path 3MB 8
        $entries | ForEach-Object { $_ -band 7 } | Should -Be (@(6) * 8)
        $entries | ForEach-Object { $_ -shr 20 } | Should -Be (4..11)
    }
}
