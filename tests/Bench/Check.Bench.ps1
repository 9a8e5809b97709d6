# Checking images with very many blocks. They are fixed, with every block mapped, over a file that is one hole behind its BAT.
$count = [Math]::Max(1000, [int] (1000000 * $bench.Scale))
@{
    Work    = "check of an image with $count allocated blocks"
    Prepare = { $null = New-VhdxImage -Path (Join-Path $bench.Folder check.vhdx) -SizeBytes ($count * 1MB) -BlockSizeBytes 1MB -Fixed -Preallocation None }.GetNewClosure()
    Ours    = { if (-not (Test-VhdxImage check.vhdx)) { throw 'The image is sound.' } }
    Peers   = @(@{ Name = 'qemu-img check'; Run = 'qemu-img', 'check', '-q', '-f', 'vhdx', 'check.vhdx'; Wanted = 0.5 })
    End     = { Remove-BenchFile check.vhdx }
}

# The greatest that the file system takes, of 64 and 8 TiB.
@{
    Work    = 'check of the greatest image, blocks of 1 MiB'
    Prepare = {
        $path = Join-Path $bench.Folder long.vhdx
        foreach ($size in 64TB, 8TB | ForEach-Object { 1MB * [Math]::Round($_ / 1MB * [Math]::Min(1.0, $bench.Scale)) }) {
            if (-not (Test-Path -LiteralPath $path)) { $null = New-VhdxImage -Path $path -SizeBytes $size -BlockSizeBytes 1MB -Fixed -Preallocation None -ErrorAction SilentlyContinue }
        }
    }
    Ours    = { if (-not (Test-VhdxImage long.vhdx)) { throw 'The image is sound.' } }
    Peers   = @(@{
            Name = 'reading the BAT and nothing more'
            Run  = {
                $bat = (Get-VhdxLayout long.vhdx).Regions | Where-Object Name -EQ 'BAT'
                $buffer = [byte[]]::new(256KB)
                $stream = [IO.FileStream]::new("$PWD/long.vhdx", 'Open', 'Read', 'ReadWrite', 1)
                try {
                    $stream.Position = [long] $bat.FileOffset
                    for ($left = $bat.Length; $left -gt 0; $left -= $buffer.Length) { $null = $stream.Read($buffer, 0, $buffer.Length) }
                }
                finally { $stream.Dispose() }
            }
        })
    End     = { Remove-BenchFile long.vhdx }
}
