# The bench still runs: every row, very small. How long anything takes is not looked at.

# Its peers are programs of Unix.
Describe 'The bench' -Tag SlowUnderWine {
    BeforeAll {
        . (Join-Path $PSScriptRoot 'common.ps1')

        $folder = Join-Path (Get-PSDrive -Name TestDrive).Root 'scratch'
        $null = New-Item -ItemType Directory -Path $folder
        $json = Join-Path (Get-PSDrive -Name TestDrive).Root 'bench.json'
        $arguments = @(if ([IO.Path]::GetFileNameWithoutExtension([Environment]::ProcessPath) -eq 'dotnet') { Join-Path $PSHOME 'pwsh.dll' }) +
            @('-NoProfile', '-NonInteractive', '-File', (Join-Path $PSScriptRoot 'Bench' 'Invoke-Bench.ps1'), '-Scale', '0.0001', '-Pairs', '0', '-OutputPath', $json)
        $kept = $env:TMPDIR
        try {
            $env:TMPDIR = $folder
            $output = & ([Environment]::ProcessPath) @arguments
            $exitCode = $LASTEXITCODE
        }
        finally {
            $env:TMPDIR = $kept
        }
        $rows = (Get-Content -LiteralPath $json -Raw | ConvertFrom-Json).Rows
    }

    It 'measures every row' {
        $exitCode | Should -Be 0 -Because ($output -join "`n")
        # A volume of its own is not made everywhere.
        $left = @($rows | Where-Object { $_.Note -like 'left out: *' -and $_.Work -like '*shared extents' })
        $rows | Where-Object { $_.Note -and $_ -notin $left } | Should -BeNullOrEmpty
        foreach ($row in $rows | Where-Object { $_ -notin $left }) { $row.Ours | Should -BeGreaterThan 0 -Because $row.Work }
    }

    It 'measures <_>' -ForEach @(
        'raw to dynamic vhdx, half zero', 'raw to dynamic vhdx, 90 % holes', 'dynamic vhdx to raw, half zero', 'dynamic vhdx to raw, 90 % holes', 'vhdx to vhdx*'
        'vhdx to fixed vhd', '*shared extents', 'compare of two equal disks', 'check of an image with*', 'sequential writes*', 'sequential reads*', '*into allocated blocks', '*into new blocks*'
        'optimize of a disk*', 'merge*', 'inventory*', 'first call*'
    ) {
        $rows.Work -like $_ | Should -Not -BeNullOrEmpty
    }

    It 'compares with <_> where it is here, and says where it is not' -ForEach 'qemu-img convert', 'qemu-img convert -t writeback', 'qemu-img compare', 'qemu-io' {
        $program = ($_ -split ' ')[0]
        if (Test-Peer $program) { ($rows | Where-Object Peer -EQ $_).Ratio | Should -Not -BeNullOrEmpty }
        else { $output -match "Not here.*$program" | Should -Not -BeNullOrEmpty }
    }

    It 'leaves no images behind' -Skip:(-not $IsLinux) {
        Get-ChildItem -LiteralPath $folder -Filter 'vhdxtools-bench-*' | Should -BeNullOrEmpty
    }
}
