# Two equal disks, of which one has blocks of another size.
@{
    Work    = 'compare of two equal disks'
    Space   = 3 * $bench.Size
    Prepare = {
        Use-BenchDisk half.vhdx
        $null = Convert-VhdxImage (Join-Path $bench.Folder half.vhdx) (Join-Path $bench.Folder equal.vhdx) -BlockSizeBytes 2MB
    }
    Ours    = { if (Compare-VhdxImage half.vhdx equal.vhdx) { throw 'The disks are equal.' } }
    Peers   = @(@{ Name = 'qemu-img compare'; Run = 'qemu-img', 'compare', '-q', '-f', 'vhdx', '-F', 'vhdx', 'half.vhdx', 'equal.vhdx'; Wanted = 0.7 })
    End     = { Remove-BenchFile equal.vhdx }
}
