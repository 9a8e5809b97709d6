<#
.SYNOPSIS
Creating and describing images, beside qemu-img: times, bytes written, memory.
#>
param(
    # Measured pairs, after one that warms up.
    [ValidateRange(5, 1000)] [int] $Pairs = 5
)

. (Join-Path $PSScriptRoot 'common.ps1')

$qemu = (Get-Command qemu-img -CommandType Application -ErrorAction Ignore | Select-Object -First 1)?.Source
$folder = New-BenchFolder
$clean = { [IO.Directory]::Delete($folder, $true); [IO.Directory]::CreateDirectory($folder) }
$quotedManifest = "'" + $manifestPath.Replace("'", "''") + "'"

function Get-Written {
    # Bytes that this process has handed to the system, and pages that it made dirty; the greater of the two.
    $io = [IO.File]::ReadAllText('/proc/self/io')
    [Math]::Max([long] [regex]::Match($io, '(?m)^wchar: (\d+)').Groups[1].Value, [long] [regex]::Match($io, '(?m)^write_bytes: (\d+)').Groups[1].Value)
}

function Measure-Create {
    # The seconds of one file, ours and the peer's. Ours is on the disk when the command returns.
    param([hashtable] $Image, [string] $Size, [string] $Options, [int] $OurCount, [int] $PeerCount)

    $ours = { for ($i = 0; $i -lt $OurCount; $i++) { New-VhdxImage -Path "$folder/$i.vhdx" @Image } }
    $theirs = if ($qemu) {
        { for ($i = 0; $i -lt $PeerCount; $i++) { Invoke-Quietly $qemu @('create', '-q', '-f', 'vhdx', '-o', $Options, "$folder/$i.vhdx", $Size) } }
    }
    Measure-Turn -Ours $ours -Peer $theirs -OurCount $OurCount -PeerCount $PeerCount -Pairs $Pairs -Between $clean
}

function Measure-Written {
    # The bytes that one file of ours costs.
    param([hashtable] $Image)

    $before = Get-Written
    for ($i = 0; $i -lt 20; $i++) { $null = New-VhdxImage -Path "$folder/$i.vhdx" @Image }
    ((Get-Written) - $before) / 20
    $null = & $clean
}

try {
    $coarse = @{ SizeBytes = 64TB; BlockSizeBytes = 32MB }
    $fine = @{ SizeBytes = 64TB; BlockSizeBytes = 1MB }
    $fixed = @{ SizeBytes = 8TB; BlockSizeBytes = 1MB; Type = 'Fixed'; Preallocation = 'None' }

    $times = Measure-Create $coarse 64T 'block_size=32M,subformat=dynamic' 50 5
    Add-BenchRow 'create dynamic 64 TiB, blocks 32 MiB' $times.Ours $times.Peer -Unit s -MinimumRatio 10
    $times = Measure-Create $fine 64T 'block_size=1M,subformat=dynamic' 50 1
    Add-BenchRow 'create dynamic 64 TiB, blocks 1 MiB' $times.Ours $times.Peer -Unit s -MinimumRatio 100
    $times = Measure-Create $fixed 8T 'block_size=1M,subformat=fixed' 1 1
    Add-BenchRow 'create fixed 8 TiB, blocks 1 MiB, holes left' $times.Ours $times.Peer -Unit s -MinimumRatio 1

    if ($IsLinux) {
        Add-BenchRow 'bytes written, dynamic 64 TiB, blocks 32 MiB' (Measure-Written $coarse) -Unit B -Limit 1MB
        Add-BenchRow 'bytes written, dynamic 64 TiB, blocks 1 MiB' (Measure-Written $fine) -Unit B -Limit 1MB
    }

    for ($i = 0; $i -lt 1000; $i++) { $null = New-VhdxImage -Path "$folder/$i.vhdx" -SizeBytes 127GB }
    $files = @([IO.Directory]::GetFiles($folder))
    $theirs = if ($qemu) { { foreach ($file in $files[0..99]) { Invoke-Quietly $qemu @('info', '-f', 'vhdx', $file) } } }
    $scaled = 'the peer did 100 of the 1,000 calls; its time is scaled'
    $times = Measure-Turn -Ours { foreach ($file in $files) { Get-VhdxImage -LiteralPath $file } } -Peer $theirs -PeerCount 0.1 -Pairs $Pairs
    Add-BenchRow '1,000 calls of Get-VhdxImage' $times.Ours $times.Peer -Unit s -MinimumRatio 10 -Note $scaled
    $times = Measure-Turn -Ours { Get-ChildItem -LiteralPath $folder | Get-VhdxImage } -Peer $theirs -PeerCount 0.1 -Pairs $Pairs
    Add-BenchRow 'Get-ChildItem | Get-VhdxImage, 1,000 files' $times.Ours $times.Peer -Unit s -MinimumRatio 10 -Note $scaled
    $null = & $clean

    $create = "`$null = New-VhdxImage -Path '$($folder.Replace("'", "''"))/memory.vhdx' -SizeBytes 64TB -BlockSizeBytes 1MB"
    if ($IsLinux) {
        $report = "[IO.File]::ReadAllLines('/proc/self/status') -match '^VmHWM' -replace '\D'"
        $idle = [Collections.Generic.List[double]]::new()
        $working = [Collections.Generic.List[double]]::new()
        $their = [Collections.Generic.List[double]]::new()
        foreach ($pair in 1..$Pairs) {
            $idle.Add(1KB * (Invoke-ChildShell -Json "Import-Module $quotedManifest; $report"))
            $working.Add(1KB * (Invoke-ChildShell -Json "Import-Module $quotedManifest; $create; $report"))
            $null = & $clean
            if ($qemu) { $their.Add((Measure-PeakMemory $qemu @('create', '-q', '-f', 'vhdx', '-o', 'block_size=1M,subformat=dynamic', "$folder/memory.vhdx", '64T'))) }
            $null = & $clean
        }
        $base = Get-Median $idle
        $above = [double[]] @($working | ForEach-Object { [Math]::Max($_ - $base, 4KB) })
        Add-BenchRow 'peak memory above an idle session, dynamic 64 TiB, blocks 1 MiB' $above $their -Unit B -MinimumRatio 1 -Note (
            'an idle session has {0}; the peer is its whole process' -f (Format-BenchValue $base B))
    }

    $times = Measure-Turn -Ours { Invoke-ChildShell "Import-Module $quotedManifest; $create" } -Peer { Invoke-ChildShell 'exit' } -Pairs $Pairs -Between $clean
    Add-BenchRow 'first call: start, import and create, beside an empty session' $times.Ours $times.Peer -Unit s
}
finally {
    Remove-Item -LiteralPath $folder -Recurse -Force
}

Complete-Bench create -MissingPeer @(if (-not $qemu) { 'qemu-img' })
