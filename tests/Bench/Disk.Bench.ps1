# The disk as a stream, beside qemu-io, which does the same to a VHDX, and dd, which writes a raw file. All flush where the row says so;
# without -t writeback qemu-io would do it after each write. The peers' times contain the start of a process.
function Open-BenchDisk {
    # In the session of the row: runs a method of the workload on a disk.
    param([string] $Call, [string] $Access = 'ReadWrite')
    [scriptblock]::Create("`$disk = [VhdxTools.VhdxDisk]::Open('disk.vhdx', '$Access'); try { $Call } finally { `$disk.Dispose() }")
}

function New-Requests {
    # Files of the bench's folder: what qemu-io reads from its input.
    param([string] $Name, [string] $Text)
    { [IO.File]::WriteAllText((Join-Path $bench.Folder $Name), $Text) }.GetNewClosure()
}

$size = $bench.Size
$megabytes = [int] ($size / 1MB)
$new = { $null = New-VhdxImage -Path (Join-Path $bench.Folder disk.vhdx) -SizeBytes $size -BlockSizeBytes 32MB -Force }.GetNewClosure()
$remove = { Remove-BenchFile disk.vhdx, dd.img }
$sequential = -join (0..($megabytes - 1) | ForEach-Object { "write -q -P 171 $($_ * 1MB) 1M`n" }) + "flush`n"
@{
    Work    = 'sequential writes of 1 MiB into a new dynamic disk'
    Space   = $size
    Prepare = New-Requests write.txt $sequential
    Before  = $new
    Ours    = Open-BenchDisk "[VhdxToolsBench.Workload]::WriteRange(`$disk, 0, $size, `$false); `$disk.Flush()"
    Peers   = @(
        @{ Name = 'dd conv=fsync to a raw file'; Run = 'dd', 'if=/dev/zero', 'of=dd.img', 'bs=1M', "count=$megabytes", 'conv=fsync'; Wanted = 1.15 }
        @{ Name = 'qemu-io'; Run = 'sh', '-c', 'qemu-io -t writeback -f vhdx disk.vhdx < write.txt'; Under = 1 }
    )
    After   = $remove
}

@{
    Work    = 'sequential reads of 1 MiB'
    Space   = 2 * $size
    Prepare = {
        & $new
        $disk = [VhdxTools.VhdxDisk]::Open('disk.vhdx', 'ReadWrite')
        try { [VhdxToolsBench.Workload]::WriteRange($disk, 0, $size, $false) } finally { $disk.Dispose() }
        $null = Convert-VhdxImage (Join-Path $bench.Folder disk.vhdx) (Join-Path $bench.Folder dd.img)
        [IO.File]::WriteAllText((Join-Path $bench.Folder read.txt), -join (0..($megabytes - 1) | ForEach-Object { "read -q $($_ * 1MB) 1M`n" }))
    }.GetNewClosure()
    Ours    = Open-BenchDisk '[VhdxToolsBench.Workload]::ReadAll($disk)' Read
    Peers   = @(
        @{ Name = 'dd of a raw file'; Run = 'dd', 'if=dd.img', 'of=/dev/null', 'bs=1M'; Wanted = 1.15 }
        @{ Name = 'qemu-io'; Run = 'sh', '-c', 'qemu-io -r -f vhdx disk.vhdx < read.txt'; Under = 1 }
    )
    End     = $remove
}

$writes = [Math]::Max(64, [int] (8192 * $bench.Scale))
$slots = [int] ($size / 4 / 4096)
@{
    Work    = "$writes random writes of 4 KiB into allocated blocks"
    Space   = $size / 4
    Prepare = {
        $null = New-VhdxImage -Path (Join-Path $bench.Folder disk.vhdx) -SizeBytes ($size / 4) -BlockSizeBytes 32MB
        $disk = [VhdxTools.VhdxDisk]::Open('disk.vhdx', 'ReadWrite')
        try { [VhdxToolsBench.Workload]::WriteRange($disk, 0, $size / 4, $false) } finally { $disk.Dispose() }
        [IO.File]::WriteAllText((Join-Path $bench.Folder random.txt), [VhdxToolsBench.Workload]::WriteScript([VhdxToolsBench.Workload]::Places($writes, $slots, 4096), 4096, 0))
    }.GetNewClosure()
    Ours    = Open-BenchDisk "[VhdxToolsBench.Workload]::Write(`$disk, [VhdxToolsBench.Workload]::Places($writes, $slots, 4096), 4096, 0)"
    Peers   = @(@{ Name = 'qemu-io'; Run = 'sh', '-c', 'qemu-io -t writeback -f vhdx disk.vhdx < random.txt'; Under = 1 })
    End     = $remove
}

$blocks = [Math]::Max(64, [int] (2048 * $bench.Scale))
@{
    Work    = "$blocks random writes of 4 KiB into new blocks, a flush each 32"
    Prepare = { [IO.File]::WriteAllText((Join-Path $bench.Folder new.txt), [VhdxToolsBench.Workload]::WriteScript([VhdxToolsBench.Workload]::Places($blocks, 2 * $blocks, 1MB), 4096, 32)) }.GetNewClosure()
    Before  = { $null = New-VhdxImage -Path (Join-Path $bench.Folder disk.vhdx) -SizeBytes (2MB * $blocks) -BlockSizeBytes 1MB -Force }.GetNewClosure()
    Ours    = Open-BenchDisk "[VhdxToolsBench.Workload]::Write(`$disk, [VhdxToolsBench.Workload]::Places($blocks, 2 * $blocks, 1MB), 4096, 32)"
    Peers   = @(@{ Name = 'qemu-io'; Run = 'sh', '-c', 'qemu-io -t writeback -f vhdx disk.vhdx < new.txt'; Under = 1 })
    After   = $remove
}
