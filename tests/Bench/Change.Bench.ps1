# Commands that change an image in place, beside copying the bytes that they have to move. They work on a copy, made anew for each turn.
# What cp wrote is flushed, as ours is.
function Edit-BenchDisk {
    # Fills ranges of a disk: rows of offset, length, and whether with zeros.
    param([string] $Name, [object[]] $Ranges)

    $disk = [VhdxTools.VhdxDisk]::Open((Join-Path $bench.Folder $Name), 'ReadWrite')
    try { foreach ($range in $Ranges) { [VhdxToolsBench.Workload]::WriteRange($disk, $range[0], $range[1], $range[2]) } } finally { $disk.Dispose() }
}

function New-PlainFile {
    # A file for cp, without holes.
    param([long] $Length)

    $file = [IO.File]::Create((Join-Path $bench.Folder plain.img))
    try { [VhdxToolsBench.Workload]::WriteRange($file, 0, $Length, $false) } finally { $file.Dispose() }
}

$copy = 'sh', '-c', 'cp plain.img copy.img && sync copy.img'
$size = $bench.Size
$part = [Math]::Min(32MB, $size / 4)
@{
    Work    = 'optimize of a disk with half its blocks zeroed'
    Space   = 3 * $size
    Prepare = {
        $null = New-VhdxImage -Path (Join-Path $bench.Folder full.vhdx) -SizeBytes $size -BlockSizeBytes 32MB
        Edit-BenchDisk full.vhdx (, @(0, $size, $false) + @(for ($offset = 0; $offset -lt $size; $offset += 2 * $part) { , @($offset, $part, $true) }))
        New-PlainFile ($size / 2)
    }.GetNewClosure()
    Before  = { Copy-BenchFile full.vhdx work.vhdx }
    Ours    = { $null = Optimize-VhdxImage work.vhdx }
    Peers   = @(@{ Name = 'cp of the data that remains, flushed'; Run = $copy; Wanted = 1.3 })
    After   = { Remove-BenchFile work.vhdx, copy.img }
    End     = { Remove-BenchFile full.vhdx, plain.img }
}

$quarter = $size / 4
@{
    Work    = 'merge of a child with a quarter of its disk'
    Space   = 6 * $quarter
    Prepare = {
        # Half of what the child has lies in blocks that the parent has, too.
        $null = New-VhdxImage -Path (Join-Path $bench.Folder parent.vhdx) -SizeBytes $size -BlockSizeBytes 32MB
        Edit-BenchDisk parent.vhdx (, @(0, $quarter, $false))
        $null = New-VhdxImage -Path (Join-Path $bench.Folder child.vhdx) -ParentPath (Join-Path $bench.Folder parent.vhdx)
        Edit-BenchDisk child.vhdx (, @(($quarter / 2), $quarter, $false))
        Move-Item -LiteralPath (Join-Path $bench.Folder parent.vhdx) (Join-Path $bench.Folder parent0.vhdx)
        Move-Item -LiteralPath (Join-Path $bench.Folder child.vhdx) (Join-Path $bench.Folder child0.vhdx)
        New-PlainFile $quarter
    }.GetNewClosure()
    Before  = {
        Copy-BenchFile parent0.vhdx parent.vhdx
        Copy-BenchFile child0.vhdx child.vhdx
    }
    Ours    = { Merge-VhdxImage child.vhdx -Force -Confirm:$false }
    Peers   = @(@{ Name = 'cp of as much, flushed'; Run = $copy; Wanted = 1.3 })
    After   = { Remove-BenchFile parent.vhdx, child.vhdx, copy.img }
    End     = { Remove-BenchFile parent0.vhdx, child0.vhdx, plain.img }
}
