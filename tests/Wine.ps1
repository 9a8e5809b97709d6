# The Windows build of PowerShell on Linux, by Wine: dot-sourced by build.ps1. Everything comes from NuGet and lies under one folder.
#
# What it shows: the code paths for Windows, drive letters and backslashes, sharing violations, deleting what is open, error codes and
# the calls of kernel32. What it cannot show: sparse and compressed files, zeroing and cloning of ranges (those calls fail there, so
# they show the fallbacks), attaching an image, WMI, and Windows PowerShell 5.1.

$wineRuntimeVersion = '10.0.12'
$wineTimeout = '60m'

function Find-WineProblem {
    # What keeps Wine from running here, as a sentence; nothing when nothing does.
    if (-not $IsLinux -or [Runtime.InteropServices.RuntimeInformation]::OSArchitecture -ne 'X64') { return 'Wine runs the Windows build on Linux x64 only' }
    $missing = @('wine', 'wineboot', 'wineserver', 'script', 'timeout' | Where-Object { -not (Get-Command $_ -CommandType Application -ErrorAction Ignore) })
    if ($missing) { "not on this system: $($missing -join ', ')" }
}

function Get-WineEnvironment {
    # For every program in the prefix.
    param([Parameter(Mandatory)] [string] $Folder)

    @{
        WINEPREFIX = Join-Path $Folder 'prefix'
        WINEDEBUG = '-all'
        # No debugger when something crashes. (Without mscoree, .NET cannot load its assemblies.)
        WINEDLLOVERRIDES = 'winedbg.exe=d'
        DOTNET_ROOT = ConvertTo-WinePath (Join-Path $Folder 'dotnet')
        # Wine cannot map the memory of compiled code twice.
        DOTNET_EnableWriteXorExecute = '0'
        DOTNET_CLI_TELEMETRY_OPTOUT = '1'
        POWERSHELL_TELEMETRY_OPTOUT = '1'
        POWERSHELL_UPDATECHECK = 'Off'
        NO_COLOR = '1'
    }
}

function ConvertTo-WinePath {
    # Wine shows the root of the file system as drive Z:.
    param([Parameter(Mandatory)] [string] $Path)

    'Z:' + [IO.Path]::GetFullPath($Path).Replace('/', '\')
}

function Install-WineShell {
    # Makes the folder of the Windows build, once for each set of versions, and returns it.
    param([Parameter(Mandatory)] [string] $ScratchPath)

    $shellVersion = (Get-Content -LiteralPath (Join-Path $PSScriptRoot '..' '.config' 'dotnet-tools.json') -Raw | ConvertFrom-Json).tools.powershell.version
    $folder = Join-Path $ScratchPath "wine-$shellVersion-$wineRuntimeVersion"
    $complete = Join-Path $folder 'complete'
    if (Test-Path -LiteralPath $complete) { return $folder }

    New-EmptyFolder $folder
    $packages = Get-NuGetPackage (Join-Path $folder 'packages') ([ordered]@{
            'PowerShell'                                   = $shellVersion
            'Microsoft.NETCore.App.Runtime.win-x64'        = $wineRuntimeVersion
            'Microsoft.WindowsDesktop.App.Runtime.win-x64' = $wineRuntimeVersion
        })
    $dotnet = Join-Path $folder 'dotnet'
    foreach ($framework in 'Microsoft.NETCore.App', 'Microsoft.WindowsDesktop.App') {
        $runtime = Join-Path $packages "$($framework.ToLowerInvariant()).runtime.win-x64" $wineRuntimeVersion 'runtimes' 'win-x64'
        $shared = (New-Item -ItemType Directory -Path (Join-Path $dotnet 'shared' $framework $wineRuntimeVersion) -Force).FullName
        Copy-Item -Path (Join-Path $runtime 'lib' 'net10.0' '*'), (Join-Path $runtime 'native' '*') -Destination $shared
    }
    $resolver = (New-Item -ItemType Directory -Path (Join-Path $dotnet 'host' 'fxr' $wineRuntimeVersion) -Force).FullName
    Copy-Item -LiteralPath (Join-Path $dotnet 'shared' 'Microsoft.NETCore.App' $wineRuntimeVersion 'hostfxr.dll') -Destination $resolver
    Copy-Item -LiteralPath (Join-Path $packages 'powershell' $shellVersion 'tools' 'net10.0' 'any' 'win') -Destination (Join-Path $folder 'pwsh') -Recurse
    # Pester asks CIM for the name of the system where it can; the native part of that brings the process down under Wine.
    Remove-Item -LiteralPath (Join-Path $folder 'pwsh' 'Modules' 'CimCmdlets') -Recurse

    $environment = Get-WineEnvironment $folder
    # While the prefix is made: no question whether Wine's own Mono and browser shall be installed, no menu entries.
    $environment.WINEDLLOVERRIDES = 'mscoree=;mshtml=;winemenubuilder.exe=d'
    foreach ($command in @('wineboot', '-i'), @('wine', 'winecfg', '-v', 'win10'), @('wineserver', '-w')) {
        $null = Invoke-WineProgram $command $environment
    }
    Set-Content -LiteralPath $complete -Value ''
    $folder
}

function Invoke-WineProgram {
    # Runs a program of Wine with an environment, its output line by line to the pipeline; the exit code is in LASTEXITCODE.
    param([Parameter(Mandatory)] [string[]] $Command, [Parameter(Mandatory)] [hashtable] $Environment)

    $pairs = foreach ($name in $Environment.Keys) { "$name=$($Environment[$name])" }
    # A program that waits for input would wait for ever.
    $null | & env @pairs timeout -k 10 $wineTimeout @Command 2>&1
}

function Invoke-WineShell {
    # Runs the Windows build of PowerShell and shows what it writes; returns its exit code. Paths among the arguments must be those of
    # Windows (ConvertTo-WinePath).
    param([Parameter(Mandatory)] [string] $Folder, [Parameter(Mandatory)] [string[]] $ArgumentList, [hashtable] $Environment = @{})

    $all = Get-WineEnvironment $Folder
    foreach ($name in $Environment.Keys) { $all[$name] = $Environment[$name] }
    $words = @('wine', (Join-Path $Folder 'pwsh' 'pwsh.exe'), '-NoProfile', '-NonInteractive') + $ArgumentList
    $line = 'stty cols 200 -onlcr; exec ' + (($words | ForEach-Object { "'" + $_.Replace("'", "'\''") + "'" }) -join ' ')
    # PowerShell opens the console, which needs a terminal below it; what comes out holds the sequences that move its cursor.
    Invoke-WineProgram @('script', '-qec', $line, '/dev/null') $all |
        ForEach-Object { "$_" -replace '\x1b\[[0-9;?]*[a-zA-Z]|\x1b\][^\x07]*\x07|\r|\x1b[=>]' } |
        Where-Object { $_ -notmatch 'Read access denied for device' } |
        Out-Host
    $LASTEXITCODE
}
