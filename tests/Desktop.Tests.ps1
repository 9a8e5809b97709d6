# Windows PowerShell 5.1, by what ships: manifest, views, help and README hold nothing that only a later PowerShell knows.

BeforeDiscovery {
    $later = @(
        '$a ? 1 : 2', '$a ?? 1', '$a ??= 1', '${a}?.Length', '${a}?[0]', 'a && b', 'a || b', 'a &', '"`e[0m"', '"`u{1F4BE}"', '0b1010', '10u', '5uy', '7n'
        'function f { clean { } }', '1..3 | ForEach-Object -Parallel { $_ }', 'Join-Path a b c', 'Get-Content a -AsByteStream', 'Set-Content a -AsByteStream'
        'ConvertFrom-Json $a -AsHashtable', 'Split-Path a -LeafBase', '1, 2 | Sort-Object -Top 1', 'Start-ThreadJob { }', 'Get-Error', 'if ($IsWindows) { }', '$PSStyle.Reset'
        'Set-Content a -Encoding utf8NoBOM', 'Get-ChildItem | Where-Object -Not Name', '[ordered] @{} | ConvertTo-Json -AsArray'
    )
    $desktop = @(
        '$a = if ($b) { 1 } else { 2 }', '"a?b:c ?? &&"', "'&& ||'", 'Get-ChildItem | Where-Object { $_.Length -gt 1MB }', '& $command', '0x1F, 10GB, 1.5d, 10L', 'Join-Path a b'
        '$a | ? { $_ }', '"`n`t`0"', 'Get-Content a -Encoding Byte', '(Get-VhdxLayout d.vhdx).Areas', 'ConvertFrom-Json $a'
    )
    # From the root of the repository. The about topics show no commands.
    $scripted = 'VhdxTools.psd1', 'src/VhdxTools/VhdxTools.Format.ps1xml', 'en-US/VhdxTools.dll-Help.xml', 'README.md'
    $files = $scripted + 'en-US/about_VhdxTools.help.txt', 'en-US/about_VhdxTools_Rules.help.txt'
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'common.ps1')

    # Cmdlets that 5.1 does not have, and parameters that it does not have; '*' is any cmdlet.
    $laterCommands = 'Start-ThreadJob', 'Get-Error', 'Join-String', 'Test-Json', 'Get-Uptime', 'ConvertFrom-Markdown', 'Show-Markdown', 'Remove-Service', 'Get-SecureRandom', 'ConvertTo-CliXml', 'ConvertFrom-CliXml', 'Switch-Process'
    $laterParameters = @{
        '*' = 'AsByteStream', 'AsHashtable', 'AsUTC', 'AsArray', 'EnumsAsStrings', 'FollowSymlink', 'NoEmphasis', 'SkipHttpErrorCheck', 'AdditionalChildPath', 'LeafBase', 'ProgressAction'
        'ForEach-Object' = 'Parallel', 'ThrottleLimit', 'TimeoutSeconds', 'UseNewRunspace'
        'Where-Object' = @('Not')
        'Sort-Object' = 'Top', 'Bottom', 'Stable'
        'Split-Path' = @('Extension')
        'Out-String' = @('NoNewline')
        'Select-String' = 'Raw', 'Culture'
        'Format-Hex' = 'Count', 'Offset'
        'Import-Module' = @('UseWindowsPowerShell')
        'ConvertFrom-Json' = 'Depth', 'NoEnumerate', 'DateKind'
        'Get-Random' = @('Shuffle')
    }

    function Get-LaterSyntax {
        # What Windows PowerShell 5.1 would not understand in a piece of PowerShell, a line each.
        param([Parameter(Mandatory)] [AllowEmptyString()] [string] $Text)

        $tokens = $faults = $null
        $tree = [Management.Automation.Language.Parser]::ParseInput($Text, [ref] $tokens, [ref] $faults)
        foreach ($fault in $faults) { "no PowerShell: $($fault.Message)" }
        foreach ($token in $tokens) {
            if ($token.Kind -in 'QuestionMark', 'QuestionQuestion', 'QuestionQuestionEquals', 'QuestionDot', 'QuestionLBracket', 'AndAnd', 'OrOr', 'Clean') { "$($token.Kind) '$($token.Text)'" }
            if ($token.Kind -eq 'Number' -and $token.Text -match '^[+-]?0b|(?<!^0x.*)(u|y|s|n)(l|kb|mb|gb|tb|pb)?$|^0x.*(u|y|s|n)') { "number '$($token.Text)'" }
            if ($token.Kind -in 'StringExpandable', 'HereStringExpandable', 'Generic' -and $token.Text -match '(?<!`)(``)*`(e|u\{)') { "escape '$($token.Text)'" }
            if ($token.Kind -eq 'Variable' -and $token.Name -in 'IsWindows', 'IsLinux', 'IsMacOS', 'IsCoreCLR', 'PSStyle', 'EnabledExperimentalFeatures') { "variable '$($token.Text)'" }
        }
        foreach ($command in $tree.FindAll({ $args[0] -is [Management.Automation.Language.CommandAst] }, $true)) {
            $name = $command.GetCommandName()
            if ($name -in $laterCommands) { "command '$name'" }
            $parameters = @($command.CommandElements | Where-Object { $_ -is [Management.Automation.Language.CommandParameterAst] } | ForEach-Object ParameterName)
            foreach ($parameter in $parameters) {
                if ($parameter -in $laterParameters['*'] -or ($name -and $parameter -in $laterParameters[$name])) { "parameter '$name -$parameter'" }
            }
            if ($name -eq 'Join-Path' -and -not $parameters -and $command.CommandElements.Count -gt 3) { "three parts in '$command'" }
            if ("$command" -match '-Encoding\s+[''"]?(utf8NoBOM|utf8BOM|ansi)\b') { "encoding in '$command'" }
        }
        foreach ($pipeline in $tree.FindAll({ $args[0] -is [Management.Automation.Language.PipelineAst] }, $true)) {
            if ($pipeline.Background) { "background '$pipeline'" }
        }
    }

    function Get-Script {
        # The pieces of PowerShell in a file.
        param([Parameter(Mandatory)] [string] $Path)

        switch -Wildcard ($Path) {
            '*.psd1' { [IO.File]::ReadAllText($Path) }
            '*.ps1xml' { ([xml] [IO.File]::ReadAllText($Path)).SelectNodes('//ScriptBlock') | ForEach-Object InnerText }
            '*.xml' { ([xml] [IO.File]::ReadAllText($Path)).SelectNodes("//*[local-name() = 'code']") | ForEach-Object InnerText }
            # Blocks of indented lines.
            default { [regex]::Matches([IO.File]::ReadAllText($Path), '(?m)^(    .*(\r?\n|$))+') | ForEach-Object Value }
        }
    }
}

Describe 'What only a later PowerShell knows' {
    It 'is found: <_>' -ForEach $later { Get-LaterSyntax $_ | Should -Not -BeNullOrEmpty }

    It 'is not seen where it is not: <_>' -ForEach $desktop { Get-LaterSyntax $_ | Should -BeNullOrEmpty }

    It 'is not in <_>' -ForEach $scripted {
        $scripts = @(Get-Script (Join-Path $repository $_))
        $scripts | Should -Not -BeNullOrEmpty -Because 'there is PowerShell in it'
        $scripts | ForEach-Object { Get-LaterSyntax $_ } | Should -BeNullOrEmpty
    }

    It 'is in no other script that ships: there is none' {
        # A script that is added to the module belongs into the list above.
        $shipped = 'bin', 'en-US' | ForEach-Object { Get-ChildItem -LiteralPath (Join-Path $repository $_) -Recurse -File }
        $shipped | Where-Object Extension -In '.ps1', '.psm1', '.psd1', '.cdxml' | Should -BeNullOrEmpty
    }
}

Describe 'The encoding of <_>' -ForEach $files {
    It 'is the same for Windows PowerShell, which takes a file without a mark for one of the old code page' {
        $bytes = [IO.File]::ReadAllBytes((Join-Path $repository $_))
        $hasMark = $bytes.Length -gt 2 -and $bytes[0] -eq 0xEF -and $bytes[1] -eq 0xBB -and $bytes[2] -eq 0xBF
        if (-not $hasMark) { [Linq.Enumerable]::Count($bytes, [Func[byte, bool]] { $args[0] -gt 126 -or $args[0] -lt 32 -and $args[0] -notin 9, 10, 13 }) | Should -Be 0 -Because 'it is ASCII' }
    }
}

Describe 'The manifest' {
    It 'uses only keys that Windows PowerShell 5.1 has' {
        $known = 'RootModule', 'ModuleVersion', 'CompatiblePSEditions', 'GUID', 'Author', 'CompanyName', 'Copyright', 'Description', 'PowerShellVersion', 'PowerShellHostName', 'PowerShellHostVersion', 'DotNetFrameworkVersion', 'CLRVersion',
            'ProcessorArchitecture', 'RequiredModules', 'RequiredAssemblies', 'ScriptsToProcess', 'TypesToProcess', 'FormatsToProcess', 'NestedModules', 'FunctionsToExport', 'CmdletsToExport', 'VariablesToExport', 'AliasesToExport',
            'DscResourcesToExport', 'ModuleList', 'FileList', 'PrivateData', 'HelpInfoURI', 'DefaultCommandPrefix'
        (Import-PowerShellDataFile $manifestPath).Keys | Where-Object { $_ -notin $known } | Should -BeNullOrEmpty
    }
}
