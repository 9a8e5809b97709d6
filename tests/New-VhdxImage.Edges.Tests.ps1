BeforeAll {
    . (Join-Path $PSScriptRoot 'common.ps1')

    function New-Folder {
        (New-Item -ItemType Directory -Path (Join-Path $TestDrive ([IO.Path]::GetRandomFileName()))).FullName
    }
}

Describe 'Disks of a few sectors' {
    It '<Count> of <Sector> bytes, <Type>: made, described, laid open and sound' -ForEach @(
        foreach ($sector in 512, 4096) {
            foreach ($count in 1, 2, 3) {
                foreach ($type in 'Dynamic', 'Fixed') { @{ Sector = $sector; Count = $count; Type = $type } }
            }
        }
    ) {
        $path = Join-Path (New-Folder) 'small.vhdx'
        $made = New-VhdxImage $path ($Sector * $Count) -Type $Type -LogicalSectorSizeBytes $Sector -BlockSizeBytes 1MB -WarningAction SilentlyContinue
        $made.Size | Should -Be ($Sector * $Count)
        $made.MinimumSize | Should -BeNullOrEmpty
        (Get-VhdxImage $path).Size | Should -Be ($Sector * $Count)
        (Get-VhdxLayout $path).Problems | Should -BeNullOrEmpty
        Test-VhdxImage $path | Should -BeTrue
    }

    It 'does not keep the other files of a folder from being described' {
        $folder = New-Folder
        $null = New-VhdxImage (Join-Path $folder 'a.vhdx'), (Join-Path $folder 'z.vhdx') 8MB
        $null = New-VhdxImage (Join-Path $folder 'm.vhdx') 512 -WarningAction SilentlyContinue
        Get-ChildItem $folder | Get-VhdxImage | Should -HaveCount 3
    }
}

Describe 'One seed for a chain' {
    It 'gives each image a DataWriteGuid of its own' {
        $folder = New-Folder
        $names = 'base', 'child', 'grandchild', 'other' | ForEach-Object { Join-Path $folder "$_.vhdx" }
        $null = New-VhdxImage $names[0] 8MB -IdentifierSeed s
        $null = New-VhdxImage $names[1] -ParentPath $names[0] -IdentifierSeed s
        $null = New-VhdxImage $names[2] -ParentPath $names[1] -IdentifierSeed s
        $null = New-VhdxImage $names[3] 16MB -IdentifierSeed s
        (Get-VhdxImage (Join-Path $folder '*.vhdx')).DataWriteGuid | Sort-Object -Unique | Should -HaveCount 4

        # So a base that took the child's place is noticed.
        Copy-Item $names[0] $names[1] -Force
        (Get-VhdxChain $names[2])[0].LinkageState | Should -Be 'Mismatch'
    }
}

Describe 'A child in a folder behind a symbolic link' {
    It 'stores the way from where it really lies' {
        if ($IsWindows) { Set-ItResult -Skipped -Because 'symbolic links need a right on Windows'; return }
        $folder = New-Folder
        $null = New-Item -ItemType Directory (Join-Path $folder 'real/deep')
        $null = New-Item -ItemType SymbolicLink (Join-Path $folder 'link') -Target (Join-Path $folder 'real/deep')
        $base = Join-Path $folder 'base.vhdx'
        $null = New-VhdxImage $base 8MB
        $null = New-VhdxImage (Join-Path $folder 'real/base.vhdx') 16MB
        $null = New-VhdxImage (Join-Path $folder 'link/child.vhdx') -ParentPath $base
        (Get-VhdxLayout (Join-Path $folder 'link/child.vhdx')).ParentLocator.Where({ $_.Key -eq 'relative_path' }).Value | Should -BeExactly '..\..\base.vhdx'
        foreach ($way in 'link', 'real/deep') {
            (Get-VhdxImage (Join-Path $folder "$way/child.vhdx")).ParentPath | Should -BeExactly $base
        }
    }
}

Describe 'Rows of a table' {
    It 'with empty cells make bases and children' {
        $folder = New-Folder
        Push-Location $folder
        try {
            $made = "Path,SizeBytes,ParentPath`nbase.vhdx,4194304,`nchild.vhdx,,base.vhdx" | ConvertFrom-Csv | New-VhdxImage
        }
        finally {
            Pop-Location
        }
        $made.VhdType | Should -Be @('Dynamic', 'Differencing')
        $made.Size | Should -Be @(4MB, 4MB)
    }
}

Describe 'A truncated image in Get-VhdxLayout' {
    It 'tells which blocks are lost' {
        $path = Join-Path (New-Folder) 'cut.vhdx'
        $null = New-VhdxImage $path 64MB -Fixed -BlockSizeBytes 1MB
        $stream = [IO.File]::OpenWrite($path)
        $stream.SetLength(40MB)
        $stream.Dispose()

        # Payload from 4 MiB on: of 64 blocks 36 are left.
        $problem = @((Get-VhdxLayout $path).Problems)
        $problem | Should -HaveCount 1
        $problem.RuleId | Should -Be 'VX608'
        $problem.Block | Should -Be 36
        $problem.BlockCount | Should -Be 28
    }
}

Describe 'An image that QEMU has open' {
    It 'is not replaced' {
        if (-not $IsLinux -or -not (Test-Peer qemu-io)) { Set-ItResult -Skipped -Because 'qemu-io on Linux is not here'; return }
        $path = Join-Path (New-Folder) 'open.vhdx'
        $null = New-VhdxImage $path 8MB
        $start = [Diagnostics.ProcessStartInfo]::new('qemu-io', "-f vhdx $path")
        $start.RedirectStandardInput = $true
        $start.RedirectStandardOutput = $true
        $qemu = [Diagnostics.Process]::Start($start)
        try {
            $qemu.StandardInput.WriteLine('read 0 512')
            $null = $qemu.StandardOutput.ReadLine()
            { New-VhdxImage $path 4MB -Force -ErrorAction Stop } | Should -Throw -ErrorId 'FileInUse,*'
        }
        finally {
            $qemu.StandardInput.Close()
            $qemu.WaitForExit()
        }
        (Get-VhdxImage $path).Size | Should -Be 8MB
        $null = New-VhdxImage $path 4MB -Force
        (Get-VhdxImage $path).Size | Should -Be 4MB
    }
}
