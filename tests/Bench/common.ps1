# Dot-sourced by every *.Bench.ps1: the module and helpers of the tests, and what it takes to measure two things fairly.
# A bench adds rows to its table with Add-BenchRow, and ends with Complete-Bench.
. (Join-Path $PSScriptRoot '..' 'common.ps1')

$benchRows = [Collections.Generic.List[object]]::new()

function Get-Load {
    # How many processes wanted to run in the last minute, on average (Linux): beyond the number of processors, times say little.
    if ($IsLinux) { [double] ([IO.File]::ReadAllText('/proc/loadavg') -split ' ')[0] }
}

$loadBefore = Get-Load

function New-BenchFolder {
    # Not the temporary folder: that may lie in memory, where a flush costs nothing.
    $path = Join-Path $repository 'out' "bench-$([IO.Path]::GetRandomFileName())"
    $null = New-Item -ItemType Directory -Path $path -Force
    $path
}

function Get-Median {
    param([Parameter(Mandatory)] [double[]] $Value)

    $sorted = @($Value | Sort-Object)
    $middle = [Math]::DivRem($sorted.Count, 2)
    if ($middle.Item2) { $sorted[$middle.Item1] } else { ($sorted[$middle.Item1 - 1] + $sorted[$middle.Item1]) / 2 }
}

function Invoke-Quietly {
    # Runs a program without the cost of PowerShell's own pipeline; its exit code must be 0.
    param([Parameter(Mandatory)] [string] $Command, [Parameter(Mandatory)] [string[]] $ArgumentList)

    $process = Start-Quietly $Command $ArgumentList
    $output = $process.StandardOutput.ReadToEnd()
    Wait-Quietly $process $output
}

function Start-Quietly {
    param([Parameter(Mandatory)] [string] $Command, [Parameter(Mandatory)] [string[]] $ArgumentList)

    $start = [Diagnostics.ProcessStartInfo]::new($Command)
    $start.RedirectStandardOutput = $true
    foreach ($argument in $ArgumentList) { $start.ArgumentList.Add($argument) }
    [Diagnostics.Process]::Start($start)
}

function Wait-Quietly {
    param([Parameter(Mandatory)] [Diagnostics.Process] $Process, [string] $Output)

    $Process.WaitForExit()
    $exitCode = $Process.ExitCode
    $name = $Process.StartInfo.FileName
    $Process.Dispose()
    if ($exitCode -ne 0) { throw "$name ended with exit code ${exitCode}: $Output" }
}

function Measure-Turn {
    # Runs both scripts in turn, A B A B, and returns the seconds of each unit of work: a script does Count units.
    # What a turn wrote is on the disk before the next one starts.
    param(
        [Parameter(Mandatory)] [scriptblock] $Ours,
        [scriptblock] $Peer,
        [double] $OurCount = 1,
        [double] $PeerCount = 1,
        [int] $Pairs = 5,
        [scriptblock] $Between = {}
    )

    $seconds = @{ Ours = [Collections.Generic.List[double]]::new(); Peer = [Collections.Generic.List[double]]::new() }
    $sides = @(@{ Name = 'Ours'; Script = $Ours; Count = $OurCount }) + @(if ($Peer) { @{ Name = 'Peer'; Script = $Peer; Count = $PeerCount } })
    foreach ($pair in 0..$Pairs) {
        foreach ($side in $sides) {
            [GC]::Collect()
            $watch = [Diagnostics.Stopwatch]::StartNew()
            $null = & $side.Script
            $elapsed = $watch.Elapsed.TotalSeconds
            # The first pair warms up.
            if ($pair -gt 0) { $seconds[$side.Name].Add($elapsed / $side.Count) }
            $null = & $Between
            if ($IsLinux) { & sync -f $repository }
        }
    }
    [pscustomobject]@{ Ours = $seconds.Ours.ToArray(); Peer = $seconds.Peer.ToArray() }
}

function Add-BenchRow {
    # A row of the table. Ratio is how many times better we are than the peer; where there is no peer, Limit is the most
    # that our own value may be.
    param(
        [Parameter(Mandatory)] [string] $Work,
        [Parameter(Mandatory)] [double[]] $Ours,
        [double[]] $Peer,
        [Parameter(Mandatory)] [ValidateSet('s', 'B')] [string] $Unit,
        [double] $MinimumRatio,
        [double] $Limit,
        [string] $Note
    )

    $our = Get-Median $Ours
    $their = if ($Peer) { Get-Median $Peer }
    $ratio = if ($Peer) { $their / $our }
    $ok = $null
    $wanted = ''
    if ($PSBoundParameters.ContainsKey('MinimumRatio')) {
        $wanted = 'at least {0:0.##} x' -f $MinimumRatio
        if ($Peer) { $ok = $ratio -ge $MinimumRatio }
    }
    elseif ($PSBoundParameters.ContainsKey('Limit')) {
        $wanted = 'under ' + (Format-BenchValue $Limit $Unit)
        $ok = $our -lt $Limit
    }
    $row = [pscustomobject]@{
        Work = $Work; Unit = $Unit; Ours = $our; Peer = $their; Ratio = $ratio; Wanted = $wanted; Ok = $ok
        OurValues = $Ours; PeerValues = @($Peer); Note = $Note
    }
    $benchRows.Add($row)
    Write-Host ('  {0}: {1}{2}' -f $Work, (Format-BenchValue $our $Unit), $(if ($Peer) { " beside $(Format-BenchValue $their $Unit)" }))
}

function Format-BenchValue {
    param($Value, [string] $Unit)

    if ($null -eq $Value) { return '-' }
    $scales = if ($Unit -eq 's') { @(@(1, 's'), @(1e-3, 'ms'), @(1e-6, 'us')) } else { @(@(1MB, 'MiB'), @(1KB, 'KiB'), @(1, 'B')) }
    foreach ($scale in $scales) {
        if ([Math]::Abs($Value) -ge $scale[0]) { return '{0:0.0#} {1}' -f ($Value / $scale[0]), $scale[1] }
    }
    '{0:0} {1}' -f $Value, $Unit
}

function Get-PeakMemory {
    # The most memory that a process held so far, in bytes (Linux), or nothing when it is gone.
    param([Parameter(Mandatory)] [int] $Id)

    foreach ($line in [IO.File]::ReadAllLines("/proc/$Id/status")) {
        if ($line -match '^VmHWM:\s+(\d+) kB') { return [long] $Matches[1] * 1KB }
    }
}

function Measure-PeakMemory {
    # The peak memory of a program, looked at again and again until it ends (Linux).
    param([Parameter(Mandatory)] [string] $Command, [Parameter(Mandatory)] [string[]] $ArgumentList)

    $process = Start-Quietly $Command $ArgumentList
    $peak = 0
    while (-not $process.HasExited) {
        try { $peak = [Math]::Max($peak, [long] (Get-PeakMemory $process.Id)) } catch [IO.IOException] { break }
        Start-Sleep -Milliseconds 2
    }
    Wait-Quietly $process
    $peak
}

function Complete-Bench {
    # Prints the table, writes out/bench-NAME.json, and ends the process: 1 when something that is wanted was missed.
    param([Parameter(Mandatory)] [string] $Name, [string[]] $MissingPeer = @())

    $benchRows | Select-Object @(
        'Work'
        @{ Name = 'Ours'; Expression = { Format-BenchValue $_.Ours $_.Unit } }
        @{ Name = 'Peer'; Expression = { Format-BenchValue $_.Peer $_.Unit } }
        @{ Name = 'Ratio'; Expression = { if ($null -ne $_.Ratio) { '{0:0.##}' -f $_.Ratio } else { '-' } } }
        'Wanted'
        @{ Name = 'Ok'; Expression = { if ($null -eq $_.Ok) { '-' } elseif ($_.Ok) { 'yes' } else { 'NO' } } }
    ) | Format-Table -AutoSize -Wrap | Out-String -Width 200 | Write-Host
    foreach ($row in $benchRows | Where-Object { $_.Note -and $null -ne $_.Peer }) { Write-Host "$($row.Work): $($row.Note)" }
    foreach ($peer in $MissingPeer) { Write-Host "Not here, so nothing was compared with it: $peer" }

    if ($loadBefore -gt [Environment]::ProcessorCount) {
        Write-Host "The machine was busy with other work (load $loadBefore on $([Environment]::ProcessorCount) processors): repeat what was missed."
    }

    $json = Join-Path $repository 'out' "bench-$Name.json"
    [ordered]@{
        Bench       = $Name
        Time        = [DateTime]::UtcNow.ToString('s') + 'Z'
        System      = [Runtime.InteropServices.RuntimeInformation]::OSDescription
        Processors  = [Environment]::ProcessorCount
        PowerShell  = $PSVersionTable.PSVersion.ToString()
        Module      = (Get-Module VhdxTools).Version.ToString()
        LoadBefore  = $loadBefore
        LoadAfter   = Get-Load
        MissingPeer = @($MissingPeer)
        Rows        = $benchRows
    } | ConvertTo-Json -Depth 4 | Set-Content -LiteralPath $json
    Write-Host "Wrote $json"

    $missed = @($benchRows | Where-Object { $_.Ok -eq $false })
    foreach ($row in $missed) { Write-Host "MISSED  $($row.Work): wanted $($row.Wanted)" }
    exit ($missed ? 1 : 0)
}
