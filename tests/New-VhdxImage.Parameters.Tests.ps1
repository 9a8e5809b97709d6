# Each parameter of New-VhdxImage with valid and invalid values: the issue's table, row by row.

BeforeDiscovery {
    $invalid = @(
        @{ What = 'size 0'; Parameters = @{ SizeBytes = 0 }; Id = 'InvalidSize'; Nearest = '512', '1024' }
        @{ What = 'size 1'; Parameters = @{ SizeBytes = 1 }; Id = 'InvalidSize'; Nearest = '512', '1024' }
        @{ What = 'size 5,000,000'; Parameters = @{ SizeBytes = 5000000 }; Id = 'InvalidSize'; Nearest = '4999680', '5000192' }
        @{ What = 'size 5,000,000 with 4096-byte sectors'; Parameters = @{ SizeBytes = 5000000; LogicalSectorSizeBytes = 4096 }; Id = 'InvalidSize'; Nearest = '4997120', '5001216' }
        @{ What = 'size 1 GiB + 512 with 4096-byte sectors'; Parameters = @{ SizeBytes = 1GB + 512; LogicalSectorSizeBytes = 4096 }; Id = 'InvalidSize'; Nearest = '1073741824', '1073745920' }
        @{ What = 'size 64 TiB + 512'; Parameters = @{ SizeBytes = 64TB + 512 }; Id = 'InvalidSize'; Nearest = '70368744177152', '70368744177664' }
        @{ What = 'the largest size'; Parameters = @{ SizeBytes = [ulong]::MaxValue }; Id = 'InvalidSize'; Nearest = '70368744177152', '70368744177664' }
        @{ What = 'block size 0'; Parameters = @{ BlockSizeBytes = 0 }; Id = 'InvalidBlockSize'; Nearest = '1048576', '2097152' }
        @{ What = 'block size 512 KiB'; Parameters = @{ BlockSizeBytes = 512KB }; Id = 'InvalidBlockSize'; Nearest = '1048576', '2097152' }
        @{ What = 'block size 1 MiB + 1'; Parameters = @{ BlockSizeBytes = 1MB + 1 }; Id = 'InvalidBlockSize'; Nearest = '1048576', '2097152' }
        @{ What = 'block size 3 MiB'; Parameters = @{ BlockSizeBytes = 3MB }; Id = 'InvalidBlockSize'; Nearest = '2097152', '4194304' }
        @{ What = 'block size 200 MiB'; Parameters = @{ BlockSizeBytes = 200MB }; Id = 'InvalidBlockSize'; Nearest = '134217728', '268435456' }
        @{ What = 'block size 512 MiB'; Parameters = @{ BlockSizeBytes = 512MB }; Id = 'InvalidBlockSize'; Nearest = '134217728', '268435456' }
        @{ What = 'block size 4 GiB + 1 MiB'; Parameters = @{ BlockSizeBytes = 4GB + 1MB }; Id = 'InvalidBlockSize'; Nearest = '134217728', '268435456' }
        @{ What = 'log size 0'; Parameters = @{ LogSizeBytes = 0 }; Id = 'InvalidLogSize'; Nearest = '1048576', '2097152' }
        @{ What = 'log size 4096'; Parameters = @{ LogSizeBytes = 4096 }; Id = 'InvalidLogSize'; Nearest = '1048576', '2097152' }
        @{ What = 'log size 2.5 MiB'; Parameters = @{ LogSizeBytes = 2.5MB }; Id = 'InvalidLogSize'; Nearest = '2097152', '3145728' }
        @{ What = 'log size 4 GiB'; Parameters = @{ LogSizeBytes = 4GB }; Id = 'InvalidLogSize'; Nearest = '4292870144', '4293918720' }
        foreach ($which in 'Logical', 'Physical') {
            foreach ($value in 0, 511, 1024, 2048, 8192) {
                @{ What = "$which sector size $value"; Parameters = @{ "${which}SectorSizeBytes" = $value }; Id = "Invalid${which}SectorSize"; Nearest = '512', '4096' }
            }
        }
        @{ What = 'a creator of 256 characters'; Parameters = @{ Creator = 'x' * 256 }; Id = 'InvalidCreator'; Nearest = '256', '255' }
        @{ What = 'a creator with a NUL'; Parameters = @{ Creator = "a`0b" }; Id = 'InvalidCreator'; Nearest = @('NUL') }
        @{ What = 'a disk identifier of zeros'; Parameters = @{ DiskIdentifier = [guid]::Empty }; Id = 'InvalidDiskIdentifier'; Nearest = @('zeros') }
        @{ What = 'a differencing image without parent (Type)'; Parameters = @{ Type = 'Differencing' }; Id = 'ParentRequired'; Nearest = @('-ParentPath') }
        @{ What = 'a differencing image without parent (switch)'; Parameters = @{ Differencing = $true }; Id = 'ParentRequired'; Nearest = @('-ParentPath') }
        @{ What = 'BlockState of a fixed image'; Parameters = @{ Fixed = $true; BlockState = 'Zero' }; Id = 'ContradictingParameters'; Nearest = @('-BlockState', 'Fixed') }
        @{ What = 'BlockState NotPresent of a fixed image'; Parameters = @{ Fixed = $true; BlockState = 'NotPresent' }; Id = 'ContradictingParameters'; Nearest = @('-BlockState') }
        @{ What = 'Preallocation of a dynamic image'; Parameters = @{ Dynamic = $true; Preallocation = 'Full' }; Id = 'ContradictingParameters'; Nearest = @('-Preallocation', 'Dynamic') }
        @{ What = 'Preallocation without a type'; Parameters = @{ Preallocation = 'None' }; Id = 'ContradictingParameters'; Nearest = @('-Preallocation') }
        @{ What = 'Dynamic and Fixed'; Parameters = @{ Dynamic = $true; Fixed = $true }; Id = 'ContradictingParameters'; Nearest = @('Dynamic', 'Fixed') }
        @{ What = 'Type Fixed and Dynamic'; Parameters = @{ Type = 'Fixed'; Dynamic = $true }; Id = 'ContradictingParameters'; Nearest = @('Dynamic', 'Fixed') }
        @{ What = 'Type Dynamic and Differencing'; Parameters = @{ Type = 'Dynamic'; Differencing = $true }; Id = 'ContradictingParameters'; Nearest = @('Dynamic', 'Differencing') }
        @{ What = 'all three switches'; Parameters = @{ Dynamic = $true; Fixed = $true; Differencing = $true }; Id = 'ContradictingParameters'; Nearest = @('Dynamic', 'Fixed', 'Differencing') }
    )
    $valid = @(
        @{ What = 'size 512'; Parameters = @{ SizeBytes = 512 }; Property = 'Size'; Value = 512 }
        @{ What = 'size 4096 with 4096-byte sectors'; Parameters = @{ SizeBytes = 4096; LogicalSectorSizeBytes = 4096 }; Property = 'Size'; Value = 4096 }
        @{ What = 'size 64 TiB'; Parameters = @{ SizeBytes = 64TB }; Property = 'Size'; Value = 64TB }
        @{ What = 'size 64 TiB - 512'; Parameters = @{ SizeBytes = 64TB - 512 }; Property = 'Size'; Value = 64TB - 512 }
        @{ What = 'size as text'; Parameters = @{ SizeBytes = '1073741824' }; Property = 'Size'; Value = 1GB }
        @{ What = 'the default block size'; Parameters = @{}; Property = 'BlockSize'; Value = 32MB }
        foreach ($mib in 1, 2, 64, 256) { @{ What = "block size $mib MiB"; Parameters = @{ BlockSizeBytes = $mib * 1MB }; Property = 'BlockSize'; Value = $mib * 1MB } }
        @{ What = 'log size 4095 MiB'; Parameters = @{ LogSizeBytes = 4095MB }; Property = 'FileSize'; Value = 4098MB }
        @{ What = 'no sector sizes, logical'; Parameters = @{}; Property = 'LogicalSectorSize'; Value = 512 }
        @{ What = 'no sector sizes, physical'; Parameters = @{}; Property = 'PhysicalSectorSize'; Value = 4096 }
        @{ What = 'logical sector size 4096'; Parameters = @{ LogicalSectorSizeBytes = 4096 }; Property = 'LogicalSectorSize'; Value = 4096 }
        @{ What = 'physical sector size 512'; Parameters = @{ PhysicalSectorSizeBytes = 512 }; Property = 'PhysicalSectorSize'; Value = 512 }
        @{ What = 'no type'; Parameters = @{}; Property = 'VhdType'; Value = 'Dynamic' }
        foreach ($type in 'Dynamic', 'Fixed') {
            @{ What = "Type $type"; Parameters = @{ Type = $type }; Property = 'VhdType'; Value = $type }
            @{ What = "-$type"; Parameters = @{ $type = $true }; Property = 'VhdType'; Value = $type }
            @{ What = "-$type with Type $type"; Parameters = @{ $type = $true; Type = $type }; Property = 'VhdType'; Value = $type }
        }
        @{ What = 'type in lower case'; Parameters = @{ Type = 'fixed' }; Property = 'VhdType'; Value = 'Fixed' }
        @{ What = '-Fixed:$false'; Parameters = @{ Fixed = $false }; Property = 'VhdType'; Value = 'Dynamic' }
        @{ What = 'Preallocation'; Parameters = @{ Fixed = $true; Preallocation = 'Full' }; Property = 'VhdType'; Value = 'Fixed' }
        @{ What = 'a creator of 255 characters'; Parameters = @{ Creator = 'ü' * 255 }; Property = 'Creator'; Value = 'ü' * 255 }
        @{ What = 'an empty creator'; Parameters = @{ Creator = '' }; Property = 'Creator'; Value = '' }
        @{ What = 'a disk identifier'; Parameters = @{ DiskIdentifier = '00112233-4455-6677-8899-aabbccddeeff' }; Property = 'DiskIdentifier'; Value = [guid] '00112233-4455-6677-8899-aabbccddeeff' }
    )
    # Refused by PowerShell's own binding.
    $unbound = @(
        @{ What = 'an empty path'; Parameters = @{ Path = '' } }
        @{ What = 'no path in the array'; Parameters = @{ Path = @() } }
        @{ What = 'an unknown type'; Parameters = @{ Type = 'Sparse' } }
        @{ What = 'the type Unknown'; Parameters = @{ Type = 'Unknown' } }
        @{ What = 'a negative size'; Parameters = @{ SizeBytes = -1 } }
        @{ What = 'a size that is no number'; Parameters = @{ SizeBytes = 'ten' } }
        @{ What = 'an unknown block state'; Parameters = @{ BlockState = 'Unmapped' } }
        @{ What = 'an unknown preallocation'; Parameters = @{ Fixed = $true; Preallocation = 'Falloc' } }
        @{ What = 'a disk identifier that is no GUID'; Parameters = @{ DiskIdentifier = 'x' } }
        @{ What = 'an empty seed'; Parameters = @{ IdentifierSeed = '' } }
    )
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'common.ps1')
    . (Join-Path $PSScriptRoot 'ImageBytes.ps1')
}

Describe 'New-VhdxImage values' {
    BeforeAll { $folder = New-TestFolder }

    It 'refuses <What> as <Id> and names the rule' -ForEach $invalid {
        $arguments = @{ Path = Join-Path $folder 'invalid.vhdx'; SizeBytes = 1GB }
        foreach ($name in $Parameters.Keys) { $arguments[$name] = $Parameters[$name] }
        $null = Assert-Refused $arguments $Id InvalidArgument -Match $Nearest
    }

    It 'refuses <What> with an existing file and -Force, and leaves the file' -ForEach $invalid {
        $path = Join-Path $folder 'existing.vhdx'
        Set-Content -LiteralPath $path -Value 'old'
        $state = Get-FileState $path
        $arguments = @{ Path = $path; SizeBytes = 1GB; Force = $true }
        foreach ($name in $Parameters.Keys) { $arguments[$name] = $Parameters[$name] }
        $null = Assert-Refused $arguments $Id InvalidArgument
        Get-FileState $path | Should -BeExactly $state
    }

    It 'names the value that was given and the unit that people read' {
        $failure = Assert-Refused @{ Path = Join-Path $folder 'x.vhdx'; SizeBytes = 1GB; BlockSizeBytes = 3MB } InvalidBlockSize InvalidArgument -Match '3145728', 'power of two', '2 MiB', '4 MiB'
        $failure.TargetObject | Should -BeExactly (Join-Path $folder 'x.vhdx')
    }

    It 'gives nearest values that are valid: <What>' -ForEach ($invalid | Where-Object { $_.Id -match '^Invalid(Size|BlockSize|LogSize|.*SectorSize)$' }) {
        $arguments = @{ SizeBytes = 1GB }
        foreach ($name in $Parameters.Keys) { $arguments[$name] = $Parameters[$name] }
        $parameter = @($Parameters.Keys | Where-Object { $Id -eq 'InvalidSize' -and $_ -eq 'SizeBytes' -or $Id -ne 'InvalidSize' })[0]
        foreach ($value in $Nearest) {
            $arguments[$parameter] = $value
            $result = Invoke-NewImage (@{ Path = Join-Path $folder 'nearest.vhdx'; Force = $true } + $arguments)
            $result.Errors | Should -BeNullOrEmpty
        }
    }

    It 'takes <What>' -ForEach $valid {
        $arguments = @{ Path = Join-Path $folder 'valid.vhdx'; SizeBytes = 64MB; Force = $true }
        foreach ($name in $Parameters.Keys) { $arguments[$name] = $Parameters[$name] }
        $result = Invoke-NewImage $arguments
        $result.Errors | Should -BeNullOrEmpty
        $result.Output | Should -HaveCount 1
        $result.Output[0].$Property | Should -Be $Value
        $result.Output[0].GetType().FullName | Should -BeExactly 'VhdxTools.VhdxImageInfo'
        $result.Output[0].Path | Should -BeExactly $arguments.Path
    }

    It 'does not bind <What>' -ForEach $unbound {
        $before = Get-FolderList $folder
        $arguments = @{ Path = Join-Path $folder 'unbound.vhdx'; SizeBytes = 64MB }
        foreach ($name in $Parameters.Keys) { $arguments[$name] = $Parameters[$name] }
        $result = Invoke-NewImage $arguments
        $result.Errors | Should -HaveCount 1
        $result.Errors[0].Exception | Should -BeOfType ([Management.Automation.ParameterBindingException])
        Get-FolderList $folder | Should -BeExactly $before
    }

    It 'asks for the size of an image without parent' -ForEach @{ Type = 'Dynamic' }, @{ Type = 'Fixed' } {
        $null = Assert-Refused @{ Path = Join-Path $folder 'nosize.vhdx'; Type = $Type } SizeRequired InvalidArgument -Match '-SizeBytes'
    }

    It 'warns below 3 MiB and not from there on: <Size>' -ForEach @(
        @{ Size = 512; Count = 1 }, @{ Size = 3MB - 512; Count = 1 }, @{ Size = 3MB; Count = 0 }, @{ Size = 3MB + 512; Count = 0 }
    ) {
        $result = Invoke-NewImage @{ Path = Join-Path $folder 'small.vhdx'; SizeBytes = $Size; Force = $true }
        $result.Warnings | Should -HaveCount $Count
        if ($Count) { [string] $result.Warnings[0] | Should -Match '3 MiB' }
        $result.Output[0].Size | Should -Be $Size
    }
}

Describe 'New-VhdxImage binding' {
    BeforeEach {
        $folder = New-TestFolder
        Push-Location -LiteralPath $folder
    }

    AfterEach { Pop-Location }

    It 'takes path and size by position' {
        (New-VhdxImage a.vhdx 1GB).Size | Should -Be 1GB
        Join-Path $folder 'a.vhdx' | Should -Exist
    }

    It 'has the parameters of the table and no more' {
        $common = [Management.Automation.PSCmdlet]::CommonParameters + [Management.Automation.PSCmdlet]::OptionalCommonParameters
        (Get-Command New-VhdxImage).Parameters.Keys | Where-Object { $_ -notin $common } | Sort-Object | Should -Be (@(
            'Path', 'SizeBytes', 'Type', 'Dynamic', 'Fixed', 'Differencing', 'ParentPath', 'BlockSizeBytes', 'LogSizeBytes', 'LogicalSectorSizeBytes', 'PhysicalSectorSizeBytes'
            'BlockState', 'Preallocation', 'DiskIdentifier', 'Creator', 'IdentifierSeed', 'Force') | Sort-Object)
        (Get-Command New-VhdxImage).Parameters.Keys | Should -Contain 'WhatIf'
        (Get-Command New-VhdxImage).Parameters.Keys | Should -Contain 'Confirm'
    }

    It 'makes several images in order' {
        $made = New-VhdxImage -Path c.vhdx, a.vhdx, b.vhdx -SizeBytes 1GB
        $made.Path | Should -Be @('c.vhdx', 'a.vhdx', 'b.vhdx' | ForEach-Object { Join-Path $folder $_ })
        @($made.DiskIdentifier | Sort-Object -Unique) | Should -HaveCount 3
        Get-FolderList $folder | Should -BeExactly 'a.vhdx|b.vhdx|c.vhdx'
    }

    It 'makes the others when one of several fails' {
        Set-Content -LiteralPath b.vhdx -Value 'old'
        $result = Invoke-NewImage @{ Path = 'a.vhdx', 'b.vhdx', 'nowhere/x.vhdx', 'c.vhdx'; SizeBytes = 1GB }
        $result.Output.Path | Should -Be @('a.vhdx', 'c.vhdx' | ForEach-Object { Join-Path $folder $_ })
        $result.Errors.FullyQualifiedErrorId | Should -Be @('FileExists,VhdxTools.NewVhdxImageCommand', 'FolderNotFound,VhdxTools.NewVhdxImageCommand')
        $result.Errors.TargetObject | Should -Be @('b.vhdx', 'nowhere/x.vhdx')
    }

    It 'stops at the first error when the caller wants that' {
        { New-VhdxImage -Path nowhere/x.vhdx, c.vhdx -SizeBytes 1GB -ErrorAction Stop } | Should -Throw -ErrorId 'FolderNotFound,VhdxTools.NewVhdxImageCommand'
        Get-FolderList $folder | Should -BeExactly ''
    }

    It 'takes paths from the pipeline' {
        $made = 'a.vhdx', 'b.vhdx' | New-VhdxImage -SizeBytes 1GB
        $made | Should -HaveCount 2
        Get-FolderList $folder | Should -BeExactly 'a.vhdx|b.vhdx'
    }

    It 'takes objects from the pipeline, each with its own size' {
        $made = @(
            [pscustomobject]@{ Path = 'a.vhdx'; SizeBytes = 1GB }
            [pscustomobject]@{ FullName = Join-Path $folder 'b.vhdx'; SizeBytes = 2GB }
        ) | New-VhdxImage
        $made.Size | Should -Be @(1GB, 2GB)
    }

    It 'forgets the size of one object before the next' {
        $errorList = $null
        $made = @(
            [pscustomobject]@{ Path = 'a.vhdx'; SizeBytes = 1GB }
            [pscustomobject]@{ Path = 'b.vhdx' }
        ) | New-VhdxImage -ErrorAction SilentlyContinue -ErrorVariable errorList
        $made | Should -HaveCount 1
        $errorList.FullyQualifiedErrorId | Should -Be 'SizeRequired,VhdxTools.NewVhdxImageCommand'
    }

    It 'takes a parent for each object' {
        $null = New-VhdxImage -Path p1.vhdx, p2.vhdx -SizeBytes 1GB
        $made = @(
            [pscustomobject]@{ Path = 'c1.vhdx'; ParentPath = 'p1.vhdx' }
            [pscustomobject]@{ Path = 'c2.vhdx'; ParentPath = 'p2.vhdx' }
        ) | New-VhdxImage
        $made.VhdType | Should -Be @('Differencing', 'Differencing')
        $made.ParentPath | Should -Be @((Join-Path $folder 'p1.vhdx'), (Join-Path $folder 'p2.vhdx'))
    }

    It 'takes files of Get-ChildItem, whatever the process folder is' {
        $null = New-Item -ItemType Directory -Path sub
        Set-Content -LiteralPath sub/a.vhdx, sub/b.vhdx -Value old
        $made = Get-ChildItem -Path sub -Filter *.vhdx | New-VhdxImage -SizeBytes 1GB -Force
        $made.Path | Should -Be @((Join-Path $folder sub a.vhdx), (Join-Path $folder sub b.vhdx))
    }

    It 'writes each image as it is made' {
        $seen = @('a.vhdx', 'b.vhdx' | New-VhdxImage -SizeBytes 1GB | ForEach-Object { Get-FolderList $folder })
        $seen | Should -Be @('a.vhdx', 'a.vhdx|b.vhdx')
    }
}

Describe 'New-VhdxImage -IdentifierSeed' {
    BeforeAll {
        $folder = New-TestFolder
        $one = New-TestFolder
        $two = New-TestFolder
        function Get-Made {
            # Hashes of a dynamic, a fixed and a differencing image and of a pair, made in one folder.
            param([string] $In, [string] $Seed)

            $null = New-VhdxImage -Path (Join-Path $In 'd.vhdx') -SizeBytes 1GB -BlockState Zero -Creator c -IdentifierSeed $Seed -Force
            $null = New-VhdxImage -Path (Join-Path $In 'f.vhdx') -SizeBytes 4MB -Fixed -BlockSizeBytes 1MB -Creator c -IdentifierSeed $Seed -Preallocation None -Force
            $null = New-VhdxImage -Path (Join-Path $In 'c.vhdx') -ParentPath (Join-Path $In 'd.vhdx') -Creator c -IdentifierSeed "$Seed child" -Force
            $null = New-VhdxImage -Path (Join-Path $In 'p0.vhdx'), (Join-Path $In 'p1.vhdx') -SizeBytes 1GB -Creator c -IdentifierSeed $Seed -Force
            foreach ($name in 'd', 'f', 'c', 'p0', 'p1') { Get-Sha256 (Join-Path $In "$name.vhdx") }
        }
    }

    It 'gives the same bytes for the same command in different folders' {
        $first = Get-Made $one 'same'
        $second = Get-Made $two 'same'
        $second | Should -Be $first
        @($first | Sort-Object -Unique) | Should -HaveCount 5
    }

    It 'gives the same bytes on the Core build <_>' -ForEach 'net10.0', 'netstandard2.0' {
        $here = Get-Made $one 'builds'
        $there = New-TestFolder
        $quoted = { param($Text) "'" + $Text.Replace("'", "''") + "'" }
        $child = Invoke-ChildShell -Json -Environment @{ VHDXTOOLS_CORE = $_ } @"
Import-Module $(& $quoted $manifestPath)
function Get-Sha256 { param([string] `$Path) (Get-FileHash -LiteralPath `$Path -Algorithm SHA256).Hash }
function Get-Made { ${function:Get-Made} }
ConvertTo-Json -Compress @{ Hashes = @(Get-Made $(& $quoted $there) 'builds'); Core = [VhdxTools.VhdxException].Assembly.Location }
"@
        $child.Core | Should -BeExactly (Get-CorePath $_)
        $child.Hashes | Should -Be $here
    }

    It 'gives other bytes for another seed, to the case of a letter' {
        $path = Join-Path $folder 's.vhdx'
        $hashes = foreach ($seed in 'seed', 'Seed', 'seed ') {
            $null = New-VhdxImage -Path $path -SizeBytes 1GB -IdentifierSeed $seed -Force
            Get-Sha256 $path
        }
        @($hashes | Sort-Object -Unique -CaseSensitive) | Should -HaveCount 3
    }

    It 'derives every identifier, and no two alike, for several disks of one command' {
        $null = New-VhdxImage -Path (Join-Path $folder 'm0.vhdx'), (Join-Path $folder 'm1.vhdx') -SizeBytes 1GB -IdentifierSeed x
        $values = foreach ($name in 'm0.vhdx', 'm1.vhdx') {
            $image = Read-ImageBytes (Join-Path $folder $name)
            $image.Headers[0].FileWriteGuid, $image.Headers[0].DataWriteGuid, (Get-GuidAt (Get-ItemBytes $image VirtualDiskId)), $image.Headers[0].SequenceNumber
        }
        @($values | ForEach-Object ToString | Sort-Object -Unique) | Should -HaveCount 8
    }

    It 'counts disks over the pipeline, too' {
        $null = 'q0.vhdx', 'q1.vhdx' | ForEach-Object { Join-Path $folder $_ } | New-VhdxImage -SizeBytes 1GB -IdentifierSeed x
        Get-Sha256 (Join-Path $folder 'q0.vhdx') | Should -BeExactly (Get-Sha256 (Join-Path $folder 'm0.vhdx'))
        Get-Sha256 (Join-Path $folder 'q1.vhdx') | Should -BeExactly (Get-Sha256 (Join-Path $folder 'm1.vhdx'))
    }

    It 'leaves a given disk identifier as it is' {
        $identifier = [guid]::NewGuid()
        $made = New-VhdxImage -Path (Join-Path $folder 'given.vhdx') -SizeBytes 1GB -IdentifierSeed x -DiskIdentifier $identifier
        $made.DiskIdentifier | Should -Be $identifier
    }
}
