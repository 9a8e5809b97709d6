# Creating images, beside qemu-img. Ours is on the disk when the command returns; qemu-img does not flush.
function New-CreateRow {
    param([string] $Work, [scriptblock] $Ours, [string] $Size, [string] $Options, [double] $Wanted)

    @{
        Work  = $Work
        Ours  = $Ours
        Peers = @(@{ Name = 'qemu-img create'; Run = 'qemu-img', 'create', '-q', '-f', 'vhdx', '-o', $Options, 'new.vhdx', $Size; Wanted = $Wanted })
        After = { Remove-BenchFile new.vhdx }
    }
}

New-CreateRow 'create dynamic 64 TiB, blocks of 32 MiB' { New-VhdxImage new.vhdx -SizeBytes 64TB -BlockSizeBytes 32MB } 64T 'block_size=32M,subformat=dynamic' 0.1
New-CreateRow 'create dynamic 64 TiB, blocks of 1 MiB' { New-VhdxImage new.vhdx -SizeBytes 64TB -BlockSizeBytes 1MB } 64T 'block_size=1M,subformat=dynamic' 0.01
New-CreateRow 'create fixed 8 TiB, blocks of 1 MiB, holes left' {
    New-VhdxImage new.vhdx -SizeBytes 8TB -BlockSizeBytes 1MB -Fixed -Preallocation None
} 8T 'block_size=1M,subformat=fixed' 1

if ($IsLinux) {
    @{
        Work  = 'bytes written, dynamic 64 TiB, blocks of 1 MiB'
        Unit  = 'B'
        Limit = 1MB
        Ours  = {
            # What this process has handed to the system, and pages that it made dirty; the greater of the two.
            $written = {
                $io = [IO.File]::ReadAllText('/proc/self/io')
                [Math]::Max([long] [regex]::Match($io, '(?m)^wchar: (\d+)').Groups[1].Value, [long] [regex]::Match($io, '(?m)^write_bytes: (\d+)').Groups[1].Value)
            }
            $before = & $written
            $null = New-VhdxImage new.vhdx -SizeBytes 64TB -BlockSizeBytes 1MB
            (& $written) - $before
        }
        After = { Remove-BenchFile new.vhdx }
    }
}

$import = "Import-Module '$($manifestPath.Replace("'", "''"))'"
function New-FirstCallRow {
    # A module with one cmdlet that does nothing, and a format for a type that is not there, tells what of it is PowerShell's own.
    param([string] $Work, [hashtable] $Shell)

    @{
        Work    = $Work
        Prepare = {
            $empty = Join-Path $bench.Folder 'empty'
            Add-Type -OutputType Library -OutputAssembly "$empty.dll" -TypeDefinition 'using System.Management.Automation; [Cmdlet("Get", "Nothing")] public class GetNothingCommand : PSCmdlet { }'
            Set-Content -LiteralPath "$empty.ps1xml" -Value (@(
                '<Configuration><ViewDefinitions><View><Name>nothing</Name><ViewSelectedBy><TypeName>Nothing</TypeName></ViewSelectedBy><ListControl><ListEntries>'
                '<ListEntry><ListItems><ListItem><PropertyName>Nothing</PropertyName></ListItem></ListItems></ListEntry></ListEntries></ListControl></View></ViewDefinitions></Configuration>'
            ) -join '')
            New-ModuleManifest -Path "$empty.psd1" -RootModule empty.dll -CmdletsToExport Get-Nothing -FormatsToProcess empty.ps1xml
        }
        Ours    = Get-ShellCommand "$import; `$null = New-VhdxImage new.vhdx -SizeBytes 64TB -BlockSizeBytes 1MB" @Shell
        Peers   = @(
            @{ Name = 'pwsh -c exit'; Run = Get-ShellCommand 'exit' @Shell; Difference = 0.1 }
            @{ Name = 'a module that does nothing'; Run = Get-ShellCommand 'Import-Module ./empty.psd1; Get-Nothing' @Shell }
        )
        After   = { Remove-BenchFile new.vhdx }
        End     = { Remove-BenchFile empty.* }
    }
}

New-FirstCallRow 'first call: start, import and create, beside an empty session' @{}
if ($CompiledShell) { New-FirstCallRow 'first call in a PowerShell that is compiled as the released ones are' @{ Shell = $CompiledShell } }
