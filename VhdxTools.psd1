@{
    # The loader is a nested module: those are imported first, and only it can find the right VhdxTools.Core.
    RootModule           = 'bin/VhdxTools.dll'
    NestedModules        = @('bin/VhdxTools.Loader.dll')
    ModuleVersion        = '0.1.0'
    GUID                 = 'b1b0c7a3-5f0e-4f5b-9b1d-2f6f0a8d6c41'
    Author               = 'VhdxTools contributors'
    CompanyName          = 'VhdxTools'
    Copyright            = '(c) VhdxTools contributors. MIT licence.'
    Description          = 'Creates, describes, checks, repairs, converts, resizes, compacts, merges and compares VHDX virtual disk images, and reads and writes their disks, without Hyper-V, administrator rights or mounted disks.'
    PowerShellVersion    = '5.1'
    CompatiblePSEditions = @('Desktop', 'Core')
    FormatsToProcess     = @('bin/VhdxTools.Format.ps1xml')
    CmdletsToExport      = @(
        'Compare-VhdxImage'
        'Convert-VhdxImage'
        'Get-VhdxBlock'
        'Get-VhdxChain'
        'Get-VhdxImage'
        'Get-VhdxLayout'
        'Merge-VhdxImage'
        'New-VhdxImage'
        'Optimize-VhdxImage'
        'Repair-VhdxImage'
        'Resize-VhdxImage'
        'Set-VhdxImage'
        'Test-VhdxImage'
    )
    FunctionsToExport    = @()
    AliasesToExport      = @()
    VariablesToExport    = @()
    PrivateData          = @{
        PSData = @{
            Tags         = @('VHDX', 'VHD', 'AVHDX', 'Hyper-V', 'VirtualDisk', 'DiskImage', 'PSEdition_Desktop', 'PSEdition_Core', 'Windows', 'Linux', 'MacOS')
            ReleaseNotes = 'First version: New-, Get-, Test-, Repair-, Convert-, Resize-, Optimize-, Merge-, Set- and Compare-VhdxImage, Get-VhdxLayout, Get-VhdxBlock, Get-VhdxChain and [VhdxTools.VhdxDisk].'
        }
    }
}
