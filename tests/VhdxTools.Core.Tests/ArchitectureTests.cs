using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Xunit;

namespace VhdxTools.Core.Tests;

/// <summary>Each folder of Core uses only those above it, and what varies comes in as an argument.</summary>
public class ArchitectureTests
{
    private static readonly string[] s_layers = ["Diagnostics", "Format", "Layout", "IO", "Journal", "Images", "Disks", "Checking", "Operations"];

    public static TheoryData<string> Layers => new(s_layers);

    [Theory]
    [MemberData(nameof(Layers))]
    public void A_folder_uses_only_those_above_it(string layer)
    {
        string[] below = s_layers.SkipWhile(name => name != layer).Skip(1).ToArray();
        (string File, string Text)[] sources = Sources(layer).ToArray();

        Assert.NotEmpty(sources);
        Assert.All(sources, source => Assert.DoesNotContain(
            Regex.Matches(source.Text, @"^using (?:static )?VhdxTools\.(\w+)", RegexOptions.Multiline).Select(match => match.Groups[1].Value),
            used => below.Contains(used)));
    }

    [Fact]
    public void All_folders_are_known() => Assert.Equal(
        s_layers.Append("Compatibility").Order(StringComparer.Ordinal),
        Directory.GetDirectories(CoreFolder()).Select(folder => Path.GetFileName(folder)).Where(name => name is not ("bin" or "obj")).Order(StringComparer.Ordinal));

    [Theory]
    [InlineData(@"Guid\.NewGuid")]
    [InlineData(@"\bDateTime(Offset)?\.(Utc)?Now")]
    [InlineData(@"\bConsole\.")]
    [InlineData(@"System\.Management\.Automation")]
    [InlineData(@"new Random\(|Random\.Shared|RandomNumberGenerator")]
    public void Core_has_no_clock_no_chance_and_no_console(string pattern) =>
        Assert.All(Sources(""), source => Assert.DoesNotMatch(pattern, source.Text));

    private static IEnumerable<(string File, string Text)> Sources(string folder) =>
        from file in Directory.EnumerateFiles(Path.Combine(CoreFolder(), folder), "*.cs", SearchOption.AllDirectories)
        where !Regex.IsMatch(file, @"[\\/](bin|obj)[\\/]")
        select (file, File.ReadAllText(file));

    private static string CoreFolder([CallerFilePath] string thisFile = "")
    {
        string folder = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "..", "..", "src", "VhdxTools.Core"));
        Assert.True(Directory.Exists(folder), $"The sources are not at '{folder}'.");
        return folder;
    }
}
