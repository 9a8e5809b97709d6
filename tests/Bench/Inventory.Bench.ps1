# Describing many images. The peer does a twentieth of the files, and its time is scaled: all of them would take it minutes.
$count = [Math]::Max(20, [int] (10000 * $bench.Scale))
$sample = [int] ($count / 20)
@{
    Work    = "inventory: Get-VhdxImage of $count files"
    Space   = 128KB * $count
    Prepare = {
        $folder = New-Item -ItemType Directory -Path (Join-Path $bench.Folder many)
        for ($i = 0; $i -lt $count; $i++) { $null = New-VhdxImage -Path (Join-Path $folder "$i.vhdx") -SizeBytes 127GB }
    }.GetNewClosure()
    Ours    = { Get-ChildItem many | Get-VhdxImage | Out-Null }
    Peers   = @(@{
            Name   = "qemu-img info in a loop ($sample files x 20)"
            Run    = 'sh', '-c', "qemu-img --version && for i in `$(seq 0 $($sample - 1)); do qemu-img info -f vhdx many/`$i.vhdx || exit 1; done"
            Scale  = $count / $sample
            Wanted = 0.05
        })
    End     = { Remove-BenchFile many }
}
