<#
.SYNOPSIS
Runs the Pester tests of this folder and writes what came out to a JSON file; build.ps1 calls it in a fresh process.
#>
param(
    [Parameter(Mandatory)] [string] $PesterPath,
    [Parameter(Mandatory)] [string] $ResultPath,
    [string] $Filter,

    # Only tests with one of these tags run.
    [string[]] $Tag = @(),

    # Tests with one of these tags are left out, and counted as skipped.
    [string[]] $ExcludeTag = @(),

    # The culture that this process must have, or 'invariant' for none; build.ps1 gave it to us in the environment.
    [string] $Culture,

    # Names of test files that are left out, with semicolons between them.
    [string] $ExcludeFile
)

Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'

# A system without the data would run everything in another culture and say that it passed.
$current = [cultureinfo]::CurrentCulture
$hasData = try { [cultureinfo]::GetCultureInfo('de-DE', $true).NumberFormat.NumberDecimalSeparator -eq ',' } catch { $false }
if ($Culture -eq 'invariant' ? $hasData : $Culture -and ($current.Name -ne $Culture -or -not $hasData)) {
    throw "This process was to run in the culture '$Culture' and runs in '$current', $($hasData ? 'with' : 'without') culture data (libicu)."
}

Import-Module $PesterPath
$configuration = New-PesterConfiguration
$configuration.Run.Path = @(Get-ChildItem -Path (Join-Path $PSScriptRoot '*.Tests.ps1') | Where-Object Name -NotIn ($ExcludeFile -split ';') | Sort-Object Name | ForEach-Object FullName)
$configuration.Run.PassThru = $true
$configuration.Output.Verbosity = 'Normal'
if ([Console]::IsOutputRedirected) {
    $PSStyle.OutputRendering = 'PlainText'
    $configuration.Output.RenderMode = 'Plaintext'
}
# Pester takes what one of the two names.
if ($Filter) { $configuration.Filter.FullName = "*$Filter*" }
elseif ($Tag) { $configuration.Filter.Tag = $Tag }
if ($ExcludeTag) { $configuration.Filter.ExcludeTag = $ExcludeTag }

$run = Invoke-Pester -Configuration $configuration

$problems = @(
    foreach ($container in $run.FailedContainers) { "$($container.Item): $(@($container.ErrorRecord)[0])" }
    foreach ($block in $run.FailedBlocks) {
        # The tests of a block whose setup failed count as failed already; a failed teardown counts only here.
        if (-not @($block.Tests | Where-Object Result -EQ 'Failed')) { "$($block.ExpandedPath): $(@($block.ErrorRecord)[0])" }
    }
)
$skipped = @(
    foreach ($test in @($run.Skipped) + @($run.Inconclusive)) {
        # Set-ItResult -Because is the only way to give a reason; it ends up in an error record.
        $text = @($test.ErrorRecord).Count ? [string] @($test.ErrorRecord)[0] : ''
        @{ Name = $test.ExpandedPath; Reason = $text -replace '^is skipped, because ' }
    }
    foreach ($test in @(if (-not $Tag -and -not $Filter) { $run.NotRun })) {
        $tags = @($test.Tag; for ($block = $test.Block; $block; $block = $block.Parent) { $block.Tag })
        if ($tags | Where-Object { $_ -in $ExcludeTag }) { @{ Name = $test.ExpandedPath; Reason = "left out here, as tagged $($ExcludeTag -join ', ')" } }
    }
)
@{ Passed = $run.PassedCount; Failed = $run.FailedCount; Skipped = $skipped; Problems = $problems } |
    ConvertTo-Json -Depth 4 |
    Set-Content -LiteralPath $ResultPath
exit ($run.Result -eq 'Failed' -or $problems ? 1 : 0)
