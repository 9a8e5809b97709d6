using System;
using System.Collections.Generic;
using System.IO;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Format;
using VhdxTools.Images;
using Xunit;

namespace VhdxTools.Core.Tests.Images;

public class ParentPathsTests
{
    [SkippableTheory]
    [InlineData("/vm/child.vhdx", "/vm/parent.vhdx", @".\parent.vhdx")]
    [InlineData("/vm/child.vhdx", "/vm/base/parent.vhdx", @".\base\parent.vhdx")]
    [InlineData("/vm/a/child.vhdx", "/vm/parent.vhdx", @"..\parent.vhdx")]
    [InlineData("/vm/a/b/child.vhdx", "/vm/c/d/parent.vhdx", @"..\..\c\d\parent.vhdx")]
    [InlineData("/vm/child.vhdx", "/other/parent.vhdx", @"..\other\parent.vhdx")]
    [InlineData("/child.vhdx", "/parent.vhdx", @".\parent.vhdx")]
    [InlineData("/child.vhdx", "/a/parent.vhdx", @".\a\parent.vhdx")]
    [InlineData("/a/child.vhdx", "/parent.vhdx", @"..\parent.vhdx")]
    [InlineData("/vm/child.vhdx", "/VM/parent.vhdx", @"..\VM\parent.vhdx")]
    [InlineData("/vm/child.vhdx", "/vm/two words/[1] it's \"q\".vhdx", @".\two words\[1] it's ""q"".vhdx")]
    [InlineData("/vm/child.vhdx", "/vm/Größe 磁盘 💾.vhdx", @".\Größe 磁盘 💾.vhdx")]
    [InlineData("/vm/child.vhdx", "/vm/child.vhdx/x", @".\child.vhdx\x")]
    [InlineData("/a\\b/child.vhdx", "/a\\b/parent.vhdx", @".\parent.vhdx")]
    public void A_relative_path_goes_both_ways(string child, string parent, string stored)
    {
        Skip.If(OperatingSystem.IsWindows(), "These paths are of Unix.");
        KeyValuePair<string, string> entry = Assert.Single(ParentPaths.Store(child, parent, portable: false));

        Assert.Equal(new("relative_path", stored), entry);
        Assert.Equal(parent, ParentPaths.Candidate(child, entry));
    }

    [SkippableTheory]
    [InlineData("/vm/a\\b.vhdx")]
    [InlineData("/vm/a\\b/parent.vhdx")]
    public void A_backslash_in_a_name_cannot_be_stored(string parent)
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows has no such names.");
        VhdxException exception = Assert.Throws<VhdxException>(() => ParentPaths.Store("/vm/child.vhdx", parent, portable: false));

        Assert.Equal(ErrorIds.ParentPathNotStorable, exception.Id);
        Assert.Contains("backslash", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_path_too_long_for_its_field_cannot_be_stored()
    {
        string root = Path.GetPathRoot(Path.GetTempPath())!;
        Assert.Equal(
            ErrorIds.ParentPathNotStorable,
            Assert.Throws<VhdxException>(() => ParentPaths.Store(Path.Combine(root, "c"), Path.Combine(root, new string('x', 32_768)), portable: false)).Id);
    }

    [SkippableTheory]
    [InlineData("relative_path", @"parent.vhdx", "/vm/parent.vhdx")]
    [InlineData("relative_path", @"..\x\.\parent.vhdx", "/x/parent.vhdx")]
    [InlineData("relative_path", @"", null)]
    [InlineData("relative_path", @"\abs\parent.vhdx", null)]
    [InlineData("relative_path", @"\\server\share\parent.vhdx", null)]
    [InlineData("relative_path", "a\0b", null)]
    [InlineData("volume_path", @"\\?\Volume{1}\x", null)]
    [InlineData("absolute_win32_path", @"\\?\c:\x", null)]
    [InlineData("absolute_win32_path", "/vm/parent.vhdx", null)]
    public void What_stored_paths_mean_on_Unix(string key, string value, string? candidate)
    {
        Skip.If(OperatingSystem.IsWindows(), "These paths are of Unix.");
        Assert.Equal(candidate, ParentPaths.Candidate("/vm/child.vhdx", new(key, value)));
    }

    [Fact]
    public void Stored_paths_are_tried_in_the_order_of_the_specification()
    {
        ParentLocator locator = new(
            Guid.Empty,
            [new("absolute_win32_path", "a"), new("volume_path", "v"), new("other", "o"), new("relative_path", "r")]);
        Assert.Equal([new("relative_path", "r"), new("volume_path", "v"), new("absolute_win32_path", "a")], ParentPaths.Stored(locator));
    }

    [Fact]
    public void The_first_candidate_that_exists_is_found()
    {
        using TempFolder folder = new();
        ParentLocator locator = new(Guid.Empty, [new("relative_path", @".\sub\p.vhdx")]);
        Assert.Null(ParentPaths.Find(folder["c.vhdx"], locator));

        Directory.CreateDirectory(folder["sub"]);
        File.WriteAllText(Path.Combine(folder["sub"], "p.vhdx"), "");
        Assert.Equal(Path.Combine(folder["sub"], "p.vhdx"), ParentPaths.Find(folder["c.vhdx"], locator));
    }
}
