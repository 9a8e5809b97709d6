# The house: what lies at the top of the repository, and what the manifest promises.

BeforeAll {
    . (Join-Path $PSScriptRoot 'common.ps1')
    $manifest = Import-PowerShellDataFile $manifestPath
}

Describe 'The repository' {
    It 'has exactly the agreed names at its top' {
        if (-not (Test-Peer git)) { Set-ItResult -Skipped -Because 'git is not here' }
        # Also files that are not committed yet, but none that git ignores.
        $files = & git -C $repository ls-files --cached --others --exclude-standard
        if ($LASTEXITCODE -ne 0) { Set-ItResult -Skipped -Because 'this is no git work tree' }
        $top = $files | ForEach-Object { ($_ -split '/')[0] } | Sort-Object -Unique | Where-Object { $_ -notlike '.*' }
        $top | Should -Be @('build.ps1', 'en-US', 'LICENSE', 'README.md', 'src', 'tests', 'VhdxTools.psd1', 'VhdxTools.sln' | Sort-Object)
    }

    It 'is under the MIT licence' {
        Get-Content -LiteralPath (Join-Path $repository 'LICENSE') -TotalCount 1 | Should -BeExactly 'MIT License'
    }

    It 'never takes what lay on a volume for the content of a file (SetFileValidData)' {
        Get-ChildItem -Path (Join-Path $repository 'src') -Recurse -Filter *.cs | Select-String -SimpleMatch SetFileValidData | Should -BeNullOrEmpty
    }

    It 'names every project in the solution' {
        $solution = Get-Content -LiteralPath (Join-Path $repository 'VhdxTools.sln') -Raw
        $projects = Get-ChildItem -Path (Join-Path $repository 'src'), (Join-Path $repository 'tests') -Recurse -Filter *.csproj
        $projects | Should -HaveCount 7
        foreach ($project in $projects) { $solution | Should -Match ([regex]::Escape("\$($project.Name)`"")) }
    }
}

Describe 'build.ps1 -Task Test' {
    It 'fails, and says why, where <Suite> cannot run and nothing can be installed' -ForEach @(
        @{ Suite = 'CoreFramework'; Because = 'CoreFramework: cannot run: *Mono*' }
        @{ Suite = 'PesterWindows'; Because = 'PesterWindows: cannot run: *wine*' }
    ) {
        if (-not $IsLinux) { Set-ItResult -Skipped -Because 'Mono and Wine are for Linux' }
        if (Test-Path /usr/sbin/env) { Set-ItResult -Skipped -Because 'here all programs lie in one folder, and none of them can be hidden' }
        $folder = (New-Item -ItemType Directory -Path (Join-Path (Get-PSDrive TestDrive).Root ([IO.Path]::GetRandomFileName()))).FullName
        $null = New-Item -ItemType SymbolicLink -Path (Join-Path $folder dotnet) -Target (Get-Item (Get-Command dotnet -CommandType Application)[0].Source).ResolveLinkTarget($true)?.FullName
        $run = Invoke-ChildShell "& '$(Join-Path $repository build.ps1)' -Task Test -Suite $Suite -NoBuild; exit `$LASTEXITCODE" @{ PATH = $folder }
        $run.ExitCode | Should -Be 1 -Because $run.Output
        $run.Output | Should -BeLike "*FAILED  $Because*"
        $run.Output | Should -BeLike '*0 passed, 1 failed, 0 skipped'
    }
}

Describe 'The manifest' {
    It 'exports exactly the cmdlets of the assembly' {
        $assembly = (Get-Command New-VhdxImage).ImplementingType.Assembly
        $cmdlets = foreach ($type in $assembly.GetExportedTypes()) {
            foreach ($attribute in $type.GetCustomAttributes([Management.Automation.CmdletAttribute], $false)) {
                "$($attribute.VerbName)-$($attribute.NounName)"
            }
        }
        $manifest.CmdletsToExport | Sort-Object | Should -Be @($cmdlets | Sort-Object)
        (Get-Module VhdxTools).ExportedCommands.Keys | Sort-Object | Should -Be @($cmdlets | Sort-Object)
    }

    It 'exports nothing else' {
        $manifest.FunctionsToExport | Should -BeNullOrEmpty
        $manifest.AliasesToExport | Should -BeNullOrEmpty
        $manifest.VariablesToExport | Should -BeNullOrEmpty
    }

    It 'has the version of the assemblies' {
        $version = (Get-Command New-VhdxImage).ImplementingType.Assembly.GetName().Version
        $version.ToString(3) | Should -BeExactly $manifest.ModuleVersion
    }
}
