# Many at once: runspaces over one parent and over many images, and processes that want the same file. One works, the other gets the
# named error, and what is on the disk afterwards is what one of them alone would have left.

BeforeDiscovery {
    # Commands that write to an image that exists; $image is its path.
    $writers = @(
        @{ Cmdlet = 'Set-VhdxImage'; Command = '{ Set-VhdxImage -LiteralPath $image -ResetDiskIdentifier -WarningAction Ignore }' }
        @{ Cmdlet = 'Resize-VhdxImage'; Command = '{ Resize-VhdxImage -LiteralPath $image -SizeBytes 12MB }' }
        @{ Cmdlet = 'Optimize-VhdxImage'; Command = '{ Optimize-VhdxImage -LiteralPath $image }' }
        @{ Cmdlet = 'Merge-VhdxImage'; Command = '{ Merge-VhdxImage -Path $child -DestinationPath $image }' }
        @{ Cmdlet = 'New-VhdxImage'; Command = '{ New-VhdxImage -Path $image -SizeBytes 4MB -Force }' }
        @{ Cmdlet = 'Convert-VhdxImage'; Command = '{ Convert-VhdxImage -Path $source -DestinationPath $image -Type Dynamic -Force }' }
    )
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'common.ps1')
    . (Join-Path $PSScriptRoot 'disks.ps1')

    function New-FilledImage {
        # An image whose first 6 MiB hold bytes that depend on a number; gives its path.
        param([string] $Path, [int] $Number, [hashtable] $With = @{})

        $null = New-Image $Path 8MB $With
        $bytes = [byte[]]::new(6MB)
        [Random]::new($Number).NextBytes($bytes)
        Use-Disk $Path { $disk.WriteAt(0, $bytes, 0, $bytes.Length) }
        $Path
    }

    function Get-HeldState {
        # Bytes and time of a file that another process holds. On Unix .NET would ask for a lock to read it.
        param([string] $Path)

        $sum = if ($IsWindows) { [Convert]::ToHexString([Security.Cryptography.SHA256]::HashData((Read-Bytes $Path 0 (Get-Item -LiteralPath $Path).Length))) } else { & cksum $Path }
        $sum | Should -Not -BeNullOrEmpty
        "$sum $((Get-Item -LiteralPath $Path).LastWriteTimeUtc.Ticks)"
    }

    function Start-Holder {
        # Another PowerShell that holds the disk of an image open until Stop-Holder; returns it when it has it.
        param([string] $Path, [string] $Access)

        $ready, $stop = 'ready', 'stop' | ForEach-Object { Join-Path (New-Folder) $_ }
        $script = "Import-Module '$manifestPath'; `$disk = [VhdxTools.VhdxDisk]::Open('$Path', '$Access'); [IO.File]::WriteAllText('$ready', ''); " +
            "while (-not [IO.File]::Exists('$stop')) { Start-Sleep -Milliseconds 20 }; `$disk.Dispose()"
        $shell = Start-ThreadJob { . $using:PSScriptRoot/common.ps1; Invoke-ChildShell $using:script } -ErrorAction Stop
        while (-not [IO.File]::Exists($ready) -and $shell.State -in 'NotStarted', 'Running') { Start-Sleep -Milliseconds 20 }
        [pscustomobject]@{ Job = $shell; Stop = $stop }
    }

    function Stop-Holder {
        param($Holder)

        [IO.File]::WriteAllText($Holder.Stop, '')
        $result = $Holder.Job | Receive-Job -Wait -AutoRemoveJob
        $result.ExitCode | Should -Be 0 -Because $result.Output
    }
}

Describe 'ForEach-Object -Parallel over one parent' {
    BeforeAll {
        $folder = New-Folder
        $parent = New-FilledImage (Join-Path $folder 'parent.vhdx') 1
        $parentState = Get-FileState $parent
        $parentDigest = Get-Digest $parent

        # Each makes a child, writes a sector of its own number into it, and reads, checks, converts and compares it.
        $results = 1..24 | ForEach-Object -ThrottleLimit 8 -Parallel {
            $ErrorActionPreference = 'Stop'
            Import-Module $using:manifestPath
            $path = Join-Path $using:folder "child$_.vhdx"
            $made = New-VhdxImage -Path $path -ParentPath $using:parent
            $disk = [VhdxTools.VhdxDisk]::Open($path, 'ReadWrite')
            try {
                $bytes = [byte[]]::new(512)
                [Array]::Fill($bytes, [byte] $_)
                $disk.WriteAt(512 * $_, $bytes, 0, 512)
            }
            finally { $disk.Dispose() }
            $copy = Join-Path $using:folder "copy$_.vhdx"
            $null = Convert-VhdxImage -Path $path -DestinationPath $copy -Type Dynamic
            @{
                Number = $_
                Parent = $made.ParentPath
                Sound = Test-VhdxImage $path, $copy
                Changed = @(Compare-VhdxImage -DifferencePath $path -Changed)
                Differences = @(Compare-VhdxImage -ReferencePath $path -DifferencePath $copy).Count
                Against = @(Compare-VhdxImage -ReferencePath $using:parent -DifferencePath $copy)
                Links = @(Get-VhdxChain $path).Path
                Image = Get-VhdxImage $path
                Layout = Get-VhdxLayout $path
                Extents = @(Get-VhdxBlock $path -Chain)
            }
        }
    }

    It 'makes them all, each with what was written into it and nothing else' {
        $results | Should -HaveCount 24
        foreach ($result in $results) {
            $result.Sound | Should -Be @($true, $true)
            $result.Parent | Should -BeExactly $parent
            $result.Links[-1] | Should -BeExactly $parent
            $result.Differences | Should -Be 0
            $result.Image.VhdType | Should -Be 'Differencing'
            $result.Layout.Problems | Should -BeNullOrEmpty
            foreach ($ranges in $result.Changed, $result.Against) {
                $ranges | Should -HaveCount 1
                $ranges[0].Offset | Should -Be (512 * $result.Number)
                $ranges[0].Length | Should -Be 512
            }
        }
        @($results.Image.DiskIdentifier | Sort-Object -Unique) | Should -HaveCount 1 -Because 'a child shows the disk of its parent'
    }

    It 'leaves the parent alone' { Get-FileState $parent | Should -BeExactly $parentState }

    It 'merges children that differ in turn: one works, the others are refused by name, or find the parent changed (VX805)' {
        $outcomes = 1..6 | ForEach-Object -ThrottleLimit 6 -Parallel {
            Import-Module $using:manifestPath
            try {
                Merge-VhdxImage -Path (Join-Path $using:folder "child$_.vhdx") -DestinationPath $using:parent -Force -Confirm:$false -ErrorAction Stop -WarningAction SilentlyContinue
                @{ Number = $_; Id = 'merged' }
            }
            catch { @{ Number = $_; Id = $_.FullyQualifiedErrorId } }
        }
        $merged = @($outcomes | Where-Object Id -EQ 'merged')
        $merged.Count | Should -BeGreaterThan 0
        $outcomes.Id | Where-Object { $_ -ne 'merged' } | Should -Match '^(FileInUse|VX805),' -Because ($outcomes.Id -join ' ')
        Test-VhdxImage $parent -Detailed | Should -BeNullOrEmpty
        # The disk is the old one with the sector of each that was merged, to the byte.
        $bytes = [byte[]]::new(6MB)
        [Random]::new(1).NextBytes($bytes)
        foreach ($number in $merged.Number) { [Array]::Fill($bytes, [byte] $number, 512 * $number, 512) }
        $read = [byte[]]::new(6MB)
        Use-Disk $parent -Access Read { $disk.ReadAt(0, $read, 0, $read.Length) } | Should -Be 6MB
        [Linq.Enumerable]::SequenceEqual($read, $bytes) | Should -BeTrue
    }
}

Describe 'ForEach-Object -Parallel over many images' {
    It 'runs every cmdlet on images of their own at the same time' {
        $folder = New-Folder
        $results = 1..12 | ForEach-Object -ThrottleLimit 6 -Parallel {
            $ErrorActionPreference = 'Stop'
            Import-Module $using:manifestPath
            $path = Join-Path $using:folder "$_.vhdx"
            $child = Join-Path $using:folder "$_-child.vhdx"
            $copy = Join-Path $using:folder "$_-copy.vhdx"
            $null = New-VhdxImage -Path $path -SizeBytes 8MB -BlockSizeBytes 1MB
            $null = New-VhdxImage -Path $child -ParentPath $path
            $bytes = [byte[]]::new(2MB)
            [Random]::new($_).NextBytes($bytes)
            $disk = [VhdxTools.VhdxDisk]::Open($child, 'ReadWrite')
            try { $disk.WriteAt(1MB, $bytes, 0, $bytes.Length) } finally { $disk.Dispose() }
            Set-VhdxImage $child -ParentPath $path
            Merge-VhdxImage -Path $child -DeleteSource
            Resize-VhdxImage $path -SizeBytes 16MB
            $optimized = Optimize-VhdxImage $path
            $repaired = Repair-VhdxImage $path
            $null = Convert-VhdxImage $path $copy -Type Fixed -Preallocation None
            $same = @(Compare-VhdxImage $path $copy).Count -eq 0
            $disk = [VhdxTools.VhdxDisk]::Open($copy, 'Read')
            try {
                $read = [byte[]]::new(2MB)
                $count = $disk.ReadAt(1MB, $read, 0, $read.Length)
                $isRight = $count -eq 2MB -and [Linq.Enumerable]::SequenceEqual($read, $bytes)
            }
            finally { $disk.Dispose() }
            @{
                Number = $_; Same = $same; Bytes = $isRight; Sound = Test-VhdxImage $path, $copy
                Size = (Get-VhdxImage $path).Size; Problems = @((Get-VhdxLayout $path).Problems); Blocks = @(Get-VhdxBlock $path).Count; Links = @(Get-VhdxChain $path).Count
            }
        }
        $results | Should -HaveCount 12
        foreach ($result in $results) {
            $result.Same, $result.Bytes | Should -Be @($true, $true) -Because "image $($result.Number)"
            $result.Sound | Should -Be @($true, $true)
            $result.Size | Should -Be 16MB
            $result.Problems | Should -BeNullOrEmpty
            $result.Links | Should -Be 1
        }
        [IO.Directory]::GetFiles($folder) | Should -HaveCount 24 -Because 'no temporary file and no child is left'
    }

    It 'makes one image when many make the same: one works, the others are refused by name' {
        $folder = New-Folder
        $path = Join-Path $folder 'one.vhdx'
        $outcomes = 1..12 | ForEach-Object -ThrottleLimit 12 -Parallel {
            Import-Module $using:manifestPath
            try { $null = New-VhdxImage -Path $using:path -SizeBytes ((3 + $_) * 1MB) -ErrorAction Stop; "made $_" } catch { $_.FullyQualifiedErrorId }
        }
        $made = @($outcomes | Where-Object { $_ -like 'made *' })
        $made | Should -HaveCount 1 -Because ($outcomes -join ' ')
        @($outcomes | Where-Object { $_ -notlike 'made *' } | Sort-Object -Unique) | Should -BeExactly 'FileExists,VhdxTools.NewVhdxImageCommand'
        (Get-VhdxImage $path).Size | Should -Be ((3 + [long] ($made[0] -replace 'made ')) * 1MB)
        Test-VhdxImage $path | Should -BeTrue
        [IO.Directory]::GetFiles($folder) | Should -HaveCount 1
    }

    It 'reads one image from many runspaces while another writes it, and each sees a whole disk' {
        # The writer makes the disk one byte, then another: a reader may see both, but every structure must hold.
        $path = New-FilledImage (Join-Path (New-Folder) 'busy.vhdx') 5
        $outcomes = 0..6 | ForEach-Object -ThrottleLimit 7 -Parallel {
            Import-Module $using:manifestPath
            if ($_ -eq 0) {
                foreach ($round in 1..10) {
                    Resize-VhdxImage $using:path -SizeBytes ((8 + $round % 2) * 1MB) -ErrorAction Stop
                    Set-VhdxImage $using:path -ResetDiskIdentifier -ErrorAction Stop
                }
                return
            }
            foreach ($round in 1..10) {
                try { (Get-VhdxImage $using:path -ErrorAction Stop).Size } catch { $_.FullyQualifiedErrorId }
            }
        }
        @($outcomes | Sort-Object -Unique | Where-Object { $_ -notin 8MB, 9MB }) | Should -BeNullOrEmpty
        Test-VhdxImage $path -Detailed | Should -BeNullOrEmpty
    }
}

Describe 'Two processes and one file' {
    BeforeAll {
        $folder = New-Folder
        $image = New-FilledImage (Join-Path $folder 'held.vhdx') 7
        $child = New-Image (Join-Path $folder 'child.vhdx') 0 @{ ParentPath = $image }
        Use-Disk $child { $disk.WriteAt(7MB, [byte[]] (1, 2, 3, 4), 0, 4) }
        $source = New-Image (Join-Path $folder 'source.vhdx') 4MB
        $holder = Start-Holder $image ReadWrite
        $state = Get-HeldState $image
        $digest = Get-Digest $image
    }

    AfterAll { Stop-Holder $holder }

    It 'refuses <Cmdlet> by name while the other one writes, and changes nothing' -ForEach $writers {
        $files = [IO.Directory]::GetFiles($folder)
        $id = try { & (Invoke-Expression $Command); 'it ran' } catch { $_.FullyQualifiedErrorId }
        $id | Should -BeLike 'FileInUse,VhdxTools.*'
        Get-HeldState $image | Should -BeExactly $state
        [IO.Directory]::GetFiles($folder) | Should -Be $files -Because 'no temporary file is left'
    }

    It 'refuses Repair-VhdxImage by name when there is something to repair' {
        $damaged = New-FilledImage (Join-Path (New-Folder) 'damaged.vhdx') 8
        Write-FileBytes $damaged 64KB ([byte[]]::new(4096))
        # What is not shared cannot even be looked at on Windows.
        $file = [IO.FileStream]::new($damaged, 'Open', 'ReadWrite', $(if ($IsWindows) { 'Read' } else { 'None' }))
        try {
            $state = Get-HeldState $damaged
            { Repair-VhdxImage $damaged -ErrorAction Stop } | Should -Throw -ErrorId 'FileInUse,VhdxTools.RepairVhdxImageCommand'
            Get-HeldState $damaged | Should -BeExactly $state
        }
        finally { $file.Dispose() }
        $null = Repair-VhdxImage $damaged
        Test-VhdxImage $damaged -Detailed | Should -BeNullOrEmpty
    }

    It 'lets those read that only read' {
        (Get-VhdxImage $image).Size | Should -Be 8MB
        Test-VhdxImage $image | Should -BeTrue
        (Get-VhdxLayout $image).Problems | Should -BeNullOrEmpty
        @(Get-VhdxBlock $image).Count | Should -BeGreaterThan 0
        @(Get-VhdxChain $child).Count | Should -Be 2
        Compare-VhdxImage $image $image | Should -BeNullOrEmpty
        Get-Digest $image | Should -BeExactly $digest
        Get-HeldState $image | Should -BeExactly $state
    }

    It 'refuses no writer for a reader' {
        $reader = Start-Holder $child Read
        try {
            Set-VhdxImage $child -ResetDiskIdentifier -WarningAction SilentlyContinue
            Test-VhdxImage $child | Should -BeTrue
        }
        finally { Stop-Holder $reader }
    }
}

Describe 'Processes that run into each other' {
    It 'gives each a result or the named error, and leaves a sound image of old or new: <_>' -ForEach 'Optimize', 'Resize', 'Merge' {
        $folder = New-Folder
        $base = New-FilledImage (Join-Path $folder 'base.vhdx') 9
        $image = $base
        if ($_ -eq 'Merge') {
            $image = New-Image (Join-Path $folder 'child.vhdx') 0 @{ ParentPath = $base }
            Use-Disk $image {
                $bytes = [byte[]]::new(3MB)
                [Random]::new(10).NextBytes($bytes)
                $disk.WriteAt(2MB, $bytes, 0, $bytes.Length)
            }
        }
        elseif ($_ -eq 'Optimize') { Use-Disk $base { $disk.WriteAt(1MB, [byte[]]::new(2MB), 0, 2MB) } }
        $digest = Get-Digest $image
        $command = switch ($_) {
            'Optimize' { "`$null = Optimize-VhdxImage '$image'" }
            'Resize' { "Resize-VhdxImage '$image' -SizeBytes 8MB; Resize-VhdxImage '$image' -SizeBytes 64MB; Resize-VhdxImage '$image' -SizeBytes 8MB" }
            'Merge' { "Merge-VhdxImage '$image' -DestinationPath '$base'" }
        }
        $go = Join-Path $folder 'go'
        $script = "Import-Module '$manifestPath'; while (-not [IO.File]::Exists('$go')) { Start-Sleep -Milliseconds 5 }; " +
            "1..6 | ForEach-Object { try { $command; 'OUTCOME ran' } catch { 'OUTCOME ' + `$_.FullyQualifiedErrorId } }"
        $jobs = 1..3 | ForEach-Object { Start-ThreadJob { . $using:PSScriptRoot/common.ps1; Invoke-ChildShell $using:script } }
        Start-Sleep -Milliseconds 1500
        [IO.File]::WriteAllText($go, '')
        $outputs = @($jobs | Receive-Job -Wait -AutoRemoveJob)
        $outputs.ExitCode | Should -Be @(0, 0, 0) -Because "$($outputs.Output)"
        $outcomes = @($outputs.Output -split '\r?\n' | Where-Object { $_ -like 'OUTCOME *' })
        $outcomes | Should -HaveCount 18 -Because "$($outputs.Output)"
        $outcomes | Should -Contain 'OUTCOME ran'
        # They need not have met.
        foreach ($outcome in $outcomes | Where-Object { $_ -ne 'OUTCOME ran' }) { $outcome | Should -BeLike 'OUTCOME FileInUse,*' }
        Test-VhdxImage $image -Detailed | Should -BeNullOrEmpty
        Get-Digest $image | Should -BeExactly $digest
        if ($_ -eq 'Merge') { Get-Digest $base | Should -BeExactly $digest }
        @([IO.Directory]::GetFiles($folder) | Where-Object { $_ -like '*.tmp' }) | Should -BeNullOrEmpty
    }
}
