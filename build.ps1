#requires -Version 7.4
<#
.SYNOPSIS
Builds, tests, measures and packages VhdxTools.
.DESCRIPTION
Needs the .NET 10 SDK only; run it in the PowerShell of the tool manifest:

    dotnet tool exec --yes powershell -- -NoProfile -File build.ps1 -Task Test

Quickstart  builds, makes d.vhdx in the current folder and shows its layout
Build       publishes the module to bin/, where VhdxTools.psd1 expects it
Test        builds and runs every test suite; the last line is 'N passed, N failed, N skipped'
TestWindows builds and runs the suite PesterWindows only: the Pester tests in the Windows build of PowerShell, under Wine.
            On Linux x64; Wine comes from apt where that may be used, everything else from NuGet. What Wine cannot show
            (attaching, NTFS) are tests with the tag NeedsWindows: on a Windows machine, as an administrator, -Task Test
            runs them, too, and what is missing there (the Hyper-V module, NTFS) is named in the reason of a skipped test.
Bench       builds, measures the module beside qemu-img and others, prints a table and writes out/bench.json; takes up to 40 minutes and 30 GB
Help        builds and writes en-US/about_VhdxTools_Rules.help.txt anew from the table of rules in Core
Package     builds and writes out/VhdxTools (a module folder) and out/VhdxTools.<version>.nupkg
The suites of Test:
Core, CoreNetStandard      xunit against the two builds of Core
CoreFramework              the same tests on .NET Framework or Mono, without the long classes (power cuts, faults and damaged files by the
                           thousand); and the built module, loaded there as Windows PowerShell 5.1 does it, with every method compiled.
                           Windows PowerShell itself is not run
Pester, PesterNetStandard  every test file of the module, on the two builds; under de-DE and under tr-TR, except on Windows
PesterInvariant            on .NET without culture data, only the files that are quick; -Suite Pester -Culture invariant runs all
Format                     dotnet format finds nothing to change
.EXAMPLE
./build.ps1 -Task Test -Suite Core -Filter HeaderTests
Runs the tests of Core whose full name contains HeaderTests.
.EXAMPLE
./build.ps1 -Task Bench -Filter 'raw to dynamic' -Scale 0.25
Measures only such conversions, with disks of a quarter of the size.
./build.ps1 -Task Test -Suite Pester -Culture ar-SA
Runs all Pester tests under a culture.
#>
[CmdletBinding()]
param(
    [Parameter(Position = 0)]
    [ValidateSet('Quickstart', 'Build', 'Test', 'TestWindows', 'Bench', 'Help', 'Package')]
    [string[]] $Task = 'Build',

    # Test: the suites to run; all of them by default, PesterWindows on Linux x64 only.
    [ValidateSet('Core', 'CoreNetStandard', 'CoreFramework', 'Pester', 'PesterNetStandard', 'PesterInvariant', 'PesterWindows', 'Format')]
    [string[]] $Suite = @(
        'Core', 'CoreNetStandard', 'CoreFramework', 'Pester', 'PesterNetStandard', 'PesterInvariant'
        if ($IsLinux -and [Runtime.InteropServices.RuntimeInformation]::OSArchitecture -eq 'X64') { 'PesterWindows' }
        'Format'
    ),

    # Test: only tests whose full name contains this text. Bench: only rows whose work contains it, or whose file's name starts with it.
    [string] $Filter,

    # Test: the version of Pester.
    [string] $PesterVersion = '6.2.0',

    # Bench: sizes and counts, relative to those of the full table (4 GiB, 64 GiB, 10,000 files).
    [ValidateRange(0.0001, 100.0)]
    [double] $Scale = 1,

    # Bench: measured rounds behind the one that warms up.
    [ValidateRange(1, 1000)]
    [int] $Pairs = 5,

    # Test, on Linux and macOS: the culture of every Pester suite, like 'tr-TR', or 'invariant' for .NET without any culture
    # data. Without it Pester runs under de-DE, PesterNetStandard under tr-TR, and PesterInvariant without culture data.
    [string] $Culture,

    # Package, Bench, Help: where the results are written instead of out/, out/bench.json or en-US/.
    [string] $OutputPath,

    # Takes bin/ as it is.
    [switch] $NoBuild
)

Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $false
$ProgressPreference = 'SilentlyContinue'

$env:DOTNET_CLI_TELEMETRY_OPTOUT = '1'
$env:DOTNET_NOLOGO = '1'
$env:POWERSHELL_TELEMETRY_OPTOUT = '1'
$env:POWERSHELL_UPDATECHECK = 'Off'
if ([Console]::IsOutputRedirected) {
    $env:NO_COLOR = '1'
    $PSStyle.OutputRendering = 'PlainText'
}

$hashingVersions = [ordered]@{ VHDXTOOLS_TEST_HASHING9 = '9.0.4'; VHDXTOOLS_TEST_HASHING10 = '10.0.0' }
$peerTools = [ordered]@{
    'qemu-img'   = 'qemu-utils'
    'qemu-io'    = 'qemu-utils'
    '7zz'        = '7zip'
    'vhdiinfo'   = 'libvhdi-utils'
    'nbdkit'     = 'nbdkit'
    'nbdcopy'    = 'libnbd-bin'
    'ntfs-3g'    = 'ntfs-3g'
    'mkfs.ntfs'  = 'ntfs-3g'
    'mkfs.ext4'  = 'e2fsprogs'
    'filefrag'   = 'e2fsprogs'
    'mkfs.xfs'   = 'xfsprogs'
    'mkfs.btrfs' = 'btrfs-progs'
    'sfdisk'     = 'fdisk'
    'strace'     = 'strace'
    'time'       = 'time'
    'mono'       = 'mono-complete'
}
$wineTools = [ordered]@{
    'wine'       = 'wine'
    'wineserver' = 'wine64'
    'script'     = 'bsdutils'
    '7zz'        = '7zip'
}
# Those that start many processes or move many bytes: three quarters of the time, and nothing in them that depends on the culture. They
# run under two cultures as it is; PesterInvariant leaves them out.
$slowFiles = @(
    'Bench.Tests.ps1', 'Convert-VhdxImage.Peers.Tests.ps1', 'Convert-VhdxImage.Tests.ps1', 'Concurrency.Tests.ps1', 'Loading.Tests.ps1'
    'Merge-VhdxImage.Tests.ps1', 'New-VhdxImage.Bytes.Tests.ps1', 'New-VhdxImage.Peers.Tests.ps1', 'New-VhdxImage.Safety.Tests.ps1', 'Optimize-VhdxImage.Tests.ps1', 'Package.Tests.ps1'
    'Repair-VhdxImage.Tests.ps1', 'Resize-VhdxImage.Tests.ps1', 'Set-VhdxImage.Tests.ps1', 'SharedExtents.Tests.ps1', 'VhdxDisk.FileSystem.Tests.ps1', 'VhdxDisk.Log.Tests.ps1', 'VhdxDisk.Tests.ps1'
)
# Thousands of cuts, faults and damaged files on the same build of Core as CoreNetStandard: CoreFramework leaves them out, unless -Filter
# names them.
$longClasses = @(
    'CheckingHostileTests', 'CheckingNastyTests', 'CheckingTruncationTests', 'ConvertFailureTests', 'ConvertSharingTests', 'EngineFaultTests', 'EngineModelTests', 'EnginePowerCutTests'
    'HostileInputTests', 'ImageMergerTests', 'ImageOptimizerTests', 'ImageResizerTests', 'ImageSetterItemTests', 'MergeUnderWayTests', 'RepairCutTests', 'RepairHostileTests', 'RepairLogTests'
    'ReplayModelTests', 'ResizeEdgeTests', 'ResizeGptTests', 'VhdHostileTests'
)
# Core comes with native code for these, and without for all others.
$compiledPlatforms = @('win-x64', 'win-arm64', 'linux-x64', 'linux-arm64', 'osx-arm64')
$scratch = Join-Path $PSScriptRoot 'obj'
$isBuilt = [bool] $NoBuild
. (Join-Path $PSScriptRoot 'tests' 'platform.ps1')
. (Join-Path $PSScriptRoot 'tests' 'Wine.ps1')

function Invoke-Native {
    # Runs a program; a nonzero exit code is an error that says what was run.
    param([Parameter(Mandatory)] [string] $Command, [string[]] $ArgumentList = @(), [switch] $Quiet)

    if ($Quiet) {
        $lines = & $Command @ArgumentList 2>&1
        if ($LASTEXITCODE -ne 0) { $lines | Out-Host }
    }
    else {
        & $Command @ArgumentList | Out-Host
    }
    if ($LASTEXITCODE -ne 0) { throw "'$Command $($ArgumentList -join ' ')' ended with exit code $LASTEXITCODE." }
}

function Invoke-Shell {
    # Runs a fresh PowerShell of this same version: assemblies that were loaded once stay loaded. It writes straight to our
    # output, so it sees the terminal that we see. Gives the exit code back.
    param([Parameter(Mandatory)] [string[]] $ArgumentList, [hashtable] $Environment = @{})

    $start = [Diagnostics.ProcessStartInfo]::new([Environment]::ProcessPath)
    $start.UseShellExecute = $false
    $start.WorkingDirectory = (Get-Location -PSProvider FileSystem).ProviderPath
    if ([IO.Path]::GetFileNameWithoutExtension($start.FileName) -eq 'dotnet') {
        $start.ArgumentList.Add((Join-Path $PSHOME 'pwsh.dll'))
    }
    foreach ($argument in @('-NoProfile', '-NonInteractive') + $ArgumentList) { $start.ArgumentList.Add($argument) }
    foreach ($name in $Environment.Keys) {
        # An empty value is another thing than none: it would win over LANG.
        if ($null -eq $Environment[$name]) { $null = $start.Environment.Remove($name) } else { $start.Environment[$name] = $Environment[$name] }
    }
    $process = [Diagnostics.Process]::Start($start)
    $process.WaitForExit()
    $process.ExitCode
}

function New-EmptyFolder {
    param([Parameter(Mandatory)] [string] $Path)

    if (Test-Path -LiteralPath $Path) { Remove-Item -LiteralPath $Path -Recurse -Force }
    $null = New-Item -ItemType Directory -Path $Path -Force
}

function Invoke-Build {
    if ($script:isBuilt) { return }

    $stage = Join-Path $scratch 'stage'
    New-EmptyFolder $stage

    # One run of MSBuild for all: four runs of 'dotnet publish' take three times as long.
    $publish = Join-Path $stage 'publish.proj'
    $source = Join-Path $PSScriptRoot 'src'
    $projects = @(
        @{ Name = 'VhdxTools'; Framework = 'netstandard2.0'; To = 'cmdlets' }
        @{ Name = 'VhdxTools.Loader'; Framework = 'netstandard2.0'; To = 'loader' }
        @{ Name = 'VhdxTools.Core'; Framework = 'netstandard2.0'; To = 'netstandard2.0' }
        @{ Name = 'VhdxTools.Core'; Framework = 'net10.0'; To = 'net10.0' }
    )
    $items = foreach ($project in $projects) {
        $path = [Security.SecurityElement]::Escape((Join-Path $source $project.Name "$($project.Name).csproj"))
        $to = [Security.SecurityElement]::Escape((Join-Path $stage 'publish' $project.To))
        "    <Project Include=`"$path`" Framework=`"$($project.Framework)`" To=`"$to/`" />"
    }
    Set-Content -LiteralPath $publish -Value @"
<Project>
  <ItemGroup>
$($items -join "`n")
  </ItemGroup>
  <Target Name="Restore">
    <MSBuild Projects="@(Project)" Targets="Restore" RemoveProperties="TargetFramework" />
  </Target>
  <Target Name="Publish">
    <MSBuild Projects="%(Project.FullPath)" Targets="Publish"
             Properties="Configuration=Release;TargetFramework=%(Project.Framework);PublishDir=%(Project.To);NoBuild=false" />
  </Target>
</Project>
"@
    Invoke-Native dotnet @('msbuild', $publish, '-restore', '-t:Publish', '-nologo', '-v:quiet', '-tl:off')

    $bin = Join-Path $stage 'bin'
    $null = New-Item -ItemType Directory -Path $bin
    Copy-Item (Join-Path $stage 'publish' 'cmdlets' 'VhdxTools.dll') $bin
    Copy-Item (Join-Path $stage 'publish' 'loader' 'VhdxTools.Loader.dll') $bin
    Copy-Item (Join-Path $source 'VhdxTools' 'VhdxTools.Format.ps1xml') $bin
    foreach ($framework in 'net10.0', 'netstandard2.0') {
        $null = New-Item -ItemType Directory -Path (Join-Path $bin $framework)
        Copy-Item (Join-Path $stage 'publish' $framework '*.dll') (Join-Path $bin $framework)
    }
    # Those that the tests run on; a package gets all.
    $isRunHere = { $_ -eq (Get-Platform) -or ($_ -eq 'win-x64' -and (Get-Platform) -eq 'linux-x64') }
    Add-CompiledCore (Join-Path $bin 'net10.0') @($compiledPlatforms | Where-Object $isRunHere)

    # Moved aside and not deleted: Windows does not delete assemblies that a session has loaded, but renames their folder's files.
    $target = Join-Path $PSScriptRoot 'bin'
    if (Test-Path -LiteralPath $target) {
        Move-Item -LiteralPath $target -Destination (Join-Path $stage 'old')
    }
    Move-Item -LiteralPath $bin -Destination $target
    Remove-Item -LiteralPath $stage -Recurse -Force -ErrorAction SilentlyContinue
    $script:isBuilt = $true
    Write-Host "Built $target"
}

function Get-NuGetPackage {
    # Downloads packages, given as names and versions, and returns the folder that holds them. What was downloaded for the same scratch folder is
    # not asked for again.
    param([Parameter(Mandatory)] [string] $Folder, [Parameter(Mandatory)] [Collections.IDictionary] $Version)

    $project = Join-Path $Folder 'packages.csproj'
    $assets = Join-Path $Folder 'obj' 'project.assets.json'
    $items = foreach ($name in $Version.Keys) { "    <PackageDownload Include=`"$name`" Version=`"$(($Version[$name] | ForEach-Object { "[$_]" }) -join ';')`" />" }
    $text = @"
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <TargetFramework>net10.0</TargetFramework>
    <NuGetAudit>false</NuGetAudit>
  </PropertyGroup>
  <ItemGroup>
$($items -join "`n")
  </ItemGroup>
</Project>

"@
    $readFolder = { @((Get-Content -LiteralPath $assets -Raw | ConvertFrom-Json -AsHashtable).packageFolders.Keys)[0] }
    if ((Test-Path -LiteralPath $assets) -and [IO.File]::ReadAllText($project) -eq $text) {
        $packages = & $readFolder
        $isThere = { param($name) @($Version[$name] | Where-Object { -not (Test-Path -LiteralPath (Join-Path $packages $name.ToLowerInvariant() $_)) }).Count -eq 0 }
        if (-not @($Version.Keys | Where-Object { -not (& $isThere $_) })) { return $packages }
    }
    $null = New-Item -ItemType Directory -Path $Folder -Force
    [IO.File]::WriteAllText($project, $text)
    Invoke-Native dotnet @('restore', $project, '-v:quiet', '-tl:off') -Quiet
    & $readFolder
}

function Get-Compiler {
    # Downloads what compiles ahead (ReadyToRun) for the runtime of this SDK; returns its path and the runtime's folder. What is compiled
    # against that one stays valid for every .NET 10. Nothing where it does not run.
    $platform = Get-Platform
    if ($platform -notin $compiledPlatforms) { return }

    $runtime = & dotnet --list-runtimes | Select-String '^Microsoft\.NETCore\.App (10\.\S+) \[(.+)\]$' | Select-Object -Last 1
    if (-not $runtime) { throw 'There is no .NET 10 runtime.' }
    $version, $frameworks = $runtime.Matches[0].Groups[1, 2].Value
    $name = "Microsoft.NETCore.App.Crossgen2.$platform"
    $packages = Get-NuGetPackage (Join-Path $scratch 'crossgen') @{ $name = $version }
    @{
        Program = Join-Path $packages $name.ToLowerInvariant() $version 'tools' "crossgen2$(if ($IsWindows) { '.exe' })"
        Runtime = Join-Path $frameworks $version
    }
}

function Invoke-Compiler {
    # Writes an assembly that also holds the native code of a platform.
    param([Parameter(Mandatory)] [hashtable] $Compiler, [string] $Path, [string] $OutPath, [string] $Platform, [string] $References)

    $system, $architecture = $Platform.Replace('win-', 'windows-') -split '-'
    # With a colon: PowerShell would put the files in the place of a pattern that is a word of its own.
    Invoke-Native $Compiler.Program -Quiet @(
        $Path, '--out', $OutPath, "--reference:$(Join-Path $Compiler.Runtime '*.dll')", "--reference:$References"
        '--targetos', $system, '--targetarch', $architecture, '-O'
    )
}

function Add-CompiledCore {
    # Puts Core with the native code of each platform beside the one for all, in a folder with the platform's name: what a first call
    # would wait for is done here.
    param([Parameter(Mandatory)] [string] $Folder, [Parameter(Mandatory)] [string[]] $Platform)

    $compiler = Get-Compiler
    if (-not $compiler) {
        Write-Host "The compiler does not run on $(Get-Platform): Core comes without native code."
        return
    }
    foreach ($name in $Platform) {
        $null = New-Item -ItemType Directory -Path (Join-Path $Folder $name) -Force
        Invoke-Compiler $compiler (Join-Path $Folder 'VhdxTools.Core.dll') (Join-Path $Folder $name 'VhdxTools.Core.dll') $name (Join-Path $Folder 'System.IO.Hashing.dll')
    }
}

function New-CompiledShell {
    # PowerShell comes from NuGet without native code, and from everywhere else with it: half of what a first call takes here, no user sees.
    # Makes a copy that has it, and returns the path of its pwsh.dll; nothing when this PowerShell is no tool of .NET.
    if ([IO.Path]::GetFileNameWithoutExtension([Environment]::ProcessPath) -ne 'dotnet') { return }
    $compiler = Get-Compiler
    if (-not $compiler) { return }

    $folder = Join-Path $scratch "pwsh-$($PSVersionTable.PSVersion)"
    $shell = Join-Path $folder 'pwsh.dll'
    if (Test-Path -LiteralPath $shell) { return $shell }
    Write-Host 'Compiling PowerShell as it is released'
    $unfinished = "$folder.tmp"
    if (Test-Path -LiteralPath $unfinished) { Remove-Item -LiteralPath $unfinished -Recurse }
    Copy-Item -LiteralPath $PSHOME -Destination $unfinished -Recurse
    foreach ($name in 'System.Management.Automation', 'Microsoft.PowerShell.ConsoleHost', 'Microsoft.PowerShell.Commands.Utility', 'Microsoft.PowerShell.Commands.Management', 'Microsoft.PowerShell.Security', 'pwsh') {
        Invoke-Compiler $compiler (Join-Path $PSHOME "$name.dll") (Join-Path $unfinished "$name.dll") (Get-Platform) (Join-Path $PSHOME '*.dll')
    }
    Move-Item -LiteralPath $unfinished -Destination $folder
    $shell
}

function Restore-TestPackage {
    # Downloads what only the tests need into the NuGet package folder; returns that folder.
    param([Parameter(Mandatory)] [string] $PesterVersion)

    Get-NuGetPackage (Join-Path $scratch "packages-$PesterVersion") ([ordered]@{ 'Pester' = $PesterVersion; 'System.IO.Hashing' = @($hashingVersions.Values) })
}

function Install-PeerTool {
    # The programs that the tests need (name -> Debian package). Returns those that should be here and are not.
    param([Collections.IDictionary] $Tool = $peerTools)

    if (-not $IsWindows) {
        # Where mkfs and sfdisk lie; not on the path of every user.
        $env:PATH = "$env:PATH$([IO.Path]::PathSeparator)/usr/sbin$([IO.Path]::PathSeparator)/sbin"
    }
    $findMissing = { @($Tool.Keys | Where-Object { -not (Get-Command $_ -CommandType Application -ErrorAction Ignore) }) }
    $missing = @(& $findMissing)
    if (-not $missing) { return }

    $mayInstall = $false
    $prefix = @()
    if ($IsLinux -and (Get-Command apt-get -CommandType Application -ErrorAction Ignore)) {
        if ((& id -u) -eq '0') {
            $mayInstall = $true
        }
        elseif (Get-Command sudo -CommandType Application -ErrorAction Ignore) {
            & sudo -n true 2>&1 | Out-Null
            $mayInstall = $LASTEXITCODE -eq 0
            $prefix = @('sudo', '-n')
        }
    }
    if (-not $mayInstall) {
        Write-Host "Not on this system, and not to be installed by this account: $($missing -join ', ')"
        return
    }

    $packages = @($missing | ForEach-Object { $Tool[$_] } | Sort-Object -Unique)
    Write-Host "Installing $($packages -join ', ')"
    $aptGet = {
        $line = @($prefix) + @('env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-qq') + $args
        $command, $rest = $line
        $output = & $command @rest 2>&1
        if ($LASTEXITCODE -ne 0) { $output | Select-Object -Last 3 | Out-Host }
        $LASTEXITCODE -eq 0
    }
    $null = & $aptGet 'update'
    if (-not (& $aptGet 'install' '-y' '--no-install-recommends' @packages)) {
        # One that is not to be had must not keep the others away.
        foreach ($package in $packages) { $null = & $aptGet 'install' '-y' '--no-install-recommends' $package }
    }
    $missing = @(& $findMissing)
    if ($missing) { Write-Host "Could not install: $($missing -join ', ')" }
    $missing
}

function New-SuiteResult {
    param([int] $Passed = 0, [int] $Failed = 0, [object[]] $Skipped = @(), [string[]] $Problems = @())

    [pscustomobject]@{ Passed = $Passed; Failed = $Failed; Skipped = $Skipped; Problems = $Problems }
}

function Invoke-CoreSuite {
    # xunit against one build of Core.
    param([Parameter(Mandatory)] [string] $CoreBuild, [string] $Project = 'VhdxTools.Core.Tests', [string[]] $ExcludeClass = @())

    $results = Join-Path $scratch 'results' "$Project-$CoreBuild"
    New-EmptyFolder $results
    $arguments = @(
        'test', (Join-Path $PSScriptRoot 'tests' $Project)
        '-c', 'Release', "-p:CoreBuild=$CoreBuild", '-tl:off', '-nologo', '-v:minimal'
        '--logger', 'trx;LogFileName=results.trx', '--results-directory', $results
        '--blame-hang-timeout', '30min', '--blame-hang-dump-type', 'none'
    )
    if ($Filter) { $arguments += '--filter', "FullyQualifiedName~$Filter" }
    elseif ($ExcludeClass) { $arguments += '--filter', (($ExcludeClass | ForEach-Object { "FullyQualifiedName!~.$_." }) -join '&') }

    # Each skipped test would be two lines; the reasons are printed once for all suites at the end.
    & dotnet @arguments | Where-Object { $_ -notmatch '\[SKIP\]|^\s+Skipped ' } | Out-Host
    $exitCode = $LASTEXITCODE
    $trx = Join-Path $results 'results.trx'
    if (-not (Test-Path -LiteralPath $trx)) {
        if ($Filter -and $exitCode -eq 0) { return New-SuiteResult }
        return New-SuiteResult -Problems "did not run (exit code $exitCode)"
    }

    $run = [xml]::new()
    $run.Load($trx)
    $namespaces = [Xml.XmlNamespaceManager]::new($run.NameTable)
    $namespaces.AddNamespace('t', $run.DocumentElement.NamespaceURI)
    $byOutcome = @{ Passed = 0; Failed = 0 }
    $skipped = [Collections.Generic.List[object]]::new()
    foreach ($test in $run.SelectNodes('//t:UnitTestResult', $namespaces)) {
        switch ($test.GetAttribute('outcome')) {
            'Passed' { $byOutcome.Passed++ }
            'NotExecuted' {
                $message = $test.SelectSingleNode('t:Output/t:ErrorInfo/t:Message', $namespaces)
                $skipped.Add(@{ Name = $test.GetAttribute('testName'); Reason = $message ? $message.InnerText.Trim() : '' })
            }
            default { $byOutcome.Failed++ }
        }
    }
    # A crashed test host leaves a file of results without the tests that it did not reach.
    $problems = @(if ($exitCode -ne 0 -and $byOutcome.Failed -eq 0) { "ended with exit code $exitCode" })
    New-SuiteResult @byOutcome -Skipped $skipped -Problems $problems
}

function Invoke-FrameworkSuite {
    # The tests of Core on .NET Framework or Mono, and the built module as Windows PowerShell 5.1 loads it.
    if (-not $IsWindows -and -not (Get-Command mono -CommandType Application -ErrorAction Ignore)) {
        $reason = 'Mono, which stands in for .NET Framework, is not here'
        # Linux can have it: as with Wine, what most users have is not to be untested without a word.
        if ($IsLinux) { return New-SuiteResult -Problems "cannot run: $reason" }
        return New-SuiteResult -Skipped @{ Name = 'all of its tests'; Reason = $reason }
    }
    Invoke-CoreSuite 'netstandard2.0' 'VhdxTools.Framework.Tests' $longClasses
}

function Get-CultureEnvironment {
    # What tells .NET, and the processes that the tests start, their culture. The encoding stays UTF-8 for the peers: no locale of
    # that name needs to be installed for .NET, which has its data from ICU.
    param([Parameter(Mandatory)] [string] $Name)

    if ($IsWindows) { throw '-Culture is for Linux and macOS: on Windows the settings of the user tell the culture.' }
    if ($Name -eq 'invariant') { return @{ DOTNET_SYSTEM_GLOBALIZATION_INVARIANT = '1' } }
    $locale = $Name.Replace('-', '_') + '.UTF-8'
    @{ LC_ALL = $null; LANG = $locale; LC_MESSAGES = $locale; LC_CTYPE = 'C.UTF-8'; DOTNET_SYSTEM_GLOBALIZATION_INVARIANT = '0' }
}

function Invoke-PesterSuite {
    # Pester against the built module, with one build of Core and under one culture; in the Windows build of PowerShell with -Windows; with
    # -Tag the tests that have it.
    param(
        [Parameter(Mandatory)] [string] $CoreBuild,
        [Parameter(Mandatory)] [string] $PackageFolder,
        [string] $DefaultCulture,
        [string[]] $ExcludeFile = @(),
        [switch] $Windows,
        [string] $Tag
    )

    $suiteCulture = if ($Windows) { '' } elseif ($Culture) { $Culture } elseif (-not $IsWindows) { $DefaultCulture }
    $results = Join-Path $scratch 'results' "pester-$CoreBuild-$(if ($Windows) { 'windows' } else { $suiteCulture }).json"
    $null = New-Item -ItemType Directory -Path (Split-Path $results) -Force
    Remove-Item -LiteralPath $results -ErrorAction Ignore
    $toPath = if ($Windows) { ${function:ConvertTo-WinePath} } else { { param($Path) $Path } }
    $environment = @{ VHDXTOOLS_CORE = $CoreBuild }
    foreach ($name in $hashingVersions.Keys) {
        $environment[$name] = & $toPath (Join-Path $PackageFolder 'system.io.hashing' $hashingVersions[$name] 'lib' 'netstandard2.0' 'System.IO.Hashing.dll')
    }
    if ($Windows) {
        if ($env:VHDXTOOLS_SAMPLES) { $environment.VHDXTOOLS_SAMPLES = ConvertTo-WinePath $env:VHDXTOOLS_SAMPLES }
        $environment.VHDXTOOLS_SAMPLES_CACHE = ConvertTo-WinePath (Expand-Sample)
    }
    $arguments = @('-File', (& $toPath (Join-Path $PSScriptRoot 'tests' 'Invoke-PesterSuite.ps1')))
    $arguments += @('-PesterPath', (& $toPath (Join-Path $PackageFolder 'pester' $PesterVersion 'tools' 'Pester.psd1')), '-ResultPath', (& $toPath $results))
    if ($Filter) { $arguments += '-Filter', $Filter }
    if ($Tag) { $arguments += '-Tag', $Tag }
    if ($Windows) { $arguments += '-ExcludeTag', 'SlowUnderWine' }
    if ($suiteCulture) {
        $environment += Get-CultureEnvironment $suiteCulture
        $arguments += '-Culture', $suiteCulture
    }
    if ($ExcludeFile) { $arguments += '-ExcludeFile', ($ExcludeFile -join ';') }
    $exitCode = if ($Windows) { Invoke-WineShell (Install-WineShell $scratch) $arguments $environment } else { Invoke-Shell $arguments $environment }
    if (-not (Test-Path -LiteralPath $results)) {
        return New-SuiteResult -Problems "did not run (exit code $exitCode)"
    }

    $result = Get-Content -LiteralPath $results -Raw | ConvertFrom-Json -AsHashtable
    $problems = @($result.Problems)
    if ($exitCode -ne 0 -and $result.Failed -eq 0 -and -not $problems) { $problems = @("ended with exit code $exitCode") }
    New-SuiteResult -Passed $result.Passed -Failed $result.Failed -Skipped $result.Skipped -Problems $problems
}

function Expand-Sample {
    # Unpacks the samples with the programs of this system, for a shell that has none; returns the folder that they are in.
    $folder = Join-Path $scratch 'samples'
    $script = ". '$(Join-Path $PSScriptRoot 'tests' 'common.ps1')'; if (`$samples) { Get-ChildItem `$samples -Include *.bz2, *.gz -Recurse | ForEach-Object { `$null = Expand-SampleFile `$_.Name } }"
    $null = Invoke-Shell @('-Command', $script) @{ VHDXTOOLS_SAMPLES_CACHE = $folder }
    $folder
}

function Invoke-PesterWindowsSuite {
    # A machine that cannot run this suite fails it: the paths for Windows are not to be untested without a word.
    param([Parameter(Mandatory)] [string] $PackageFolder)

    $null = Install-PeerTool $wineTools
    $problem = Find-WineProblem
    if ($problem) { return New-SuiteResult -Problems "cannot run: $problem" }
    # Windows PowerShell 5.1 runs the other build of Core, which has its own calls of Windows; all the rest is the same in both.
    $results = @(
        Invoke-PesterSuite 'net10.0' $PackageFolder -Windows
        Invoke-PesterSuite 'netstandard2.0' $PackageFolder -Windows -Tag Windows
    )
    $sum = $results | Measure-Object -Property Passed, Failed -Sum
    $skipped = @($results | ForEach-Object { $_.Skipped })
    $problems = @($results | ForEach-Object { $_.Problems })
    New-SuiteResult -Passed $sum[0].Sum -Failed $sum[1].Sum -Skipped $skipped -Problems $problems
}

function Invoke-FormatSuite {
    & dotnet format (Join-Path $PSScriptRoot 'VhdxTools.sln') --verify-no-changes | Out-Host
    if ($LASTEXITCODE -eq 0) { New-SuiteResult -Passed 1 } else { New-SuiteResult -Failed 1 }
}

function Invoke-Test {
    # Returns whether everything passed.
    param([string[]] $Suite = $script:Suite)

    $passed = 0
    $failed = 0
    $problems = [Collections.Generic.List[string]]::new()
    $skipped = [Collections.Generic.List[object]]::new()
    try {
        Invoke-Build
        # The peers are programs of this system; the suite for Windows has no use for them.
        if ($Suite -ne 'PesterWindows') {
            foreach ($tool in Install-PeerTool) { $problems.Add("the peer tool $tool is missing") }
        }
        $packageFolder = if ($Suite -like 'Pester*') { Restore-TestPackage $PesterVersion }

        foreach ($name in $Suite | Select-Object -Unique) {
            Write-Host "`n=== $name"
            $watch = [Diagnostics.Stopwatch]::StartNew()
            try {
                $result = switch ($name) {
                    'Core' { Invoke-CoreSuite 'net10.0' }
                    'CoreNetStandard' { Invoke-CoreSuite 'netstandard2.0' }
                    'CoreFramework' { Invoke-FrameworkSuite }
                    'Pester' { Invoke-PesterSuite 'net10.0' $packageFolder 'de-DE' }
                    'PesterNetStandard' { Invoke-PesterSuite 'netstandard2.0' $packageFolder 'tr-TR' }
                    'PesterInvariant' { Invoke-PesterSuite 'net10.0' $packageFolder 'invariant' $slowFiles }
                    'PesterWindows' { Invoke-PesterWindowsSuite $packageFolder }
                    'Format' { Invoke-FormatSuite }
                }
            }
            catch {
                $result = New-SuiteResult -Problems "broke off: $_"
            }
            $passed += $result.Passed
            $failed += $result.Failed
            foreach ($problem in $result.Problems) { $problems.Add("${name}: $problem") }
            if (-not $Filter -and -not $result.Problems -and $result.Passed + $result.Failed + @($result.Skipped).Count -eq 0) { $problems.Add("${name}: no test ran") }
            foreach ($test in $result.Skipped) { $skipped.Add([pscustomobject]@{ Suite = $name; Name = $test.Name; Reason = $test.Reason }) }
            Write-Host ('{0}: {1} passed, {2} failed, {3} skipped in {4:n0} s' -f $name, $result.Passed, $result.Failed, @($result.Skipped).Count, $watch.Elapsed.TotalSeconds)
        }
        if ($passed + $failed -eq 0 -and $problems.Count -eq 0) { $problems.Add('no test ran') }
    }
    catch {
        $problems.Add("$_")
    }

    if ($skipped.Count) {
        Write-Host "`nSkipped:"
        foreach ($group in $skipped | Group-Object Reason | Sort-Object Count -Descending) {
            Write-Host ('  {0} x {1}' -f $group.Count, ($group.Name ? $group.Name : 'no reason given'))
            foreach ($test in $group.Group | Sort-Object Suite, Name | Select-Object -First 5) { Write-Host "      $($test.Suite): $($test.Name)" }
            if ($group.Count -gt 5) { Write-Host "      and $($group.Count - 5) more" }
        }
    }
    foreach ($problem in $problems) { Write-Host "`nFAILED  $problem" }

    # What kept tests from running counts as a failed test: the last line alone must tell.
    $failed += $problems.Count
    Write-Host ''
    Write-Host "$passed passed, $failed failed, $($skipped.Count) skipped"
    $failed -eq 0
}

function Invoke-Package {
    Invoke-Build
    $manifest = Import-PowerShellDataFile (Join-Path $PSScriptRoot 'VhdxTools.psd1')
    $out = $OutputPath ? $PSCmdlet.GetUnresolvedProviderPathFromPSPath($OutputPath) : (Join-Path $PSScriptRoot 'out')
    $module = Join-Path $out 'VhdxTools'
    $null = New-Item -ItemType Directory -Path $out -Force
    Get-ChildItem -LiteralPath $out -File | Where-Object Name -Like 'VhdxTools.*.nupkg' | Remove-Item
    New-EmptyFolder $module
    foreach ($item in 'VhdxTools.psd1', 'bin', 'en-US', 'LICENSE', 'README.md') {
        Copy-Item -LiteralPath (Join-Path $PSScriptRoot $item) -Destination $module -Recurse
    }
    Add-CompiledCore (Join-Path $module 'bin' 'net10.0') $compiledPlatforms
    Import-Module Microsoft.PowerShell.PSResourceGet
    Compress-PSResource -Path $module -DestinationPath $out
    $package = Join-Path $out "VhdxTools.$($manifest.ModuleVersion).nupkg"
    if (-not (Test-Path -LiteralPath $package)) { throw "Compress-PSResource did not write '$package'." }
    Write-Host "Wrote $module and $package"
}

function Invoke-Bench {
    Invoke-Build
    $null = Install-PeerTool

    # A small run shows that everything works; its times say nothing, so the hot paths are run once.
    $arguments = @('-File', (Join-Path $PSScriptRoot 'tests' 'Bench' 'Invoke-Bench.ps1'), '-Pairs', $Pairs, '-Scale', $Scale.ToString([cultureinfo]::InvariantCulture))
    if (-not $Filter -or 'hot paths'.Contains($Filter, 'OrdinalIgnoreCase')) {
        $hotPaths = Join-Path $scratch 'hotpaths.json'
        $null = New-Item -ItemType Directory -Path $scratch -Force
        Write-Host 'Measuring the hot paths'
        Invoke-Native dotnet (@('run', '--project', (Join-Path $PSScriptRoot 'tests' 'VhdxTools.Bench'), '-c', 'Release', '-v', 'quiet', '--', $hotPaths) + @(if ($Scale -lt 0.1) { 'dry' }))
        $arguments += '-HotPaths', $hotPaths
    }
    if ($Filter) { $arguments += '-Filter', $Filter }
    if (-not $Filter -or 'first call'.Contains($Filter, 'OrdinalIgnoreCase') -or $Filter.Contains('first call', 'OrdinalIgnoreCase')) {
        $shell = New-CompiledShell
        if ($shell) { $arguments += '-CompiledShell', $shell }
    }
    if ($OutputPath) { $arguments += '-OutputPath', $PSCmdlet.GetUnresolvedProviderPathFromPSPath($OutputPath) }
    $exitCode = Invoke-Shell $arguments
    if ($exitCode -ne 0) { throw "The bench ended with exit code $exitCode." }
}

function Invoke-Help {
    # The rules have one source, the table in Core; the help topic is printed from it.
    Invoke-Build
    $manifest = (Join-Path $PSScriptRoot 'VhdxTools.psd1').Replace("'", "''")
    $folder = $OutputPath ? $PSCmdlet.GetUnresolvedProviderPathFromPSPath($OutputPath) : (Join-Path $PSScriptRoot 'en-US')
    $file = (Join-Path $folder 'about_VhdxTools_Rules.help.txt').Replace("'", "''")
    $exitCode = Invoke-Shell '-Command', @"
`$ErrorActionPreference = 'Stop'
Import-Module '$manifest'
[IO.File]::WriteAllText('$file', [VhdxTools.VhdxRules]::ToHelpText())
"@
    if ($exitCode -ne 0) { throw "The help topic could not be written (exit code $exitCode)." }
    Write-Host "Wrote $file"
}

function Invoke-Quickstart {
    Invoke-Build
    $manifest = (Join-Path $PSScriptRoot 'VhdxTools.psd1').Replace("'", "''")
    $exitCode = Invoke-Shell '-Command', @"
`$ErrorActionPreference = 'Stop'
Import-Module '$manifest'
if (Test-Path -LiteralPath d.vhdx) {
    Write-Host "`nd.vhdx exists already and is left as it is.`n`nPS> Get-VhdxImage -Path d.vhdx"
    Get-VhdxImage -Path d.vhdx | Out-Host
}
else {
    Write-Host "`nPS> New-VhdxImage -Path d.vhdx -SizeBytes 10GB -Type Dynamic"
    New-VhdxImage -Path d.vhdx -SizeBytes 10GB -Type Dynamic | Out-Host
}
Write-Host 'PS> Get-VhdxLayout -Path d.vhdx'
`$layout = Get-VhdxLayout -Path d.vhdx
`$layout | Out-Host
Write-Host 'PS> (Get-VhdxLayout -Path d.vhdx).Areas'
`$layout.Areas | Out-Host
"@
    if ($exitCode -ne 0) { throw "The quickstart ended with exit code $exitCode." }
}

$ok = $true
try {
    foreach ($name in $Task) {
        switch ($name) {
            'Quickstart' { Invoke-Quickstart }
            'Build' { Invoke-Build }
            'Test' { $ok = (Invoke-Test) -and $ok }
            'TestWindows' { $ok = (Invoke-Test 'PesterWindows') -and $ok }
            'Bench' { Invoke-Bench }
            'Help' { Invoke-Help }
            'Package' { Invoke-Package }
        }
    }
}
catch {
    $ok = $false
    Write-Host "FAILED  $_ (build.ps1, line $($_.InvocationInfo.ScriptLineNumber))"
}
exit ($ok ? 0 : 1)
