# Conversions beside qemu-img convert, which by default does not flush what it wrote (its cache mode "unsafe"); ours is on the disk when
# the command returns, and so is qemu-img's with -t writeback. dd tells what it takes to write and flush as much data and do nothing
# else: a peer that does not flush waits for memory only.
function New-ConvertRow {
    param([string] $Work, [string] $From, [string] $To, [scriptblock] $Ours, [string[]] $Options, [double] $Wanted, [double] $Space)

    # Half of the one disk is data; of the other, sixteen times as large, a tenth.
    $count = [Math]::Max(1, [Math]::Round($bench.Size * ($From -like 'half*' ? 0.5 : 1.6) / 4MB))
    @{
        Work    = $Work
        Space   = $Space
        Prepare = { Use-BenchDisk $From }.GetNewClosure()
        Ours    = $Ours
        Peers   = @(
            @{ Name = 'qemu-img convert'; Run = @('qemu-img', 'convert') + $Options + $From, $To; Wanted = $Wanted }
            @{ Name = 'qemu-img convert -t writeback'; Run = @('qemu-img', 'convert', '-t', 'writeback') + $Options + $From, $To; Wanted = $Wanted }
            @{ Name = 'dd conv=fsync of as much'; Run = 'dd', 'if=/dev/zero', "of=$To", 'bs=4M', "count=$count", 'conv=fsync' }
        )
        After   = { Remove-BenchFile $To }.GetNewClosure()
    }
}

$toVhdx = '-f', 'raw', '-O', 'vhdx', '-o', 'subformat=dynamic,block_size=32M'
New-ConvertRow 'raw to dynamic vhdx, half zero' half.img to.vhdx { Convert-VhdxImage half.img to.vhdx -Type Dynamic } $toVhdx 0.7 (2 * $bench.Size)
New-ConvertRow 'raw to dynamic vhdx, 90 % holes' holes.img to.vhdx { Convert-VhdxImage holes.img to.vhdx -Type Dynamic } $toVhdx 0.3 (4 * $bench.Size)
New-ConvertRow 'dynamic vhdx to raw, half zero' half.vhdx to.img { Convert-VhdxImage half.vhdx to.img } @('-f', 'vhdx', '-O', 'raw') 0.7 (3 * $bench.Size)
New-ConvertRow 'dynamic vhdx to raw, 90 % holes' holes.vhdx to.img { Convert-VhdxImage holes.vhdx to.img } @('-f', 'vhdx', '-O', 'raw') 0.7 (6 * $bench.Size)
New-ConvertRow 'vhdx to vhdx, blocks of 32 to 2 MiB' half.vhdx to.vhdx { Convert-VhdxImage half.vhdx to.vhdx -BlockSizeBytes 2MB } @(
    '-f', 'vhdx', '-O', 'vhdx', '-o', 'subformat=dynamic,block_size=2M') 0.7 (3 * $bench.Size)
New-ConvertRow 'vhdx to fixed vhd' half.vhdx to.vhd { Convert-VhdxImage half.vhdx to.vhd -Type Fixed } @(
    '-f', 'vhdx', '-O', 'vpc', '-o', 'subformat=fixed,force_size=on') 0.7 (3 * $bench.Size)

# A copy there is no copy: source and target share their extents.
$shared = New-ConvertRow 'raw to dynamic vhdx, 90 % holes, shared extents' holes.img shared/to.vhdx { Convert-VhdxImage shared/holes.img shared/to.vhdx -Type Dynamic } $toVhdx 0.3 (8 * $bench.Size)
$shared.Peers = $shared.Peers[0..1]
$shared.Missing = { Get-MissingForShared }
$shared.Prepare = {
    Use-BenchDisk holes.img
    Mount-BenchVolume
    & cp --sparse=always (Join-Path $bench.Folder 'holes.img') (Join-Path $bench.Folder 'shared')
}
foreach ($peer in $shared.Peers) { $peer.Run = $peer.Run -replace '^holes\.img$', 'shared/holes.img' }
$shared.Before = { & sync -f (Join-Path $bench.Folder 'shared') }
$shared.End = { Dismount-BenchVolume }
$shared
