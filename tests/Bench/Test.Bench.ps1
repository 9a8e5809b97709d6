# How long Test-VhdxImage takes for the greatest image, beside reading its BAT and nothing more; how much memory it takes; and a
# million blocks beside qemu-img check. Writes out/bench-test.json.
[CmdletBinding()]
param(
    # Pairs of measurements behind the warm-up.
    [int] $Pairs = 5,

    # Where the images are made; sparse files of 64 TiB must fit.
    [string] $Folder = ((Test-Path -LiteralPath /dev/shm) ? '/dev/shm' : [IO.Path]::GetTempPath())
)

Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$repository = Split-Path (Split-Path $PSScriptRoot)
$manifest = Join-Path $repository 'VhdxTools.psd1'
Import-Module $manifest
$work = Join-Path $Folder "vhdxtools-bench-$([guid]::NewGuid())"
$null = New-Item -ItemType Directory -Path $work

function Measure-Pair {
    # A B A B, the medians in seconds.
    param([scriptblock] $Ours, [scriptblock] $Peer)

    $null = & $Ours
    $null = & $Peer
    $times = @{ Ours = @(); Peer = @() }
    for ($i = 0; $i -lt $Pairs; $i++) {
        $times.Ours += (Measure-Command { & $Ours }).TotalSeconds
        $times.Peer += (Measure-Command { & $Peer }).TotalSeconds
    }
    $median = { param($values) ($values | Sort-Object)[[int] [Math]::Floor($values.Count / 2)] }
    [pscustomobject]@{ Ours = & $median $times.Ours; Peer = & $median $times.Peer }
}

function Measure-Peak {
    # The greatest resident size in MiB of a fresh session that runs a script; null where the system does not tell.
    param([string] $Script)

    if (-not $IsLinux) { return $null }
    $shell = @([Environment]::ProcessPath)
    if ([IO.Path]::GetFileNameWithoutExtension($shell[0]) -eq 'dotnet') { $shell += Join-Path $PSHOME 'pwsh.dll' }
    $command, $arguments = $shell + @('-NoProfile', '-NonInteractive', '-Command', "Import-Module '$manifest'; $Script; (Select-String -LiteralPath /proc/self/status -Pattern 'VmHWM:\s+(\d+)').Matches[0].Groups[1].Value")
    $output = & $command @arguments
    if ($LASTEXITCODE -ne 0) { throw "The session ended with exit code ${LASTEXITCODE}: $output" }
    [long] @($output)[-1] / 1024
}

function New-LongImage {
    # Fixed with 1 MiB blocks, every block mapped, over a file that is one hole behind its BAT.
    foreach ($size in 64TB, 8TB) {
        $path = Join-Path $work 'long.vhdx'
        $null = New-VhdxImage -Path $path -SizeBytes $size -BlockSizeBytes 1MB -Fixed -Preallocation None -ErrorAction SilentlyContinue
        if (Test-Path -LiteralPath $path) { return @{ Path = $path; Size = $size } }
    }
    throw "No image of 8 TiB could be made in '$work'."
}

$rows = [Collections.Generic.List[object]]::new()
function Add-Row {
    param([string] $Name, [double] $Ours, [double] $Peer, [string] $Unit, [string] $PeerName)
    $rows.Add([pscustomobject]@{ Work = $Name; Ours = $Ours; Peer = $Peer; Ratio = $Peer ? $Ours / $Peer : $null; Unit = $Unit; PeerName = $PeerName })
}

try {
    $long = New-LongImage
    $bat = (Get-VhdxLayout -Path $long.Path).Regions | Where-Object Name -EQ 'BAT'
    $buffer = [byte[]]::new(256KB)
    $readBat = {
        $stream = [IO.FileStream]::new($long.Path, 'Open', 'Read', 'ReadWrite', 1)
        try {
            $stream.Position = [long] $bat.FileOffset
            for ($left = $bat.Length; $left -gt 0; $left -= $buffer.Length) { $null = $stream.Read($buffer, 0, $buffer.Length) }
        }
        finally { $stream.Dispose() }
    }
    $test = {
        if (-not (Test-VhdxImage -Path $long.Path)) { throw 'The image is sound, and Test-VhdxImage says that it is not.' }
    }
    $label = "$($long.Size / 1TB) TiB, every 1 MiB block mapped"
    $pair = Measure-Pair $test $readBat
    Add-Row $label $pair.Ours $pair.Peer 's' 'reading the BAT'

    $idle = Measure-Peak '1'
    if ($null -ne $idle) {
        $peak = Measure-Peak "`$null = Test-VhdxImage -Path '$($long.Path)'"
        Add-Row "$label, peak memory" $peak $idle 'MiB' 'an idle session'
        Write-Host ('Memory beyond an idle session: {0:n0} MiB (wanted: under 100 MiB)' -f ($peak - $idle))
    }
    Remove-Item -LiteralPath $long.Path

    if (Get-Command qemu-img -CommandType Application -ErrorAction Ignore) {
        $million = Join-Path $work 'million.vhdx'
        $null = New-VhdxImage -Path $million -SizeBytes 1000000MB -BlockSizeBytes 1MB -Fixed -Preallocation None
        $pair = Measure-Pair { Test-VhdxImage -Path $million } {
            $null = & qemu-img check -q -f vhdx $million 2>&1
            if ($LASTEXITCODE -ne 0) { throw "qemu-img check ended with exit code $LASTEXITCODE." }
        }
        Add-Row '1,000,000 blocks' $pair.Ours $pair.Peer 's' 'qemu-img check'
    }

    $rows | Format-Table Work, @{ n = 'Ours'; e = { '{0:n3} {1}' -f $_.Ours, $_.Unit }; a = 'Right' },
        @{ n = 'Peer'; e = { '{0:n3} {1} ({2})' -f $_.Peer, $_.Unit, $_.PeerName } }, @{ n = 'Ratio'; e = { '{0:n2}' -f $_.Ratio }; a = 'Right' } |
        Out-String -Width 160 | Write-Host
    $out = Join-Path $repository 'out'
    $null = New-Item -ItemType Directory -Path $out -Force
    $rows | ConvertTo-Json | Set-Content -LiteralPath (Join-Path $out 'bench-test.json')
}
finally {
    Remove-Item -LiteralPath $work -Recurse -Force
}
