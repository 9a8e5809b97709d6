# The session in which our side of a row runs. Takes a line of JSON with a script from the input, runs it, and answers with a line of
# JSON: Seconds, Cpu (seconds of the whole process), Memory (the greatest resident size meanwhile, beyond that of the idle session,
# in bytes; Linux) and Value (the last thing that the script gave). Ends with the input.
param(
    [Parameter(Mandatory)] [string] $Manifest,
    [Parameter(Mandatory)] [string] $Workload,
    [Parameter(Mandatory)] [string] $Folder
)

Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
# The output is for the answers alone.
$WarningPreference = 'SilentlyContinue'
Import-Module $Manifest
Add-Type -LiteralPath $Workload
Set-Location -LiteralPath $Folder
# VhdxDisk and .NET take relative paths by this one.
[Environment]::CurrentDirectory = $Folder

function Get-Memory {
    param([string] $Field)

    if (-not $IsLinux) { return 0 }
    1KB * [long] [regex]::Match([IO.File]::ReadAllText('/proc/self/status'), "(?m)^${Field}:\s+(\d+)").Groups[1].Value
}

$process = [Diagnostics.Process]::GetCurrentProcess()
$idle = Get-Memory VmRSS
while ($null -ne ($line = [Console]::In.ReadLine())) {
    $script = [scriptblock]::Create(($line | ConvertFrom-Json))
    try {
        [GC]::Collect()
        # Sets the greatest size back to the present one.
        if ($IsLinux) { [IO.File]::WriteAllText('/proc/self/clear_refs', '5') }
        $process.Refresh()
        $cpu = $process.TotalProcessorTime
        $watch = [Diagnostics.Stopwatch]::StartNew()
        $value = & $script
        $seconds = $watch.Elapsed.TotalSeconds
        $process.Refresh()
        $answer = @{
            Seconds = $seconds
            Cpu     = ($process.TotalProcessorTime - $cpu).TotalSeconds
            Memory  = [Math]::Max(0, (Get-Memory VmHWM) - $idle)
            Value   = if ($value -is [ValueType]) { $value }
        }
    }
    catch {
        $answer = @{ Error = "$_ $($_.ScriptStackTrace)" }
    }
    [Console]::Out.WriteLine(($answer | ConvertTo-Json -Compress))
}
