# What only Windows itself can show: it attaches every image that we make or change, and NTFS keeps no image sparse or compressed.
# Each test says what it needs and is skipped with that reason elsewhere. Run as an administrator; nothing outside the test's own
# folder is touched, every image is attached read-only or without a drive letter, and detached again.

BeforeDiscovery {
    $layouts = @(
        @{ Type = 'Fixed'; Sector = 512; Block = $null }
        @{ Type = 'Dynamic'; Sector = 512; Block = 1MB }
        @{ Type = 'Dynamic'; Sector = 512; Block = 32MB }
        @{ Type = 'Dynamic'; Sector = 4096; Block = $null }
        @{ Type = 'Differencing'; Sector = 512; Block = 1MB }
    )
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'common.ps1')
    . (Join-Path $PSScriptRoot 'ImageBytes.ps1')
    . (Join-Path $PSScriptRoot 'disks.ps1')
    . (Join-Path $PSScriptRoot 'windows.ps1')

    $whyNotAttach = Get-MissingForAttach
    $whyNotHyperV = if ($whyNotAttach) { $whyNotAttach } elseif (-not (Get-Command Get-VHD -ErrorAction Ignore)) { 'the Hyper-V module is not here' }
    $folder = if ($IsWindows) { New-TestFolder }
    $whyNotNtfs = if (-not $IsWindows) { 'NTFS is a file system of Windows' } elseif (Test-Wine) { 'Wine only plays NTFS' } elseif ([IO.DriveInfo]::new([IO.Path]::GetPathRoot($folder)).DriveFormat -ne 'NTFS') { 'the temporary folder is not on NTFS' }

    function New-Filled {
        # An image with a GPT partition of two blocks' bytes that we wrote; its path.
        param([string] $Name, [string] $Type, [int] $Sector = 512, $Block, [long] $Size = 64MB)

        $parameters = @{ Path = "$folder\$Name.vhdx" }
        if ($Type -eq 'Differencing') {
            $parameters.ParentPath = New-Filled "$Name-parent" Dynamic $Sector $null $Size
        }
        else {
            $parameters.SizeBytes = $Size
            $parameters.Type = $Type
            $parameters.LogicalSectorSizeBytes = $Sector
            $parameters.PhysicalSectorSizeBytes = 4096
        }
        if ($Block) { $parameters.BlockSizeBytes = $Block }
        $path = (New-VhdxImage @parameters).Path
        Use-Disk $path {
            $disk.WriteAt(5MB, (Get-Pattern 5MB 1MB 4), 0, 1MB)
            $disk.WriteAt(40MB, (Get-Pattern 40MB 1MB 4), 0, 1MB)
        }
        $path
    }

    function Use-NewVolume {
        # Attaches an image, makes one volume of its disk, and runs a script with its partition while the volume is mounted in a folder.
        param(
            [string] $Path, [string] $Mount, [scriptblock] $Script, [string] $PartitionStyle = 'GPT',
            [scriptblock] $Format = { param($Partition) $null = $Partition | Format-Volume -FileSystem NTFS -Confirm:$false }
        )

        $null = New-Item -ItemType Directory -Path $Mount
        $null = Mount-DiskImage -ImagePath $Path -NoDriveLetter -PassThru
        try {
            $disk = Get-DiskImage -ImagePath $Path | Get-Disk
            $disk | Initialize-Disk -PartitionStyle $PartitionStyle
            $partition = New-Partition -DiskNumber $disk.Number -UseMaximumSize
            & $Format $partition
            $partition | Add-PartitionAccessPath -AccessPath $Mount
            try { & $Script $partition } finally { $partition | Remove-PartitionAccessPath -AccessPath $Mount }
        }
        finally { $null = Dismount-DiskImage -ImagePath $Path }
    }

    function Assert-Attached {
        # Windows attaches the image, shows a disk of this size and these sectors, and reads the bytes that we read; the file stays as it is.
        param([string] $Path)

        $image = Get-VhdxImage -LiteralPath $Path
        $digest = Get-Digest $Path
        $state = (Get-FileHash -LiteralPath $Path -Algorithm SHA256).Hash
        $mounted = Mount-DiskImage -ImagePath $Path -Access ReadOnly -NoDriveLetter -PassThru
        try {
            $disk = Get-DiskImage -ImagePath $Path | Get-Disk
            $disk.Size | Should -Be $image.Size
            $disk.LogicalSectorSize | Should -Be $image.LogicalSectorSize
            $stream = [IO.FileStream]::new("\\.\PhysicalDrive$($disk.Number)", [IO.FileMode]::Open, [IO.FileAccess]::Read, [IO.FileShare]::ReadWrite)
            try { Get-StreamDigest $stream $image.Size | Should -BeExactly $digest } finally { $stream.Dispose() }

            # While Windows holds it, writers are refused by name.
            $errorList = Get-ErrorOf { Optimize-VhdxImage -LiteralPath $Path }
            $errorList | Should -HaveCount 1
            $errorList[0].FullyQualifiedErrorId | Should -BeLike 'FileInUse,*'
        }
        finally {
            $null = Dismount-DiskImage -ImagePath $Path
        }
        (Get-FileHash -LiteralPath $Path -Algorithm SHA256).Hash | Should -BeExactly $state -Because 'it was attached for reading only'
        Test-VhdxImage -LiteralPath $Path | Should -BeTrue
    }

    function Get-StreamDigest {
        # The same digest that Get-Digest makes of our disk, of the first bytes of a stream that knows no length.
        param([IO.Stream] $Stream, [long] $Length)

        $copy = "$folder\$([guid]::NewGuid()).raw"
        $file = [IO.File]::Create($copy)
        try {
            $buffer = [byte[]]::new(1MB)
            for ($left = $Length; $left -gt 0; $left -= $read) {
                $read = $Stream.Read($buffer, 0, [int] [Math]::Min($left, 1MB))
                if ($read -eq 0) { throw "The disk ends $left bytes early." }
                $file.Write($buffer, 0, $read)
            }
            $file.Position = 0
            [VhdxToolsTests.Disks]::Digest($file)
        }
        finally {
            $file.Dispose()
            [IO.File]::Delete($copy)
        }
    }
}

Describe 'Windows attaches <Type> with sectors of <Sector> and blocks of <Block>' -Tag NeedsWindows -ForEach $layouts {
    BeforeEach {
        if ($whyNotAttach) { Set-ItResult -Skipped -Because $whyNotAttach }
        $name = [guid]::NewGuid().ToString()
        $path = New-Filled $name $Type $Sector $Block
    }

    It 'as New-VhdxImage made it' { Assert-Attached $path }

    It 'as Convert-VhdxImage made it: <_>' -ForEach 'vhdx', 'vhd', 'fixed.vhd' {
        if ($Sector -ne 512 -and $_ -like '*vhd') { Set-ItResult -Skipped -Because 'VHD has sectors of 512 bytes only' }
        $copy = "$folder\$name-copy.$_"
        $null = Convert-VhdxImage -Path $path -DestinationPath $copy -Fixed:($_ -like 'fixed*')
        Assert-Attached $copy
    }

    It 'as Resize-VhdxImage left it: <_>' -ForEach 96MB, 48MB {
        $null = Resize-VhdxImage -LiteralPath $path -SizeBytes $_ -Force
        Assert-Attached $path
    }

    It 'as Optimize-VhdxImage left it' {
        Use-Disk $path { $disk.Trim(0, 32MB) }
        $null = Optimize-VhdxImage -LiteralPath $path
        Assert-Attached $path
    }

    It 'as Merge-VhdxImage left it' {
        $child = (New-VhdxImage -Path "$folder\$name-child.vhdx" -ParentPath $path).Path
        Use-Disk $child { $disk.WriteAt(20MB, (Get-Pattern 20MB 3MB 7), 0, 3MB) }
        $digest = Get-Digest $child
        $null = Merge-VhdxImage -Path $child -DeleteSource
        Get-Digest $path | Should -BeExactly $digest
        Assert-Attached $path
    }

    It 'as Set-VhdxImage and Repair-VhdxImage left it' {
        $null = Set-VhdxImage -LiteralPath $path -PhysicalSectorSizeBytes 4096 -Metadata @{ '3f1c2b4e-7a55-4a7e-9d5b-0c6f1f0a2b3c' = 'a note' }
        # The second header damaged: Repair restores it from the first.
        $stream = [IO.File]::Open($path, 'Open', 'ReadWrite')
        try { $stream.Position = 128KB; $stream.Write([byte[]]::new(64), 0, 64) } finally { $stream.Dispose() }
        $null = Repair-VhdxImage -LiteralPath $path
        Assert-Attached $path
    }

    It 'with a log that Windows replays to the bytes that we replay it to' {
        # A writer that is never closed leaves a log.
        $script = "Import-Module '$manifestPath'; `$disk = [VhdxTools.VhdxDisk]::Open('$path', 'ReadWrite'); `$disk.WriteAt(21MB, [byte[]]::new(2MB), 0, 2MB); `$disk.WriteAt(22MB, [byte[]] (1..100), 0, 100); `$disk.Flush(); [Environment]::FailFast('')"
        $null = Invoke-ChildShell $script
        $digest = Get-Digest $path
        $null = Mount-DiskImage -ImagePath $path -NoDriveLetter -PassThru
        $null = Dismount-DiskImage -ImagePath $path
        (Get-VhdxImage -LiteralPath $path).LogState | Should -Be 'Clean'
        Get-Digest $path | Should -BeExactly $digest
    }
}

Describe 'A disk that Windows wrote to' -Tag NeedsWindows {
    BeforeEach {
        if ($whyNotAttach) { Set-ItResult -Skipped -Because $whyNotAttach }
    }

    It 'has the file that Windows put on it, through every verb: <_>' -ForEach 'Fixed', 'Dynamic', 'Differencing' {
        $name = [guid]::NewGuid().ToString()
        $parameters = @{ SizeBytes = 256MB; Type = $_ }
        if ($_ -eq 'Differencing') { $parameters = @{ ParentPath = (New-VhdxImage -Path "$folder\$name-base.vhdx" -SizeBytes 256MB).Path } }
        $path = (New-VhdxImage -Path "$folder\$name.vhdx" @parameters).Path
        $mount = "$folder\$name-mount"
        $content = Get-Pattern 0 20MB 3
        Use-NewVolume $path $mount { [IO.File]::WriteAllBytes("$mount\file.bin", $content) }

        Test-VhdxImage -LiteralPath $path -Detailed | Where-Object Severity -EQ Error | Should -BeNullOrEmpty
        $digest = Get-Digest $path
        $null = Optimize-VhdxImage -LiteralPath $path
        Get-Digest $path | Should -BeExactly $digest
        $null = Resize-VhdxImage -LiteralPath $path -SizeBytes 300MB -UpdateGpt
        $copy = (Convert-VhdxImage -Path $path -DestinationPath "$folder\$name-copy.vhdx").Path
        foreach ($file in $path, $copy) {
            $null = Mount-DiskImage -ImagePath $file -Access ReadOnly -NoDriveLetter -PassThru
            try {
                $number = (Get-DiskImage -ImagePath $file | Get-Disk).Number
                $partition = Get-Partition -DiskNumber $number | Where-Object Type -EQ Basic
                $partition | Add-PartitionAccessPath -AccessPath $mount
                try { [Linq.Enumerable]::SequenceEqual([IO.File]::ReadAllBytes("$mount\file.bin"), $content) | Should -BeTrue -Because $file }
                finally { $partition | Remove-PartitionAccessPath -AccessPath $mount }
            }
            finally { $null = Dismount-DiskImage -ImagePath $file }
        }
    }
}

Describe 'The Hyper-V module' -Tag NeedsWindows {
    BeforeEach {
        if ($whyNotHyperV) { Set-ItResult -Skipped -Because $whyNotHyperV }
    }

    It 'tells of <Type> with sectors of <Sector> and blocks of <Block> what we tell, and finds its chain sound' -ForEach $layouts {
        $path = New-Filled ([guid]::NewGuid().ToString()) $Type $Sector $Block
        $ours = Get-VhdxImage -LiteralPath $path
        $theirs = Get-VHD -Path $path
        foreach ($property in 'Size', 'FileSize', 'BlockSize', 'LogicalSectorSize', 'PhysicalSectorSize', 'ParentPath') {
            [string] $ours.$property | Should -Be ([string] $theirs.$property) -Because $property
        }
        [string] $ours.VhdType | Should -Be ([string] $theirs.VhdType)
        [guid] $ours.DiskIdentifier | Should -Be ([guid] $theirs.DiskIdentifier)
        Test-VHD -Path $path | Should -BeTrue
    }

    It 'attaches the chain that Merge-VhdxImage made shorter, and a child whose parent was moved' {
        $base = New-Filled ([guid]::NewGuid().ToString()) Dynamic
        $middle = (New-VhdxImage -Path ([IO.Path]::ChangeExtension($base, '.middle.avhdx')) -ParentPath $base).Path
        $tip = (New-VhdxImage -Path ([IO.Path]::ChangeExtension($base, '.tip.avhdx')) -ParentPath $middle).Path
        $null = Merge-VhdxImage -Path $middle -DestinationPath $base -Force
        Move-Item -LiteralPath $base -Destination "$base.moved.vhdx"
        $null = Set-VhdxImage -LiteralPath $middle -ParentPath "$base.moved.vhdx" -IgnoreIdMismatch -Confirm:$false
        Test-VHD -Path $tip | Should -BeTrue
        $null = Mount-VHD -Path $tip -ReadOnly -NoDriveLetter -Passthru
        Dismount-VHD -Path $tip
    }

    It 'makes images that are sound to us: <_>' -ForEach 'Fixed', 'Dynamic', 'Differencing' {
        $path = "$folder\$([guid]::NewGuid()).vhdx"
        $parameters = @{ SizeBytes = 64MB; $_ = $true }
        if ($_ -eq 'Differencing') { $parameters = @{ ParentPath = (New-Filled ([guid]::NewGuid().ToString()) Dynamic); Differencing = $true } }
        $null = New-VHD -Path $path @parameters
        Test-VhdxImage -LiteralPath $path -Detailed | Where-Object Severity -NE Note | Should -BeNullOrEmpty
        (Get-VhdxImage -LiteralPath $path).VhdType | Should -Be $_
    }
}

Describe 'NTFS' -Tag NeedsWindows {
    BeforeEach {
        if ($whyNotNtfs) { Set-ItResult -Skipped -Because $whyNotNtfs }
    }

    It 'keeps no image compressed in a folder that compresses' {
        $compressing = (New-Item -ItemType Directory -Path "$folder\compressing").FullName
        & compact.exe /c $compressing | Out-Null
        [IO.File]::WriteAllText("$compressing\plain.txt", 'x')
        ([IO.File]::GetAttributes("$compressing\plain.txt") -band [IO.FileAttributes]::Compressed) | Should -Not -Be 0 -Because 'the folder compresses'
        foreach ($type in 'Fixed', 'Dynamic') {
            $path = (New-VhdxImage -Path "$compressing\$type.vhdx" -SizeBytes 64MB -Type $type).Path
            ([IO.File]::GetAttributes($path) -band [IO.FileAttributes]'Compressed, SparseFile') | Should -Be 0
            $copy = (Convert-VhdxImage -Path $path -DestinationPath "$compressing\$type.copy.vhdx").Path
            ([IO.File]::GetAttributes($copy) -band [IO.FileAttributes]'Compressed, SparseFile') | Should -Be 0
            if (-not $whyNotAttach) { Assert-Attached $path }
        }
    }

    It 'gives a sparse image the same bytes, and a copy that is not sparse' {
        $path = New-Filled ([guid]::NewGuid().ToString()) Dynamic
        $digest = Get-Digest $path
        & fsutil.exe sparse setflag $path | Out-Null
        $LASTEXITCODE | Should -Be 0
        ([IO.File]::GetAttributes($path) -band [IO.FileAttributes]::SparseFile) | Should -Not -Be 0
        Get-Digest $path | Should -BeExactly $digest
        Test-VhdxImage -LiteralPath $path | Should -BeTrue
        $copy = (Convert-VhdxImage -Path $path -DestinationPath "$path.copy.vhdx").Path
        ([IO.File]::GetAttributes($copy) -band [IO.FileAttributes]::SparseFile) | Should -Be 0
    }

    It 'tells where a sparse file has holes, and only data is read' {
        $path = "$folder\holes.img"
        [IO.File]::Create($path).Dispose()
        $null = & fsutil sparse setflag $path
        $LASTEXITCODE | Should -Be 0
        Set-FileLength $path 1GB
        foreach ($place in 100MB, 600MB) { Write-FileBytes $path $place (Get-Pattern $place 1MB 3) }
        Use-CoreFile $path {
            param($file)
            $found = @(for ($place = 0; $data = $file.FindData($place, 1GB); $place = $data.End) { $data })
            $found | Should -HaveCount 2
            $found.ForEach{ $_.Offset } | Should -Be 100MB, 600MB
            $found.ForEach{ $_.End } | Should -Be 101MB, 601MB
        }
        $image = Convert-VhdxImage -Path $path -DestinationPath "$path.vhdx" -Dynamic -BlockSizeBytes 1MB
        $image.BlocksAllocated | Should -Be 2
        Compare-Raw $image.Path $path | Should -Be -1
        Remove-Item -LiteralPath $path, $image.Path
    }

    It 'knows one file by a junction, a volume name and a mounted folder' {
        $target = (New-Item -ItemType Directory -Path "$folder\target").FullName
        $null = New-Item -ItemType Junction -Path "$folder\junction" -Target $target
        $base = (New-VhdxImage -Path "$target\base.vhdx" -SizeBytes 64MB).Path
        $tip = (New-VhdxImage -Path "$target\tip.vhdx" -ParentPath $base).Path
        foreach ($name in "$folder\junction\base.vhdx", (Get-Locator $tip).volume_path) {
            $result = Invoke-NewImage @{ Path = $name; ParentPath = $tip; Force = $true }
            $result.Errors[0].FullyQualifiedErrorId | Should -BeLike 'DestinationIsParent,*' -Because $name
        }
    }

    It 'is full: the error says so, and nothing stays' {
        if ($whyNotAttach) { Set-ItResult -Skipped -Because $whyNotAttach }
        $volume = (New-VhdxImage -Path "$folder\volume.vhdx" -SizeBytes 64MB -Fixed).Path
        $mount = "$folder\volume"
        Use-NewVolume $volume $mount -PartitionStyle MBR {
            $errorList = Get-ErrorOf { New-VhdxImage -Path "$mount\large.vhdx" -SizeBytes 100MB -Fixed }
            $errorList | Should -HaveCount 1
            $errorList[0].FullyQualifiedErrorId | Should -BeLike 'DiskFull,*'
            [IO.Directory]::GetFiles($mount) | Should -BeNullOrEmpty
        }
    }
}

Describe 'ReFS' -Tag NeedsWindows {
    It 'shares extents between source and copy' {
        if ($whyNotAttach) { Set-ItResult -Skipped -Because $whyNotAttach }
        # A Dev Drive takes 50 GB; what is not written takes no space.
        $volume = (New-VhdxImage -Path "$folder\refs.vhdx" -SizeBytes 64GB -Dynamic).Path
        $mount = "$folder\refs"
        $format = {
            param($Partition)
            try { $null = $Partition | Format-Volume -FileSystem ReFS -Confirm:$false -ErrorAction Stop }
            catch {
                $why = "$_"
                try { $null = $Partition | Format-Volume -DevDrive -Confirm:$false -ErrorAction Stop }
                catch { Set-ItResult -Skipped -Because "this Windows formats no ReFS ($why) and no Dev Drive ($_)" }
            }
        }
        Use-NewVolume $volume $mount -Format $format {
            param($Partition)
            $raw = "$mount\a.img"
            [IO.File]::WriteAllBytes($raw, (Get-Pattern 0 64MB 3))
            $null = Convert-VhdxImage -Path $raw -DestinationPath "$folder\expected.vhdx" -Dynamic -IdentifierSeed refs
            # Written files get their space late.
            $null = Write-VolumeCache -FileSystemLabel (Get-Volume -Partition $Partition).FileSystemLabel -ErrorAction Ignore
            $free = (Get-Volume -Partition $Partition).SizeRemaining
            $copy = (Convert-VhdxImage -Path $raw -DestinationPath "$mount\copy.vhdx" -Dynamic -IdentifierSeed refs).Path
            $free - (Get-Volume -Partition $Partition).SizeRemaining | Should -BeLessThan 32MB
            $hash = (Get-FileHash -LiteralPath "$folder\expected.vhdx").Hash
            (Get-FileHash -LiteralPath $copy).Hash | Should -BeExactly $hash
            Write-FileBytes $raw 0 ([byte[]]::new(64MB))
            (Get-FileHash -LiteralPath $copy).Hash | Should -BeExactly $hash
        }
    }
}
