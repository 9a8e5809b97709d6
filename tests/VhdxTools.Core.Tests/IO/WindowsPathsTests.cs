using System;
using System.IO;
using VhdxTools.IO;
using Xunit;

namespace VhdxTools.Core.Tests.IO;

/// <summary>What the forms of paths mean, after "Naming Files, Paths, and Namespaces" of the Windows documentation.</summary>
public class WindowsPathsTests
{
    [Theory]
    [InlineData(@"C:\a\p.vhdx", @"C:\a\p.vhdx")]
    [InlineData(@"\\server\share\p.vhdx", @"\\server\share\p.vhdx")]
    [InlineData(@"/a/p.vhdx", @"/a/p.vhdx")]
    [InlineData(@"\\?\C:\a\p.vhdx", @"C:\a\p.vhdx")]
    [InlineData(@"\\?\c:\", @"c:\")]
    [InlineData(@"\\.\C:\a\p.vhdx", @"C:\a\p.vhdx")]
    [InlineData(@"\\?\UNC\server\share\p.vhdx", @"\\server\share\p.vhdx")]
    [InlineData(@"\\?\unc\server\share\p.vhdx", @"\\server\share\p.vhdx")]

    // Without the prefix these would be other files, or none.
    [InlineData(@"\\?\C:\a\p.", @"\\?\C:\a\p.")]
    [InlineData(@"\\?\C:\a \p", @"\\?\C:\a \p")]
    [InlineData(@"\\?\C:\a\..\p", @"\\?\C:\a\..\p")]
    [InlineData(@"\\?\C:\.\p", @"\\?\C:\.\p")]
    [InlineData(@"\\?\C:\a/b", @"\\?\C:\a/b")]
    [InlineData(@"\\?\C:\a\nul", @"\\?\C:\a\nul")]
    [InlineData(@"\\?\C:\a\Com1.vhdx", @"\\?\C:\a\Com1.vhdx")]
    [InlineData(@"\\?\C:\a\com.vhdx", @"C:\a\com.vhdx")]
    [InlineData(@"\\?\UNC\server\share\a.", @"\\?\UNC\server\share\a.")]
    [InlineData(@"\\?\Volume{00000000-0000-0000-0000-000000000000}\p", @"\\?\Volume{00000000-0000-0000-0000-000000000000}\p")]
    [InlineData(@"\\?\GLOBALROOT\Device\HarddiskVolumeShadowCopy1\p", @"\\?\GLOBALROOT\Device\HarddiskVolumeShadowCopy1\p")]
    [InlineData(@"\\.\PhysicalDrive0", @"\\.\PhysicalDrive0")]
    [InlineData(@"\\?\C:", @"\\?\C:")]
    public void Plain_paths_have_no_prefix_where_they_mean_the_same(string path, string plain) => Assert.Equal(plain, WindowsPaths.Plain(path));

    [Theory]
    [InlineData(@"C:\a\p.vhdx", @"\\?\C:\a\p.vhdx")]
    [InlineData(@"\\server\share\p.vhdx", @"\\?\UNC\server\share\p.vhdx")]
    [InlineData(@"\\?\C:\a\p.vhdx", @"\\?\C:\a\p.vhdx")]
    [InlineData(@"\\.\PhysicalDrive0", @"\\.\PhysicalDrive0")]
    public void Long_paths_have_one(string path, string longPath) => Assert.Equal(longPath, WindowsPaths.Long(path));

    [Theory]
    [InlineData(@"\\?\C:\a\b", @".\p.vhdx", @"\\?\C:\a\b\p.vhdx")]
    [InlineData(@"\\?\C:\a\b\", @"p.vhdx", @"\\?\C:\a\b\p.vhdx")]
    [InlineData(@"\\?\C:\a\b", @"..\c\p.vhdx", @"\\?\C:\a\c\p.vhdx")]
    [InlineData(@"\\?\C:\a\b", @"../p.vhdx", @"\\?\C:\a\p.vhdx")]
    [InlineData(@"\\?\C:\a\b", @"..\..\..\..\p.vhdx", @"\\?\C:\p.vhdx")]
    [InlineData(@"\\?\UNC\server\share\a", @"..\..\..\p.vhdx", @"\\?\UNC\server\share\p.vhdx")]
    [InlineData(@"\\?\Volume{1}\a.", @"..\p.vhdx", @"\\?\Volume{1}\p.vhdx")]
    [InlineData(@"\\?\Volume{1}\", @"p.vhdx", @"\\?\Volume{1}\p.vhdx")]
    public void Relative_paths_count_from_a_long_one(string folder, string relative, string path) => Assert.Equal(path, WindowsPaths.Join(folder, relative));

    [Theory]
    [InlineData(@"C:\p", true)]
    [InlineData("C:/p", true)]
    [InlineData(@"\\server\share\p", true)]
    [InlineData(@"\\?\C:\p", true)]
    [InlineData("C:p", false)]
    [InlineData(@"\p", false)]
    [InlineData("p", false)]
    [InlineData("", false)]
    [InlineData("1:\\p", false)]
    public void Full_paths_say_where_they_are(string path, bool isFull) => Assert.Equal(isFull, WindowsPaths.IsFull(path));

    [Theory]
    [InlineData(@"\\?\C:\p", true)]
    [InlineData(@"\\?\UNC\server\share\p", true)]
    [InlineData(@"\\?\Volume{1}\p", true)]
    [InlineData(@"\\?\Volume{1}", false)]
    [InlineData(@"\\.\C:", false)]
    [InlineData(@"\\.\PhysicalDrive0", false)]
    [InlineData(@"\\?\PhysicalDrive0", false)]
    [InlineData(@"\\.\NUL", false)]
    [InlineData(@"\\?\GLOBALROOT\Device\Harddisk0\Partition0", false)]
    public void Devices_are_not_on_a_volume(string path, bool isOnVolume) => Assert.Equal(isOnVolume, WindowsPaths.IsOnVolume(path));

    [Theory]
    [InlineData(@"C:\a\p.vhdx", null)]
    [InlineData(@"C:\a\[p] {x} 'q' ;,.vhdx", null)]
    [InlineData(@"C:\a\p.vhdx:stream", typeof(ArgumentException))]
    [InlineData(@"C:\a\p?.vhdx", typeof(ArgumentException))]
    [InlineData(@"C:\a\p*", typeof(ArgumentException))]
    [InlineData("C:\\a\\p\"", typeof(ArgumentException))]
    [InlineData(@"C:\a\p|q<r>", typeof(ArgumentException))]
    [InlineData("C:\\a\\p\t", typeof(ArgumentException))]
    public void Names_that_Windows_refuses_are_told(string path, Type? error) => Assert.Equal(error, WindowsPaths.NameErrorOf(path)?.GetType());

    [Fact]
    public void Names_have_at_most_255_characters()
    {
        Assert.Null(WindowsPaths.NameErrorOf(@"C:\a\" + new string('n', 255)));
        Assert.IsType<PathTooLongException>(WindowsPaths.NameErrorOf(@"C:\a\" + new string('n', 256)));
    }
}
