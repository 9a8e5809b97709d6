# Paths of New-VhdxImage as people write them: literal, relative to $PWD, on PSDrives, provider-qualified.

BeforeDiscovery {
    $names = @(
        'plain.vhdx', 'no extension', 'two  spaces.vhdx', 'br[ack]et.vhdx', '[.vhdx', ']x[.vhdx', 'it''s.vhdx', 'tick`s.vhdx', 'dollar$x $(y).vhdx', 'ümläut – 盤 😀.vhdx', '#%&;{}.vhdx', '-dash.vhdx', '.hidden.vhdx'
        if (-not $IsWindows) { 'quo"te.vhdx', 'star*.vhdx', 'quest?ion.vhdx', 'pi|pe<>.vhdx', "new`nline.vhdx", 'co:lon.vhdx' }
    ) | ForEach-Object { @{ Name = $_ } }
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'common.ps1')
    . (Join-Path $PSScriptRoot 'ImageBytes.ps1')
}

Describe 'New-VhdxImage names' {
    It 'makes a file named <Name> and a child of it' -ForEach $names {
        $folder = New-TestFolder
        $path = [IO.Path]::Combine($folder, $Name)
        $made = New-VhdxImage -Path $path -SizeBytes 1GB
        $made.Path | Should -BeExactly $path
        [IO.File]::Exists($path) | Should -BeTrue
        (Read-HeaderAt $path 65536).Signature | Should -BeExactly 'head'

        $child = [IO.Path]::Combine($folder, "child of $Name")
        (New-VhdxImage -Path $child -ParentPath $path).ParentPath | Should -BeExactly $path
        (Read-Locator (Get-ItemBytes (Read-ImageBytes $child) ParentLocator)).relative_path | Should -BeExactly ".\$Name"
        @([IO.Directory]::GetFiles($folder)) | Should -HaveCount 2
    }

    It 'makes a file named <Name> in a folder that is named so, from there' -ForEach $names {
        $folder = [IO.Path]::Combine((New-TestFolder), $Name)
        $null = [IO.Directory]::CreateDirectory($folder)
        Push-Location -LiteralPath $folder
        try { $made = New-VhdxImage -Path "./$Name" -SizeBytes 1GB } finally { Pop-Location }
        $made.Path | Should -BeExactly ([IO.Path]::Combine($folder, $Name))
        [IO.File]::Exists($made.Path) | Should -BeTrue
    }

    It 'takes wildcards to the letter although a file matches' {
        $folder = New-TestFolder
        $other = Join-Path $folder 'disk1.vhdx'
        Set-Content -LiteralPath $other -Value 'other'
        $null = New-VhdxImage -Path (Join-Path $folder 'disk[1].vhdx') -SizeBytes 1GB -Force
        Get-Content -LiteralPath $other | Should -BeExactly 'other'
        # Which comes first depends on the culture.
        (Get-FolderList $folder) -split '\|' | Sort-Object { $_.Length } | Should -BeExactly @('disk1.vhdx', 'disk[1].vhdx')
    }
}

Describe 'New-VhdxImage and $PWD' {
    BeforeAll {
        $folder = New-TestFolder
        $null = [IO.Directory]::CreateDirectory((Join-Path $folder 'sub'))
    }

    BeforeEach { Push-Location -LiteralPath $folder }

    AfterEach {
        Pop-Location
        Remove-PSDrive -Name VhdxNew -ErrorAction Ignore
    }

    It 'counts <Path> from $PWD and not from the folder of the process' -ForEach @(
        @{ Path = 'a.vhdx'; Expected = 'a.vhdx' }
        @{ Path = './b.vhdx'; Expected = 'b.vhdx' }
        @{ Path = 'sub/c.vhdx'; Expected = 'sub/c.vhdx' }
        @{ Path = 'sub/../d.vhdx'; Expected = 'd.vhdx' }
        @{ Path = 'sub\e.vhdx'; Expected = 'sub/e.vhdx' }
    ) {
        [Environment]::CurrentDirectory | Should -Not -Be $folder
        $before = Get-FolderList ([Environment]::CurrentDirectory)
        (New-VhdxImage -Path $Path -SizeBytes 1GB).Path | Should -BeExactly (Join-Path $folder $Expected)
        Get-FolderList ([Environment]::CurrentDirectory) | Should -BeExactly $before
    }

    It 'counts a relative parent from $PWD, not from the child' {
        $null = New-VhdxImage -Path here.vhdx -SizeBytes 1GB
        $null = New-VhdxImage -Path sub/here.vhdx -SizeBytes 2GB
        $made = New-VhdxImage -Path sub/child.vhdx -ParentPath here.vhdx
        $made.ParentPath | Should -BeExactly (Join-Path $folder 'here.vhdx')
        $made.Size | Should -Be 1GB
        (Read-Locator (Get-ItemBytes (Read-ImageBytes $made.Path) ParentLocator)).relative_path | Should -BeExactly '..\here.vhdx'
    }

    It 'counts from ~ for the home folder' {
        $result = Invoke-NewImage @{ Path = '~'; SizeBytes = 1GB; Force = $true }
        $result.Errors[0].FullyQualifiedErrorId | Should -BeExactly 'PathIsFolder,VhdxTools.NewVhdxImageCommand'
    }

    It 'takes paths on a PSDrive, for the parent too' {
        $null = New-PSDrive -Name VhdxNew -PSProvider FileSystem -Root (Join-Path $folder 'sub')
        (New-VhdxImage -Path 'VhdxNew:\drive.vhdx' -SizeBytes 1GB).Path | Should -BeExactly (Join-Path $folder 'sub' 'drive.vhdx')
        (New-VhdxImage -Path driven.vhdx -ParentPath 'VhdxNew:\drive.vhdx').ParentPath | Should -BeExactly (Join-Path $folder 'sub' 'drive.vhdx')
        Set-Location VhdxNew:\
        (New-VhdxImage -Path 'relative.vhdx' -ParentPath drive.vhdx).Path | Should -BeExactly (Join-Path $folder 'sub' 'relative.vhdx')
    }

    It 'takes a provider-qualified path: <_>' -ForEach 'FileSystem::', 'Microsoft.PowerShell.Core\FileSystem::' {
        (New-VhdxImage -Path "$_$folder/qualified.vhdx" -SizeBytes 1GB -Force).Path | Should -BeExactly (Join-Path $folder 'qualified.vhdx')
        (New-VhdxImage -Path child.vhdx -ParentPath "$_$folder/qualified.vhdx" -Force).ParentPath | Should -BeExactly (Join-Path $folder 'qualified.vhdx')
    }

    It 'refuses <_>, a path of another provider' -ForEach 'Env:\disk.vhdx', 'Variable:disk.vhdx', 'Function:\disk.vhdx', 'Alias::disk.vhdx' {
        $null = Assert-Refused @{ Path = $_; SizeBytes = 1GB } NotAFileSystemPath InvalidArgument -Folder $folder
        $result = Invoke-NewImage @{ Path = 'child.vhdx'; ParentPath = $_ }
        $result.Errors | Should -HaveCount 1
        $result.Errors[0].FullyQualifiedErrorId | Should -BeExactly 'NotAFileSystemPath,VhdxTools.NewVhdxImageCommand'
    }

    It 'refuses a relative path while $PWD is no folder' {
        Set-Location Env:
        $null = Assert-Refused @{ Path = 'disk.vhdx'; SizeBytes = 1GB } NotAFileSystemPath InvalidArgument -Folder $folder
    }

    It 'refuses a drive that is not there' {
        $null = Assert-Refused @{ Path = 'NoSuchDrive:\disk.vhdx'; SizeBytes = 1GB } InvalidPath InvalidArgument -Folder $folder -Match 'NoSuchDrive'
    }

    It 'refuses a path of spaces' {
        $null = Assert-Refused @{ Path = '   '; SizeBytes = 1GB } InvalidPath InvalidArgument -Folder $folder
    }

    It 'refuses a path with a NUL' {
        $null = Assert-Refused @{ Path = "a`0b.vhdx"; SizeBytes = 1GB } InvalidPath InvalidArgument -Folder $folder
    }
}
