# Cost grows with the data, not with the size of the disk: 64 TiB of nothing, beside reading its BAT by the list of its blocks.
$readBat = @(@{ Name = 'Get-VhdxBlock, which reads the BAT'; Run = { Get-VhdxBlock empty.vhdx | Out-Null } })
$prepare = {
    foreach ($name in 'empty.vhdx', 'empty2.vhdx') { $null = New-VhdxImage -Path (Join-Path $bench.Folder $name) -SizeBytes 64TB -BlockSizeBytes 1MB -Force }
    $null = New-VhdxImage -Path (Join-Path $bench.Folder emptychild.vhdx) -ParentPath (Join-Path $bench.Folder empty.vhdx) -BlockSizeBytes 1MB -Force
}
$end = { Remove-BenchFile 'empty*.vhdx' }
$works = [ordered]@{
    convert  = { $null = Convert-VhdxImage empty.vhdx to.vhdx -Force }
    compare  = { if (Compare-VhdxImage empty.vhdx empty2.vhdx) { throw 'The disks are equal.' } }
    optimize = { $null = Optimize-VhdxImage empty.vhdx }
    trim     = {
        $disk = [VhdxTools.VhdxDisk]::Open("$PWD/emptychild.vhdx", 'ReadWrite')
        try { $disk.Trim(0, $disk.Length) } finally { $disk.Dispose() }
    }
}
foreach ($name in $works.Keys) {
    @{ Work = "$name an empty disk of 64 TiB"; Prepare = $prepare; Ours = $works[$name]; Peers = $readBat; End = $end; After = { Remove-BenchFile to.vhdx } }
}
