# Dot-sourced in the BeforeAll of every *.Tests.ps1: the built module, the real images, and readers of our own that
# share no code with the module.
Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'

$repository = Split-Path $PSScriptRoot
$manifestPath = Join-Path $repository 'VhdxTools.psd1'
Import-Module $manifestPath -Force
. (Join-Path $PSScriptRoot 'platform.ps1')

$samples = if ($env:VHDXTOOLS_SAMPLES) { $env:VHDXTOOLS_SAMPLES } else { Join-Path $PSScriptRoot '..' '..' 'shared' 'samples' }
$samples = if (Test-Path -LiteralPath $samples) { (Resolve-Path -LiteralPath $samples).ProviderPath } else { $null }

function Test-Peer {
    # Whether a program that we compare ourselves with is here.
    param([Parameter(Mandatory)] [string] $Name)

    [bool] (Get-Command -Name $Name -CommandType Application -ErrorAction Ignore)
}

function Test-Wine {
    # Whether this Windows is Wine, which cannot show everything.
    $IsWindows -and (Test-Path -LiteralPath HKCU:\Software\Wine)
}

function Expand-SampleFile {
    # Unpacks a real image, by its name with or without .gz or .bz2, and returns the path of the file that all runs share:
    # the cache lies in the temporary folder, or where the variable says.
    param([Parameter(Mandatory)] [string] $Name)

    if (-not $samples) { Set-ItResult -Skipped -Because 'the folder of samples is not here' }
    $bare = $Name -replace '\.(gz|bz2)$'
    $source = '', '.gz', '.bz2' |
        ForEach-Object { Join-Path $samples "$bare$_" } |
        Where-Object { Test-Path -LiteralPath $_ } |
        Select-Object -First 1
    if (-not $source) { throw "There is no sample '$Name' in '$samples'." }

    $item = Get-Item -LiteralPath $source
    $cacheFolder = if ($env:VHDXTOOLS_SAMPLES_CACHE) { $env:VHDXTOOLS_SAMPLES_CACHE } else { Join-Path ([IO.Path]::GetTempPath()) 'VhdxTools.Samples' }
    $cache = Join-Path $cacheFolder ('{0}-{1:x}' -f $item.Length, $item.LastWriteTimeUtc.Ticks)
    $unpacked = Join-Path $cache $bare
    if (-not (Test-Path -LiteralPath $unpacked)) {
        $null = New-Item -ItemType Directory -Path $cache -Force
        $partial = Join-Path $cache ([IO.Path]::GetRandomFileName())
        switch ([IO.Path]::GetExtension($source)) {
            '.gz' {
                $from = [IO.Compression.GZipStream]::new([IO.File]::OpenRead($source), [IO.Compression.CompressionMode]::Decompress)
                $to = [IO.File]::Create($partial)
                try { $from.CopyTo($to) } finally { $to.Dispose(); $from.Dispose() }
            }
            '.bz2' {
                if (-not (Test-Peer 7zz)) { throw "7zz, which unpacks '$source', is not here." }
                $null = New-Item -ItemType Directory -Path $partial
                $output = & 7zz x -y "-o$partial" $source
                if ($LASTEXITCODE -ne 0) { throw "7zz could not unpack '$source': $output" }
                $file = Get-ChildItem -LiteralPath $partial -File
                Move-Item -LiteralPath $file.FullName -Destination "$partial.file"
                Remove-Item -LiteralPath $partial
                $partial = "$partial.file"
            }
            default { Copy-Item -LiteralPath $source -Destination $partial }
        }
        # Renamed at the end, so a run that was stopped leaves no half of an image behind under its name.
        Move-Item -LiteralPath $partial -Destination $unpacked -Force
    }
    $unpacked
}

function Get-SampleFile {
    # Unpacks a real image, by its name with or without .gz or .bz2, and returns the path of a private copy.
    param([Parameter(Mandatory)] [string] $Name, [string] $Destination)

    $unpacked = Expand-SampleFile $Name
    if (-not $Destination) {
        $parent = if (Test-Path -Path 'TestDrive:\') { (Get-PSDrive -Name TestDrive).Root } else { [IO.Path]::GetTempPath() }
        $Destination = Join-Path $parent ([IO.Path]::GetRandomFileName())
    }
    $null = New-Item -ItemType Directory -Path $Destination -Force
    $copy = Join-Path $Destination ([IO.Path]::GetFileName($unpacked))
    [IO.File]::Copy($unpacked, $copy)
    $copy
}

function Read-Bytes {
    param([Parameter(Mandatory)] [string] $Path, [Parameter(Mandatory)] [long] $Offset, [Parameter(Mandatory)] [int] $Count)

    $bytes = [byte[]]::new($Count)
    $share = [IO.FileShare]'ReadWrite, Delete'
    $stream = [IO.FileStream]::new($Path, [IO.FileMode]::Open, [IO.FileAccess]::Read, $share)
    try {
        $stream.Position = $Offset
        $stream.ReadExactly($bytes, 0, $Count)
    }
    finally {
        $stream.Dispose()
    }
    , $bytes
}

function Get-UInt16 {
    param([Parameter(Mandatory)] [byte[]] $Bytes, [int] $Offset = 0)
    [Buffers.Binary.BinaryPrimitives]::ReadUInt16LittleEndian([ArraySegment[byte]]::new($Bytes, $Offset, 2))
}

function Get-UInt32 {
    param([Parameter(Mandatory)] [byte[]] $Bytes, [int] $Offset = 0)
    [Buffers.Binary.BinaryPrimitives]::ReadUInt32LittleEndian([ArraySegment[byte]]::new($Bytes, $Offset, 4))
}

function Get-UInt64 {
    param([Parameter(Mandatory)] [byte[]] $Bytes, [int] $Offset = 0)
    [Buffers.Binary.BinaryPrimitives]::ReadUInt64LittleEndian([ArraySegment[byte]]::new($Bytes, $Offset, 8))
}

function Get-GuidAt {
    param([Parameter(Mandatory)] [byte[]] $Bytes, [int] $Offset = 0)
    [guid]::new([byte[]] $Bytes[$Offset..($Offset + 15)])
}

function Get-Crc32C {
    # CRC-32C by the reflected polynomial, bit after bit into a table: independent of the library that the module uses.
    param([Parameter(Mandatory)] [byte[]] $Bytes)

    if (-not ('VhdxToolsTests.Crc32C' -as [type])) {
        Add-Type -TypeDefinition @'
namespace VhdxToolsTests
{
    public static class Crc32C
    {
        private static readonly uint[] Table = MakeTable();

        public static uint Compute(byte[] bytes)
        {
            uint crc = uint.MaxValue;
            foreach (byte b in bytes)
            {
                crc = Table[(crc ^ b) & 0xFF] ^ (crc >> 8);
            }

            return ~crc;
        }

        private static uint[] MakeTable()
        {
            uint[] table = new uint[256];
            for (uint i = 0; i < 256; i++)
            {
                uint value = i;
                for (int bit = 0; bit < 8; bit++)
                {
                    value = (value & 1) != 0 ? (value >> 1) ^ 0x82F63B78 : value >> 1;
                }

                table[i] = value;
            }

            return table;
        }
    }
}
'@
    }
    [VhdxToolsTests.Crc32C]::Compute($Bytes)
}

function Get-FileState {
    # All of a file that a command which only reads must leave alone, as one comparable string.
    param([Parameter(Mandatory)] [string] $Path)

    $item = Get-Item -LiteralPath $Path -Force
    # Get-FileHash would not let a writer be.
    $stream = [IO.FileStream]::new($Path, [IO.FileMode]::Open, [IO.FileAccess]::Read, [IO.FileShare]'ReadWrite, Delete')
    try { $hash = (Get-FileHash -InputStream $stream -Algorithm SHA256).Hash } finally { $stream.Dispose() }
    @(
        $hash
        $item.Length
        $item.LastWriteTimeUtc.Ticks
        $item.CreationTimeUtc.Ticks
        $item.Attributes
        if (-not $IsWindows) { $item.UnixFileMode }
    ) -join ' '
}

function Get-WrittenBytes {
    # Bytes that this process has handed to write calls so far (Linux).
    [long] ([regex]::Match([IO.File]::ReadAllText('/proc/self/io'), 'wchar: (\d+)').Groups[1].Value)
}

function Get-ReadBytes {
    # Bytes that this process has got from read calls so far (Linux).
    [long] ([regex]::Match([IO.File]::ReadAllText('/proc/self/io'), 'rchar: (\d+)').Groups[1].Value)
}

function Start-ChildShell {
    # Starts a script in a fresh PowerShell of this same version, where no assembly of ours is loaded yet; its output is redirected.
    param([Parameter(Mandatory)] [string] $Script, [hashtable] $Environment = @{}, [string] $WorkingDirectory)

    $start = [Diagnostics.ProcessStartInfo]::new([Environment]::ProcessPath)
    if ([IO.Path]::GetFileNameWithoutExtension($start.FileName) -eq 'dotnet') {
        $start.ArgumentList.Add((Join-Path $PSHOME 'pwsh.dll'))
    }
    $prologue = "Set-StrictMode -Version 3; `$ErrorActionPreference = 'Stop'; `$ProgressPreference = 'SilentlyContinue'`n"
    $encoded = [Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes($prologue + $Script))
    foreach ($argument in '-NoProfile', '-NonInteractive', '-OutputFormat', 'Text', '-EncodedCommand', $encoded) {
        $start.ArgumentList.Add($argument)
    }
    $start.UseShellExecute = $false
    $start.RedirectStandardOutput = $true
    $start.RedirectStandardError = $true
    if ($WorkingDirectory) { $start.WorkingDirectory = $WorkingDirectory }
    $start.Environment['NO_COLOR'] = '1'
    foreach ($name in $Environment.Keys) { $start.Environment[$name] = $Environment[$name] }
    [Diagnostics.Process]::Start($start)
}

function Get-CorePath {
    # Where the file is that is loaded for a build of Core: the one with native code for this platform, if there is one.
    param([Parameter(Mandatory)] [string] $Build)

    $compiled = Join-Path $repository 'bin' $Build (Get-Platform) 'VhdxTools.Core.dll'
    (Test-Path -LiteralPath $compiled) ? $compiled : (Join-Path $repository 'bin' $Build 'VhdxTools.Core.dll')
}

function Invoke-ChildShell {
    # Runs a script in a fresh PowerShell. Returns its ExitCode and Output (both streams, as one string); with -Json the object
    # that its last line of output holds.
    param(
        [Parameter(Mandatory)] [string] $Script,
        [hashtable] $Environment = @{},
        [string] $WorkingDirectory,
        [switch] $Json
    )

    $process = Start-ChildShell $Script $Environment $WorkingDirectory
    $errorText = $process.StandardError.ReadToEndAsync()
    $outputText = $process.StandardOutput.ReadToEndAsync()
    if (-not $process.WaitForExit([timespan]::FromMinutes(10))) {
        $process.Kill()
        throw "A child process did not end in ten minutes. It ran: $Script"
    }
    $process.WaitForExit()
    $output = $outputText.Result
    $all = ($output + $errorText.Result).Trim()
    if (-not $Json) { return [pscustomobject]@{ ExitCode = $process.ExitCode; Output = $all } }

    if ($process.ExitCode -ne 0) { throw "The child process ended with exit code $($process.ExitCode): $all" }
    ($output.Trim() -split '\r?\n')[-1] | ConvertFrom-Json
}

function Invoke-Killed {
    # Runs a command of the module in a PowerShell of its own and kills that so many milliseconds after the module is there. Whether it was still at work.
    param([Parameter(Mandatory)] [string] $Script, [Parameter(Mandatory)] [int] $Delay)

    $folder = (New-Item -ItemType Directory -Path (Join-Path ([IO.Path]::GetTempPath()) ([IO.Path]::GetRandomFileName()))).FullName
    $mark = Join-Path $folder begun
    $process = Start-ChildShell "Import-Module '$manifestPath'; [IO.File]::WriteAllText('$mark', ''); $Script"
    $null = $process.StandardOutput.ReadToEndAsync()
    $errorText = $process.StandardError.ReadToEndAsync()
    while (-not (Test-Path -LiteralPath $mark) -and -not $process.HasExited) { Start-Sleep -Milliseconds 5 }
    Start-Sleep -Milliseconds $Delay
    $isAtWork = -not $process.HasExited
    if ($isAtWork) { $process.Kill() }
    $process.WaitForExit()
    if (-not (Test-Path -LiteralPath $mark)) { throw "The process that was to be killed did not begin: $($errorText.Result)" }
    Remove-Item -LiteralPath $folder -Recurse
    $isAtWork
}
