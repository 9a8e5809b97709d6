using System;
using System.IO;
using VhdxTools.Core.Tests.Support;
using VhdxTools.IO;
using Xunit;

namespace VhdxTools.Core.Tests.IO;

public class FileKindsTests
{
    [Fact]
    public void Files_and_what_is_missing_pass()
    {
        using TempFolder folder = new();
        File.WriteAllText(folder["a"], "");
        FileKinds.ThrowIfNotRegular(folder["a"], "read");
        FileKinds.ThrowIfNotRegular(folder["missing"], "read");
    }

    [Fact]
    public void A_folder_is_named()
    {
        using TempFolder folder = new();
        VhdxException exception = Assert.Throws<VhdxException>(() => FileKinds.ThrowIfNotRegular(folder.Path, "read"));

        Assert.Equal(ErrorIds.PathIsFolder, exception.Id);
        Assert.Equal($"Cannot read '{folder.Path}': it is a folder.", exception.Message);
    }

    [SkippableFact]
    public void A_pipe_is_named_and_not_opened()
    {
        using TempFolder folder = new();
        Skip.If(Tool.Run("mkfifo", folder["pipe"]) is null, "There is no mkfifo.");
        VhdxException exception = Assert.Throws<VhdxException>(() => OsFile.OpenRead(folder["pipe"]));

        Assert.Equal(ErrorIds.NotARegularFile, exception.Id);
        Assert.Contains("it is a pipe", exception.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void A_device_is_named()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "There is /dev/null on Linux.");
        VhdxException exception = Assert.Throws<VhdxException>(() => OsFile.OpenRead("/dev/null"));

        Assert.Equal(ErrorIds.NotARegularFile, exception.Id);
        Assert.Contains("it is a character device", exception.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void One_file_has_many_paths()
    {
        Skip.If(OperatingSystem.IsWindows(), "Links need rights on Windows.");
        using TempFolder folder = new();
        File.WriteAllText(folder["a"], "");
        File.WriteAllText(folder["b"], "");
        File.CreateSymbolicLink(folder["link"], folder["a"]);

        Assert.True(FileKinds.AreSame(folder["a"], folder["link"]));
        Assert.True(FileKinds.AreSame(folder["a"], Path.Combine(folder.Path, ".", "a")));
        Assert.False(FileKinds.AreSame(folder["a"], folder["b"]));
    }
}
