# Dot-sourced by Invoke-Bench.ps1: what it takes to measure two things fairly.
. (Join-Path $PSScriptRoot '..' 'common.ps1')

function Get-Load {
    # How many processes wanted to run in the last minute, on average (Linux): beyond the number of processors, times say little.
    if ($IsLinux) { [double] ([IO.File]::ReadAllText('/proc/loadavg') -split ' ')[0] }
}

function Get-Median {
    param([Parameter(Mandatory)] [double[]] $Value)

    $sorted = @($Value | Sort-Object)
    $middle = [Math]::DivRem($sorted.Count, 2)
    if ($middle.Item2) { $sorted[$middle.Item1] } else { ($sorted[$middle.Item1 - 1] + $sorted[$middle.Item1]) / 2 }
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

function Get-ShellStart {
    # What starts a PowerShell of this same version, or that of a pwsh.dll: a program and its arguments.
    param([switch] $Redirected, [string] $Shell = (Join-Path $PSHOME 'pwsh.dll'))

    $start = [Diagnostics.ProcessStartInfo]::new([Environment]::ProcessPath)
    if ([IO.Path]::GetFileNameWithoutExtension($start.FileName) -eq 'dotnet') { $start.ArgumentList.Add($Shell) }
    $start.ArgumentList.Add('-NoProfile')
    $start.ArgumentList.Add('-NonInteractive')
    $start.RedirectStandardInput = $start.RedirectStandardOutput = $Redirected
    $start
}

function Get-ShellCommand {
    # The same as one list, for a row whose sides are processes.
    param([Parameter(Mandatory)] [string] $Script, [string] $Shell = (Join-Path $PSHOME 'pwsh.dll'))

    $start = Get-ShellStart -Shell $Shell
    @($start.FileName) + $start.ArgumentList + '-Command' + $Script
}

function Start-BenchSession {
    param([Parameter(Mandatory)] [hashtable] $Bench)

    $start = Get-ShellStart -Redirected
    foreach ($argument in '-File', (Join-Path $PSScriptRoot 'Session.ps1'), $manifestPath, $Bench.Workload, $Bench.Folder) { $start.ArgumentList.Add($argument) }
    [Diagnostics.Process]::Start($start)
}

function Invoke-BenchSession {
    # Runs a script in the session of the row. What it measures is measured there.
    param([Parameter(Mandatory)] [hashtable] $Bench, [Parameter(Mandatory)] [scriptblock] $Script)

    if (-not $Bench.Session) { $Bench.Session = Start-BenchSession $Bench }
    $session = $Bench.Session
    $session.StandardInput.WriteLine(("$Script" | ConvertTo-Json -Compress))
    $line = $session.StandardOutput.ReadLine()
    if ($null -eq $line) { throw 'The session has ended.' }
    $answer = $line | ConvertFrom-Json -AsHashtable
    if ($answer.ContainsKey('Error')) { throw $answer.Error }
    $answer
}

function Stop-BenchSession {
    param([Parameter(Mandatory)] [hashtable] $Bench)

    if (-not $Bench.Session) { return }
    $Bench.Session.StandardInput.Close()
    $Bench.Session.WaitForExit()
    $Bench.Session.Dispose()
    $Bench.Session = $null
}

function Invoke-BenchProcess {
    # Runs a program in the bench's folder. GNU time, when it is here, tells its processor time and its greatest size.
    param([Parameter(Mandatory)] [hashtable] $Bench, [Parameter(Mandatory)] [string[]] $Command)

    $report = Join-Path $Bench.Folder 'time.txt'
    $words = @(if ($Bench.Time) { $Bench.Time, '-f', '%U %S %M', '-o', $report }) + $Command
    $start = [Diagnostics.ProcessStartInfo]::new($words[0])
    foreach ($word in $words | Select-Object -Skip 1) { $start.ArgumentList.Add($word) }
    $start.WorkingDirectory = $Bench.Folder
    $start.RedirectStandardOutput = $start.RedirectStandardError = $true
    $watch = [Diagnostics.Stopwatch]::StartNew()
    $process = [Diagnostics.Process]::Start($start)
    $errorText = $process.StandardError.ReadToEndAsync()
    $output = $process.StandardOutput.ReadToEnd()
    $process.WaitForExit()
    $seconds = $watch.Elapsed.TotalSeconds
    $exitCode = $process.ExitCode
    $process.Dispose()
    if ($exitCode -ne 0) { throw "'$Command' ended with exit code ${exitCode}: $output $($errorText.Result)" }
    $answer = @{ Seconds = $seconds; Cpu = $null; Memory = $null; Value = $null }
    if ($Bench.Time) {
        $user, $system, $peak = ([IO.File]::ReadAllLines($report))[-1] -split ' '
        $answer.Cpu = [double] $user + [double] $system
        $answer.Memory = 1KB * [long] $peak
    }
    $answer
}

function Measure-Row {
    # Runs the sides of a row in turn, A B C A B C, and returns what each took. The first round warms up. What is there before a turn is
    # on the disk, so that nobody's flush writes what somebody else left behind.
    param([Parameter(Mandatory)] [hashtable] $Bench, [Parameter(Mandatory)] [hashtable] $Row, [Parameter(Mandatory)] [object[]] $Sides)

    $results = @{}
    foreach ($side in $Sides) { $results[$side.Name] = [Collections.Generic.List[hashtable]]::new() }
    try {
        foreach ($round in 0..$Bench.Pairs) {
            foreach ($side in $Sides) {
                if ($Row['Before']) { $null = & $Row.Before }
                if ($IsLinux) { & sync @([IO.Directory]::GetFiles($Bench.Folder)) }
                $result = if ($side.Run -is [scriptblock]) { Invoke-BenchSession $Bench $side.Run } else { Invoke-BenchProcess $Bench $side.Run }
                if ($Row['After']) { $null = & $Row.After }
                if ($round -gt 0 -or $Bench.Pairs -eq 0) { $results[$side.Name].Add($result) }
            }
        }
    }
    finally {
        # A fresh one for each row, so that memory is its own. Where nothing is measured, all rows share one.
        if ($Bench.Pairs) { Stop-BenchSession $Bench }
    }
    $results
}

function Get-Summary {
    # The medians of one side; of memory the greatest.
    param([Parameter(Mandatory)] [Collections.Generic.List[hashtable]] $Results, [double] $Scale = 1, [switch] $IsValue)

    $values = [double[]] @($Results | ForEach-Object { $Scale * ($IsValue ? $_.Value : $_.Seconds) })
    @{
        Value  = Get-Median $values
        Values = $values
        Cpu    = if ($null -ne $Results[0].Cpu) { $Scale * (Get-Median @($Results.Cpu)) }
        Memory = if ($null -ne $Results[0].Memory) { ($Results.Memory | Measure-Object -Maximum).Maximum }
    }
}

function Remove-BenchFile {
    param([Parameter(Mandatory)] [string[]] $Name)

    foreach ($path in $Name) { Remove-Item -Path (Join-Path $bench.Folder $path) -Recurse -Force -ErrorAction Ignore }
}

function Copy-BenchFile {
    param([Parameter(Mandatory)] [string] $From, [Parameter(Mandatory)] [string] $To)

    [IO.File]::Copy((Join-Path $bench.Folder $From), (Join-Path $bench.Folder $To), $true)
}

function Use-BenchDisk {
    # Makes one of the disks that several rows share, unless it is there.
    param([Parameter(Mandatory)] [ValidateSet('half.img', 'half.vhdx', 'holes.img', 'holes.vhdx')] [string] $Name)

    $path = Join-Path $bench.Folder $Name
    if (Test-Path -LiteralPath $path) { return }
    $raw = [IO.Path]::ChangeExtension($path, 'img')
    if ($Name -eq 'half.img') { [VhdxToolsBench.Workload]::WriteDisk($path, $bench.Size, 1, $false) }
    elseif ($Name -eq 'holes.img') { [VhdxToolsBench.Workload]::WriteDisk($path, 16 * $bench.Size, 9, $true) }
    else {
        Use-BenchDisk ([IO.Path]::GetFileName($raw))
        $null = Convert-VhdxImage $raw $path -Type Dynamic -BlockSizeBytes 32MB
    }
}

function Get-MissingForShared {
    # Why no volume that shares extents can be made here; nothing when it can.
    if (-not $IsLinux -or (& id -u) -ne '0') { return 'a volume that shares extents takes root on Linux to mount' }
    foreach ($program in 'mkfs.xfs', 'mount') { if (-not (Get-Command $program -CommandType Application -ErrorAction Ignore)) { return "$program is not here" } }
    try { Mount-BenchVolume } catch { return "$_" } finally { Dismount-BenchVolume }
}

function Mount-BenchVolume {
    # xfs in a file of the bench's folder, with room for two disks of 'holes.img'; mounted there as 'shared'.
    $volume = Join-Path $bench.Folder 'shared.volume'
    $mount = Join-Path $bench.Folder 'shared'
    $file = [IO.File]::Create($volume)
    try { $file.SetLength(400MB + [long] (5 * $bench.Size)) } finally { $file.Dispose() }
    $output = & mkfs.xfs -q -f -m reflink=1 $volume 2>&1
    if ($LASTEXITCODE -ne 0) { throw "mkfs.xfs failed: $output" }
    $null = New-Item -ItemType Directory -Path $mount -Force
    $output = & mount -o loop $volume $mount 2>&1
    if ($LASTEXITCODE -ne 0) { throw "xfs cannot be mounted: $output" }
}

function Dismount-BenchVolume {
    # Also after a failure, so that nothing of it stays in the way of the folder's removal.
    $mount = Join-Path $bench.Folder 'shared'
    if ((Test-Path -LiteralPath $mount) -and (& findmnt -n $mount)) {
        & umount $mount
        if ($LASTEXITCODE -ne 0) { & umount -l $mount }
    }
    Remove-BenchFile 'shared', 'shared.volume'
}
