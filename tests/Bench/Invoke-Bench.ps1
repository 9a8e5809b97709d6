<#
.SYNOPSIS
Measures the module beside its peers, prints a table and writes it as JSON. build.ps1 -Task Bench runs it.
.DESCRIPTION
Every *.Bench.ps1 of this folder gives rows, hashtables with

    Work     what is done
    Prepare  makes what all turns need; Before and After run around each turn, End at the end of the row
    Ours     a script, which runs in a session with the module imported; or a command, which is a process
    Peers    of each its Name, Run (a command, or a script for our session), Wanted (the greatest ratio of our time to its),
             Under (ratio below, not at) or Difference (the most seconds that we may take longer), and Scale (it does only a part of the work)
    Limit    with Unit = 'B': the script gives a number of bytes, which must be below
    Space    bytes that the row needs in the scratch folder

Ours and peers run in turn, after a round that warms up. Ratios are of the medians of wall clock, ours to the peer's.
#>
[CmdletBinding()]
param(
    # Only rows whose work contains this text, or whose file's name starts with it.
    [string] $Filter,

    # Measured rounds behind the one that warms up; with 0 that one is taken.
    [ValidateRange(0, 1000)] [int] $Pairs = 5,

    # Sizes and counts, relative to those of the full table: 4 GiB, 64 GiB, 10,000 files.
    [ValidateRange(0.0001, 100.0)] [double] $Scale = 1,

    # The JSON file.
    [string] $OutputPath,

    # The JSON file of the hot paths that were measured already, which becomes a part of ours.
    [string] $HotPaths,

    # The pwsh.dll of a PowerShell that holds native code, as released ones do, where ours has none.
    [string] $CompiledShell
)

. (Join-Path $PSScriptRoot 'common.ps1')
$bench = @{
    Pairs   = $Pairs
    Scale   = $Scale
    Size    = 1MB * [Math]::Max(16, [Math]::Round(4096 * $Scale))
    Folder  = Join-Path ([IO.Path]::GetTempPath()) "vhdxtools-bench-$([IO.Path]::GetRandomFileName())"
    Time    = $null
    Session = $null
}
$memoryLimit = 64MB
$rows = [Collections.Generic.List[object]]::new()
$missingPeers = [Collections.Generic.SortedSet[string]]::new()
$loadBefore = Get-Load

function Test-Command {
    # Whether all of a side's programs are here.
    param([object] $Run)

    if ($Run -is [scriptblock]) { return $true }
    # A shell's line starts with the program that it is about.
    $program = if ($Run[0] -eq 'sh') { ($Run[2] -split ' ')[0] } else { $Run[0] }
    if ((Get-Command $program -CommandType Application -ErrorAction Ignore) -and (Get-Command $Run[0] -CommandType Application -ErrorAction Ignore)) { return $true }
    $null = $missingPeers.Add([IO.Path]::GetFileName($program))
    $false
}

function Add-Row {
    param([hashtable] $Row, [hashtable] $Ours, [hashtable] $Peer, [hashtable] $Theirs, [string] $Note)

    $unit = $Row['Unit'] ?? 's'
    $ratio = if ($Ours -and $Theirs) { $Ours.Value / $Theirs.Value }
    $wanted = ''
    $isTime = $null
    if ($Peer -and $Peer.ContainsKey('Wanted')) { $wanted = "<= $($Peer.Wanted)"; if ($ratio) { $isTime = $ratio -le $Peer.Wanted } }
    elseif ($Peer -and $Peer.ContainsKey('Under')) { $wanted = "< $($Peer.Under)"; if ($ratio) { $isTime = $ratio -lt $Peer.Under } }
    elseif ($Peer -and $Peer.ContainsKey('Difference')) {
        $wanted = '+ ' + (Format-BenchValue $Peer.Difference s)
        if ($ratio) { $isTime = $Ours.Value - $Theirs.Value -lt $Peer.Difference }
    }
    elseif ($Row['Limit']) { $wanted = '< ' + (Format-BenchValue $Row.Limit $unit); if ($Ours) { $isTime = $Ours.Value -lt $Row.Limit } }
    $isMemory = if ($Ours -and $Row.Ours -is [scriptblock] -and $Ours.Memory) { $Ours.Memory -lt $memoryLimit }
    $rows.Add([pscustomobject]@{
            Work = $Row.Work; Peer = $Peer ? $Peer.Name : $null; Unit = $unit
            Ours = ${Ours}?.Value; Theirs = ${Theirs}?.Value; Ratio = $ratio; Wanted = $wanted; Ok = $isTime
            OurCpu = ${Ours}?.Cpu; TheirCpu = ${Theirs}?.Cpu; CpuRatio = if (${Ours}?.Cpu -and ${Theirs}?.Cpu) { $Ours.Cpu / $Theirs.Cpu }
            OurMemory = if ($null -ne $isMemory) { $Ours.Memory }; TheirMemory = ${Theirs}?.Memory; MemoryOk = $isMemory
            OurValues = @(${Ours}?.Values); TheirValues = @(${Theirs}?.Values); Note = $Note
        })
    Write-Host ('  {0}{1}' -f $rows[-1].Work, $(
            if ($Note) { ": $Note" }
            else { ': {0}{1}' -f (Format-BenchValue $Ours.Value $unit), $(if ($Theirs) { ', {0} {1}: {2:0.00}' -f $Peer.Name, (Format-BenchValue $Theirs.Value $unit), $ratio }) }))
}

function Invoke-Row {
    param([hashtable] $Row)

    $free = [IO.DriveInfo]::new($bench.Folder).AvailableFreeSpace
    if ($Row['Space'] -and $free -lt 1.1 * $Row.Space + 1GB) {
        Add-Row $Row -Note "left out: it needs $(Format-BenchValue $Row.Space B), and $(Format-BenchValue $free B) are free"
        return
    }
    if ($Row['Missing'] -and ($reason = & $Row.Missing)) {
        Add-Row $Row -Note "left out: $reason"
        return
    }
    $peers = @($Row['Peers'] | Where-Object { $_ -and (Test-Command $_.Run) })
    $sides = @(@{ Name = 'ours'; Run = $Row.Ours }) + $peers
    try {
        if ($Row['Prepare']) { $null = & $Row.Prepare }
        $results = Measure-Row $bench $Row $sides
        $ours = Get-Summary $results.ours -IsValue:($Row['Unit'] -eq 'B')
        if (-not $peers) { Add-Row $Row $ours }
        foreach ($peer in $peers) { Add-Row $Row $ours $peer (Get-Summary $results[$peer.Name] ($peer['Scale'] ?? 1)) }
    }
    catch {
        Add-Row $Row -Note "broke off: $_"
    }
    finally {
        if ($Row['End']) { $null = & $Row.End }
    }
}

function Write-Table {
    $mark = { param($value) if ($null -eq $value) { '-' } elseif ($value) { 'yes' } else { 'NO' } }
    $rows | Format-Table -AutoSize -Property @(
        'Work'
        'Peer'
        @{ Name = 'Ours'; Expression = { Format-BenchValue $_.Ours $_.Unit }; Alignment = 'Right' }
        @{ Name = 'Theirs'; Expression = { Format-BenchValue $_.Theirs $_.Unit }; Alignment = 'Right' }
        @{ Name = 'Ratio'; Expression = { if ($null -ne $_.Ratio) { '{0:0.00#}' -f $_.Ratio } else { '-' } }; Alignment = 'Right' }
        'Wanted'
        @{ Name = 'Ok'; Expression = { & $mark $_.Ok } }
        @{ Name = 'CPU'; Expression = { Format-BenchValue $_.OurCpu s }; Alignment = 'Right' }
        @{ Name = 'Theirs '; Expression = { Format-BenchValue $_.TheirCpu s }; Alignment = 'Right' }
        @{ Name = 'Ratio '; Expression = { if ($null -ne $_.CpuRatio) { '{0:0.00}' -f $_.CpuRatio } else { '-' } }; Alignment = 'Right' }
        @{ Name = 'Memory'; Expression = { Format-BenchValue $_.OurMemory B }; Alignment = 'Right' }
        @{ Name = 'Theirs  '; Expression = { Format-BenchValue $_.TheirMemory B }; Alignment = 'Right' }
        @{ Name = 'Small'; Expression = { & $mark $_.MemoryOk } }
    ) | Out-String -Width 260 | Write-Host
    if ($hot) {
        $hot | Format-Table -AutoSize -Property @(
            @{ Name = 'Hot path'; Expression = { $_.Work } }
            @{ Name = 'Time'; Expression = { Format-BenchValue ($_.Nanoseconds / 1e9) s }; Alignment = 'Right' }
            @{ Name = 'Allocated'; Expression = { Format-BenchValue $_.AllocatedBytes B }; Alignment = 'Right' }
        ) | Out-String -Width 260 | Write-Host
    }
    Write-Host "Sizes x $Scale, $Pairs measured rounds; medians of wall clock. CPU is user and system time. Memory is the peak, ours beyond that of an idle session: small is under 64 MiB."
    foreach ($row in $rows | Where-Object Note) { Write-Host "$($row.Work): $($row.Note)" }
    foreach ($peer in $missingPeers) { Write-Host "Not here, so nothing was compared with it: $peer" }
    if ($loadBefore -gt [Environment]::ProcessorCount) {
        Write-Host "The machine was busy with other work (load $loadBefore on $([Environment]::ProcessorCount) processors): repeat what was missed."
    }
}

$null = New-Item -ItemType Directory -Path $bench.Folder
try {
    # Compiled into a file: a session that compiles has a compiler in its memory.
    $bench.Workload = Join-Path $bench.Folder 'Workload.dll'
    Add-Type -LiteralPath (Join-Path $PSScriptRoot 'Workload.cs') -OutputAssembly $bench.Workload
    Add-Type -LiteralPath $bench.Workload
    # That of Linux; others take no format.
    if ($IsLinux) { $bench.Time = (Get-Command time -CommandType Application -ErrorAction Ignore | Select-Object -First 1)?.Source }
    [Environment]::CurrentDirectory = $bench.Folder
    foreach ($file in Get-ChildItem -Path (Join-Path $PSScriptRoot '*.Bench.ps1') | Sort-Object Name) {
        foreach ($row in . $file.FullName) {
            if (-not $Filter -or $row.Work.Contains($Filter, [StringComparison]::OrdinalIgnoreCase) -or $file.Name.StartsWith($Filter, [StringComparison]::OrdinalIgnoreCase)) { Invoke-Row $row }
        }
    }
}
finally {
    Stop-BenchSession $bench
    [Environment]::CurrentDirectory = $repository
    Remove-Item -LiteralPath $bench.Folder -Recurse -Force
}

$hot = if ($HotPaths) { Get-Content -LiteralPath $HotPaths -Raw | ConvertFrom-Json }
if (-not $rows.Count -and -not $hot) { throw "No row's work contains '$Filter'." }
Write-Table
if (-not $OutputPath) { $OutputPath = Join-Path $repository 'out' 'bench.json' }
$null = New-Item -ItemType Directory -Path (Split-Path $OutputPath) -Force
[ordered]@{
    Time         = [DateTime]::UtcNow.ToString('s') + 'Z'
    System       = [Runtime.InteropServices.RuntimeInformation]::OSDescription
    Processors   = [Environment]::ProcessorCount
    PowerShell   = $PSVersionTable.PSVersion.ToString()
    Module       = (Get-Module VhdxTools).Version.ToString()
    Scale        = $Scale
    Pairs        = $Pairs
    LoadBefore   = $loadBefore
    LoadAfter    = Get-Load
    MissingPeers = @($missingPeers)
    Rows         = $rows
    HotPaths     = @($hot)
} | ConvertTo-Json -Depth 5 | Set-Content -LiteralPath $OutputPath
Write-Host "Wrote $OutputPath"
foreach ($row in $rows | Where-Object { $_.Ok -eq $false }) { Write-Host "MISSED  $($row.Work), beside $($row.Peer): $('{0:0.00}' -f $row.Ratio), wanted $($row.Wanted)" }
foreach ($row in $rows | Where-Object { $_.MemoryOk -eq $false } | Sort-Object Work -Unique) { Write-Host "MISSED  $($row.Work): $(Format-BenchValue $row.OurMemory B) of memory" }
if ($rows | Where-Object { $_.Note -like 'broke off*' }) { exit 1 }
