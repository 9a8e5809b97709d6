# Dot-sourced by the tests for Windows: errors as objects, and files that another process holds open.

function Get-ErrorOf {
    # The errors of a command, those that end it and those that do not.
    param([Parameter(Mandatory)] [scriptblock] $Script)

    $found = @()
    try {
        $ErrorActionPreference = 'Continue'
        $found = @(& $Script 2>&1 3>$null | Where-Object { $_ -is [Management.Automation.ErrorRecord] })
    }
    catch { $found = @($_) }
    , $found
}

function Get-MissingForAttach {
    # Why Windows cannot attach an image here; nothing when it can.
    if (-not $IsWindows) { return 'only Windows attaches images' }
    if (Test-Wine) { return 'Wine attaches no images' }
    if (-not (Get-Command Mount-DiskImage -ErrorAction Ignore)) { return 'the Storage module is not here' }
    $principal = [Security.Principal.WindowsPrincipal] [Security.Principal.WindowsIdentity]::GetCurrent()
    if (-not $principal.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)) { 'attaching takes the rights of an administrator' }
}

function Get-CoreType {
    # A type of Core that only its own project sees.
    param([Parameter(Mandatory)] [string] $Name)

    [VhdxTools.VhdxImageInfo].Assembly.GetType("VhdxTools.$Name", $true)
}

function Use-CoreFile {
    # Opens a file as Core does, runs a script with it, and closes it.
    param([Parameter(Mandatory)] [string] $Path, [Parameter(Mandatory)] [scriptblock] $Script, [string] $Method = 'OpenRead')

    $file = (Get-CoreType IO.OsFile).GetMethod($Method).Invoke($null, @($Path))
    try { & $Script $file } finally { $file.Dispose() }
}

function Start-Holder {
    # A process that opens files, each as its row says (Path, Access, Share), and holds them until Stop-Holder.
    param([Parameter(Mandatory)] [hashtable[]] $File)

    $folder = New-TestFolder
    $lines = foreach ($row in $File) {
        "`$held += [IO.FileStream]::new('$($row.Path.Replace("'", "''"))', [IO.FileMode]::Open, [IO.FileAccess]'$($row.Access)', [IO.FileShare]'$($row.Share)')"
    }
    $script = @"
`$held = @()
$($lines -join "`n")
[IO.File]::WriteAllText('$folder\held', '')
while (-not [IO.File]::Exists('$folder\stop')) { [Threading.Thread]::Sleep(20) }
"@
    $process = Start-ChildShell $script
    $errorText = $process.StandardError.ReadToEndAsync()
    $null = $process.StandardOutput.ReadToEndAsync()
    while (-not [IO.File]::Exists("$folder\held")) {
        if ($process.HasExited) { throw "The process that was to hold files ended: $($errorText.Result)" }
        Start-Sleep -Milliseconds 20
    }
    [pscustomobject]@{ Process = $process; Folder = $folder }
}

function Stop-Holder {
    param([Parameter(Mandatory)] [object] $Holder)

    [IO.File]::WriteAllText("$($Holder.Folder)\stop", '')
    $Holder.Process.WaitForExit()
}

if ($IsWindows -and -not ('VhdxToolsTests.Volumes' -as [type])) {
    Add-Type -TypeDefinition @'
namespace VhdxToolsTests
{
    using System;
    using System.Runtime.InteropServices;
    using System.Text;
    using System.Threading.Tasks;

    public static class Moment
    {
        public static void DisposeLater(IDisposable what, int milliseconds)
        {
            Task.Delay(milliseconds).ContinueWith(task => what.Dispose());
        }
    }

    public static class Volumes
    {
        // The name of a volume by its mount point, both with a backslash at the end.
        public static string NameOf(string mountPoint)
        {
            StringBuilder name = new StringBuilder(100);
            return GetVolumeNameForVolumeMountPoint(mountPoint, name, name.Capacity) ? name.ToString() : null;
        }

        [DllImport("kernel32.dll", EntryPoint = "GetVolumeNameForVolumeMountPointW", CharSet = CharSet.Unicode)]
        private static extern bool GetVolumeNameForVolumeMountPoint(string mountPoint, StringBuilder name, int length);
    }
}
'@
}
