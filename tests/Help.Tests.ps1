# The help: nothing undocumented, nothing invented, syntax as PowerShell has it, and examples that run.

BeforeDiscovery {
    . (Join-Path $PSScriptRoot 'common.ps1')

    $cmdlets = @((Get-Module VhdxTools).ExportedCmdlets.Keys | Sort-Object | ForEach-Object { @{ Name = $_ } })
    $examples = @(
        foreach ($cmdlet in $cmdlets) {
            # Without a help file there are no examples; the tests of the cmdlet say so.
            $help = Get-Help -Name $cmdlet.Name -Full
            if ($help.PSObject.TypeNames -like 'MamlCommandHelpInfo*') {
                foreach ($example in @($help.examples.example)) {
                    @{ Cmdlet = $cmdlet.Name; Title = $example.title; Code = $example.code }
                }
            }
        }
    )
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'common.ps1')

    $common = [Management.Automation.Cmdlet]::CommonParameters

    function Get-Text {
        # The text of a description as Get-Help gives it: a list of paragraphs.
        param($Paragraphs)
        (@($Paragraphs) | ForEach-Object { if ($_ -and $_.PSObject.Properties['Text']) { $_.Text } }) -join "`n"
    }

    function Get-DocumentedParameter {
        # The parameters that the help file describes: Get-Help itself adds nothing to them.
        param([Parameter(Mandatory)] [string] $Name)
        @((Get-Help -Name $Name -Full).parameters.parameter)
    }

    function Get-TypeName {
        # The name of a parameter's type as help has it; null is an option of every parameter and no fact of its own.
        param([Parameter(Mandatory)] [type] $Type)
        $underlying = [Nullable]::GetUnderlyingType($Type)
        ($underlying ? $underlying : $Type).Name
    }

    function Get-ValidValue {
        # The values that a parameter takes, when it takes a few named ones only.
        param([Parameter(Mandatory)] $Parameter)
        $set = $Parameter.Attributes | Where-Object { $_ -is [ValidateSet] }
        $type = [Nullable]::GetUnderlyingType($Parameter.ParameterType) ?? $Parameter.ParameterType
        if ($set) { $set.ValidValues } elseif ($type.IsEnum) { [Enum]::GetNames($type) }
    }

    function Get-PipelineText {
        param([Parameter(Mandatory)] $Parameter)
        $ways = @(
            if ($Parameter.ValueFromPipeline) { 'ByValue' }
            if ($Parameter.ValueFromPipelineByPropertyName) { 'ByPropertyName' }
        )
        if ($ways) { "True ($($ways -join ', '))" } else { 'False' }
    }

    function Get-PositionText {
        param([Parameter(Mandatory)] $Parameter)
        if ($Parameter.Position -ge 0) { "$($Parameter.Position)" } else { 'named' }
    }

    function Get-SyntaxFact {
        # A parameter set as lines, one a parameter, in the order of Get-Command -Syntax: positional ones first, then mandatory ones.
        param([Parameter(Mandatory)] $ParameterSet)
        $order = @{ Expression = { $_.Position -lt 0 } }, @{ Expression = { $_.Position } }, @{ Expression = { -not $_.IsMandatory } }
        foreach ($parameter in $ParameterSet.Parameters | Where-Object Name -CNotIn $common | Sort-Object -Stable -Property $order) {
            '{0} type={1} required={2} position={3} pipeline={4} values={5}' -f @(
                $parameter.Name
                (Get-TypeName $parameter.ParameterType)
                $parameter.IsMandatory
                (Get-PositionText $parameter)
                (Get-PipelineText $parameter)
                (@(Get-ValidValue $parameter | Sort-Object) -join '|')
            )
        }
    }

    function Get-DocumentedSyntaxFact {
        # The same lines from the help file.
        param([Parameter(Mandatory)] $SyntaxItem)
        foreach ($parameter in @($SyntaxItem.parameter)) {
            $values = if ($parameter.PSObject.Properties['parameterValueGroup']) { @($parameter.parameterValueGroup.parameterValue) }
            '{0} type={1} required={2} position={3} pipeline={4} values={5}' -f @(
                $parameter.name
                $parameter.type.name
                ($parameter.required -eq 'true')
                $parameter.position
                $parameter.pipelineInput
                (@($values | Sort-Object) -join '|')
            )
        }
    }
}

Describe 'The help of <Name>' -ForEach $cmdlets {
    BeforeAll {
        $help = Get-Help -Name $Name -Full
        $command = Get-Command -Name $Name -CommandType Cmdlet
    }

    It 'has a synopsis, a description, notes, inputs, outputs and links' {
        # Without a help file the synopsis is the syntax.
        $help.Synopsis.Trim() | Should -Match '^\p{Lu}.+\.$'
        $help.Synopsis | Should -Not -BeLike "*$Name*"
        (Get-Text $help.description).Length | Should -BeGreaterThan 200
        (Get-Text $help.alertSet.alert) | Should -Not -BeNullOrEmpty
        $help.inputTypes.inputType.type.name | Should -Not -BeNullOrEmpty
        $help.relatedLinks.navigationLink.linkText | Should -Contain 'about_VhdxTools'
    }

    It 'names the types that the cmdlet says it puts out' {
        @($help.returnValues.returnValue.type.name) | Should -Be @($command.OutputType.Name)
    }

    It 'has at least three examples with a title, code and a remark' {
        $all = @($help.examples.example)
        $all.Count | Should -BeGreaterOrEqual 3
        foreach ($example in $all) {
            $example.title | Should -Match '\w'
            $example.code | Should -Match $Name
            Get-Text $example.remarks | Should -Match '\w'
        }
        @($all.title | Sort-Object -Unique) | Should -HaveCount $all.Count
    }

    It 'describes every parameter and no other' {
        $documented = Get-DocumentedParameter $Name
        $documented.name | Sort-Object | Should -BeExactly @($command.Parameters.Keys | Where-Object { $_ -cnotin $common } | Sort-Object)
        foreach ($parameter in $documented) {
            Get-Text $parameter.description | Should -Match '\w.*\.' -Because "-$($parameter.name) needs a description"
        }
    }

    It 'has the type, aliases, pipeline input, wildcards and a default of each parameter' {
        foreach ($documented in Get-DocumentedParameter $Name) {
            $real = $command.Parameters[$documented.name]
            $because = "of -$($documented.name)"
            $set = @($real.ParameterSets.Values)[0]
            $documented.type.name | Should -BeExactly (Get-TypeName $real.ParameterType) -Because $because
            $documented.aliases | Should -BeExactly ($real.Aliases ? $real.Aliases -join ', ' : 'none') -Because $because
            $documented.required | Should -Be "$($set.IsMandatory)" -Because $because
            $documented.position | Should -BeExactly (Get-PositionText $set) -Because $because
            $documented.pipelineInput | Should -BeExactly (Get-PipelineText $set) -Because $because
            $documented.globbing | Should -Be "$([bool] $real.Attributes.Where{ $_ -is [Management.Automation.SupportsWildcardsAttribute] })" -Because $because
            $documented.defaultValue | Should -Not -BeNullOrEmpty -Because $because
        }
    }

    It 'names every value that a parameter takes' {
        foreach ($documented in Get-DocumentedParameter $Name) {
            foreach ($value in Get-ValidValue $command.Parameters[$documented.name]) {
                Get-Text $documented.description | Should -MatchExactly "(?m)^${value}: " -Because "it is a value of -$($documented.name)"
            }
        }
    }

    It 'has the parameter sets of the cmdlet' {
        # Get-Command knows no order of sets; within a set the order is that of Get-SyntaxFact.
        $real = @($command.ParameterSets | ForEach-Object { (Get-SyntaxFact $_) -join "`n" } | Sort-Object)
        $documented = @(@($help.syntax.syntaxItem) | ForEach-Object { (Get-DocumentedSyntaxFact $_) -join "`n" } | Sort-Object)
        $documented | Should -BeExactly $real
        foreach ($item in @($help.syntax.syntaxItem)) { $item.name | Should -BeExactly $Name }
    }
}

Describe 'An example of <Cmdlet>: <Title>' -ForEach $examples {
    BeforeAll {
        $folder = Join-Path (Get-PSDrive -Name TestDrive).Root ([IO.Path]::GetRandomFileName())
        $null = New-Item -ItemType Directory -Path $folder
        # A sound image and one with an error for the examples that look at what is in the folder; names that no example makes.
        $other = New-VhdxImage -Path (Join-Path $folder 'other.vhdx') -SizeBytes 1GB
        $lost = Copy-Item -LiteralPath $other.Path -Destination (Join-Path $folder 'lost.vhdx') -PassThru
        $null = New-VhdxImage -Path (Join-Path $folder 'orphan.vhdx') -ParentPath $lost.FullName
        Remove-Item -LiteralPath $lost.FullName
    }

    It 'runs without an error or a warning' {
        Push-Location -LiteralPath $folder
        try {
            $output = & ([scriptblock]::Create($Code)) 2>&1 3>&1
        }
        finally {
            Pop-Location
        }
        @($output | Where-Object { $_ -is [Management.Automation.ErrorRecord] -or $_ -is [Management.Automation.WarningRecord] }) | Should -BeNullOrEmpty
        if ($Code -match '-WhatIf') {
            # What the lines before it make is there, and nothing else.
            $made = @(($Code -split '\n') -match '^New-VhdxImage' -notmatch '-WhatIf').Count
            Get-ChildItem -LiteralPath $folder | Should -HaveCount (2 + $made)
        }
        elseif ($Code -notmatch 'Where-Object LogState') {
            $output | Should -Not -BeNullOrEmpty
        }
    }
}

Describe 'What the examples promise' {
    BeforeAll {
        $folder = Join-Path (Get-PSDrive -Name TestDrive).Root 'promises'
        $null = New-Item -ItemType Directory -Path $folder

        function Invoke-Example {
            param([string] $Cmdlet, [string] $Title)
            $example = @((Get-Help -Name $Cmdlet -Full).examples.example | Where-Object title -Like "*$Title")
            $example | Should -HaveCount 1
            Push-Location -LiteralPath $folder
            try { & ([scriptblock]::Create($example.code)) } finally { Pop-Location }
        }
    }

    AfterEach { Get-ChildItem -LiteralPath $folder | Remove-Item }

    It 'holds for the hashes of images with one seed' {
        @((Invoke-Example New-VhdxImage 'The same bytes every time').Where{ $_.PSObject.Properties['Hash'] }.Hash | Sort-Object -Unique) | Should -HaveCount 1
    }

    It 'holds for a child and its parent' {
        Invoke-Example Get-VhdxImage 'Whether a child still fits its parent' | Should -BeTrue
    }

    It 'holds for the areas of a new image' {
        $areas = @(Invoke-Example Get-VhdxLayout 'The whole file as areas')
        $areas | Should -HaveCount 9
        $areas[0].Kind | Should -Be 'FileTypeIdentifier'
        $areas[-1].Kind | Should -Be 'Bat'
    }

    It 'holds for images from a list' {
        $images = @(Invoke-Example New-VhdxImage 'Several images from a list')
        $images.Size | Should -Be 20GB, 100GB
        $images.BlockSize | Should -Be 1MB, 1MB
    }

    It 'holds for what the space of a file is used for' {
        $kinds = @(Invoke-Example Get-VhdxLayout 'What the space of a file is used for')
        ($kinds | Where-Object Name -EQ 'PayloadBlock').Bytes | Should -Be 1GB
        ($kinds.Bytes | Measure-Object -Sum).Sum | Should -Be (Get-Item -LiteralPath (Join-Path $folder 'd.vhdx')).Length
    }

    It 'holds for the map of a fixed image' {
        $extents = @(Invoke-Example Get-VhdxBlock 'Where the data of an image is')
        $extents | Should -HaveCount 1
        $extents[0].Length | Should -Be 1GB
        $extents[0].Kind | Should -Be 'Data'
    }

    It 'holds for the files that ranges come from' {
        # What the example prints is text for people; the objects are asked for once more.
        $null = Invoke-Example Get-VhdxBlock 'Which file each range comes from'
        $extents = @(Get-VhdxBlock -LiteralPath (Join-Path $folder 'child.vhdx') -Chain)
        $extents.Kind | Should -Be 'Absent', 'Data', 'Absent'
        $extents.ForEach('Length') | Should -Be 64MB, 32MB, (1GB - 96MB)
        $extents[1].File | Should -Be (Join-Path $folder 'base.vhdx')
    }

    It 'holds for where two disks differ' {
        $null = Invoke-Example Compare-VhdxImage 'Where two disks differ'
        $found = @(Compare-VhdxImage (Join-Path $folder 'a.vhdx') (Join-Path $folder 'b.vhdx'))
        $found | Should -HaveCount 1
        $found[0].Offset, $found[0].Length | Should -Be 0x4000000, 512
    }

    It 'holds for copies that are equal' {
        @(Invoke-Example Compare-VhdxImage 'Which copies are equal to the original').Name | Should -Be 'copy.vhdx'
    }

    It 'holds for what a child changed' {
        $null = Invoke-Example Compare-VhdxImage 'What a child changed'
        $found = @(Compare-VhdxImage -DifferencePath (Join-Path $folder 'child.vhdx') -Changed)
        $found | Should -HaveCount 1
        $found[0].Offset, $found[0].Length, "$($found[0].Kind)" | Should -Be 0xA00000, 8192, 'Changed'
    }

    It 'holds for how much a chain changed' {
        (Invoke-Example Compare-VhdxImage 'How much a chain changed since a base').Sum | Should -Be 4096
    }

    It 'holds for the block at an offset' {
        $extents = @(Invoke-Example Get-VhdxBlock 'The block at an offset of the disk')
        $extents | Should -HaveCount 1
        $extents[0].Block | Should -Be 3
        $extents[0].VirtualOffset | Should -Be 96MB
        $extents[0].Length | Should -Be 32MB
        $extents[0].FileOffset | Should -BeGreaterThan 96MB
    }

    It 'holds for a chain' {
        $links = @((Invoke-Example Get-VhdxChain 'A chain from its tip to its base'))
        $links.Depth | Should -Be 0, 1, 2
        Split-Path $links.Path -Leaf | Should -Be 'grandchild.vhdx', 'child.vhdx', 'base.vhdx'
    }

    It 'holds for what depends on an image' {
        $links = @(Invoke-Example Get-VhdxChain 'What depends on an image')
        $links.Depth | Should -Be 1, 2
        Split-Path $links.Path -Leaf | Should -Be 'child.vhdx', 'grandchild.vhdx'
    }

    It 'holds for the space of a chain' {
        (Invoke-Example Get-VhdxChain 'The space that a chain takes').Sum |
            Should -Be (Get-ChildItem -LiteralPath $folder | Measure-Object -Property Length -Sum).Sum
    }

    It 'holds for a sound image' {
        Invoke-Example Test-VhdxImage 'Whether an image is sound' | Should -BeTrue
    }

    It 'holds for everything that is wrong with an image' {
        $null = Invoke-Example Test-VhdxImage 'Everything that is wrong with an image'
        $findings = @(Test-VhdxImage -LiteralPath (Join-Path $folder 'child.vhdx') -Detailed)
        $findings.RuleId | Should -Be 'VX804'
        $findings[0].Message | Should -BeLike "*$(Join-Path $folder 'base.vhdx')*"
    }

    It 'holds for a child without its parent' {
        Invoke-Example Test-VhdxImage 'A child without its parent' | Should -Be $false, $true
    }

    It 'holds for the bad images of a folder' {
        # One that is sound, one whose parent is missing, and one that is no image.
        $base = New-VhdxImage -Path (Join-Path $folder 'base.vhdx') -SizeBytes 1GB
        $null = New-VhdxImage -Path (Join-Path $folder 'child.vhdx') -ParentPath $base.Path
        Rename-Item -LiteralPath $base.Path -NewName 'renamed.vhdx'
        Set-Content -LiteralPath (Join-Path $folder 'text.vhdx') -Value 'text'
        $ErrorActionPreference = 'SilentlyContinue'
        (Invoke-Example Test-VhdxImage 'The bad images of a folder').Name | Sort-Object | Should -Be 'child.vhdx', 'text.vhdx'
    }

    It 'holds for a file that is no VHDX: an error, neither True nor False' {
        $file = Join-Path $folder 'text.vhdx'
        Set-Content -LiteralPath $file -Value 'text'
        Test-VhdxImage -LiteralPath $file -ErrorVariable problem -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $problem.FullyQualifiedErrorId | Should -BeLike 'NotAVirtualDisk,*'
    }
}

Describe 'about_VhdxTools' {
    BeforeAll {
        $about = (Get-Help -Name about_VhdxTools) -join "`n"

        function Get-Section {
            # The lines under a heading, up to the next one.
            param([string] $Heading)
            [regex]::Match($about, "(?ms)^$Heading\r?\n(.*?)(?=^\S|\z)").Groups[1].Value
        }
    }

    It 'is found' {
        $about | Should -Match '(?m)^TOPIC\r?\n    about_VhdxTools'
    }

    It 'fits on a console of 80 columns' {
        @($about -split '\r?\n' | Where-Object Length -GT 79) | Should -BeNullOrEmpty
    }

    It 'lists every error id, and nothing that is none' {
        $ids = [VhdxTools.ErrorIds].GetFields().ForEach{ $_.GetRawConstantValue() }
        $listed = [regex]::Matches((Get-Section 'ERROR IDS'), '(?m)^    (\p{Lu}\w+)  +\S').ForEach{ $_.Groups[1].Value }
        $listed | Sort-Object | Should -BeExactly @($ids | Sort-Object)
    }

    It 'lists every cmdlet' {
        $listed = [regex]::Matches((Get-Section 'CMDLETS'), '(?m)^    (\w+-\w+)  +\S').ForEach{ $_.Groups[1].Value }
        $listed | Sort-Object | Should -BeExactly @((Get-Module VhdxTools).ExportedCmdlets.Keys | Sort-Object)
    }

    It 'names types that exist' {
        $listed = @([regex]::Matches((Get-Section 'TYPES'), '(?m)^    (VhdxTools\.\w+)').ForEach{ $_.Groups[1].Value })
        $listed.Count | Should -BeGreaterThan 5
        foreach ($type in $listed) { $type -as [type] | Should -Not -BeNullOrEmpty -Because $type }
    }

    It 'names parameters and properties that exist' {
        $section = Get-Section 'NAMES FROM THE HYPER-V MODULE'
        $parameters = @([regex]::Matches($section, ' -(\w+)').ForEach{ $_.Groups[1].Value })
        $parameters.Count | Should -BeGreaterThan 5
        $known = @((Get-Command -Module VhdxTools).Parameters.Keys)
        foreach ($name in $parameters) { $known | Should -Contain $name }
        $properties = [VhdxTools.VhdxImageInfo].GetProperties().Name
        $list = [regex]::Match($section, '(?s)Get-VHD becomes Get-VhdxImage(.*)').Groups[1].Value -replace 'Get-VhdxImage has more:'
        [regex]::Matches($list, '\w+').Value | Sort-Object | Should -BeExactly @($properties | Sort-Object)
    }

    It 'has an example of VhdxDisk that runs and prints what it says' {
        $section = Get-Section 'READING AND WRITING A DISK'
        $code = [regex]::Match($section, '(?m)^(?: {8}.*\r?\n|\r?\n(?= {8}))+').Value
        $code | Should -Match 'VhdxDisk.*Open'
        Push-Location -Path TestDrive:\
        try { & ([scriptblock]::Create($code)) | Should -Be 'Hello, disk' } finally { Pop-Location }
        $file = Join-Path (Get-PSDrive -Name TestDrive).Root 'd.vhdx'
        Test-VhdxImage -LiteralPath $file | Should -BeTrue
        (Get-VhdxImage -LiteralPath $file).LogState | Should -Be 'Clean'
        (Get-VhdxImage -LiteralPath $file).BlocksAllocated | Should -Be 0
    }

    It 'names members of VhdxDisk that exist' {
        $section = Get-Section 'READING AND WRITING A DISK'
        $listed = @([regex]::Matches($section, '(?m)^    (\p{Lu}\w+)\(').ForEach{ $_.Groups[1].Value })
        $listed | Should -HaveCount 5
        foreach ($name in $listed) { [VhdxTools.VhdxDisk].GetMethods().Name | Should -Contain $name }
    }

    It 'names the severities' {
        $listed = [regex]::Matches((Get-Section 'CHECKING IMAGES'), '(?m)^    (\p{Lu}\w+)  +\S').ForEach{ $_.Groups[1].Value }
        $listed | Sort-Object | Should -BeExactly @([Enum]::GetNames([VhdxTools.FindingSeverity]) | Sort-Object)
    }

    It 'names the first digits of all rules' {
        $digits = [VhdxTools.VhdxRules]::All | ForEach-Object { $_.Id.Substring(2, 1) } | Sort-Object -Unique
        $section = Get-Section 'RULE IDS'
        foreach ($digit in $digits) { $section | Should -Match "\b$digit\s+the\b" }
    }
}

Describe 'about_VhdxTools_Rules' {
    It 'is printed from the table of rules' {
        # build.ps1 -Task Help writes it; Get-Help finds it.
        $file = Join-Path $repository 'en-US' 'about_VhdxTools_Rules.help.txt'
        [IO.File]::ReadAllText($file) -replace '\r' | Should -BeExactly ([VhdxTools.VhdxRules]::ToHelpText())
        (Get-Help -Name about_VhdxTools_Rules) -join "`n" | Should -Match '(?m)^TOPIC\r?\n    about_VhdxTools_Rules'
    }

    It 'fits on a console of 80 columns' {
        @([VhdxTools.VhdxRules]::ToHelpText() -split '\n' | Where-Object Length -GT 79) | Should -BeNullOrEmpty
    }
}
