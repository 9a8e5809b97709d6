using System;
using System.IO;
using System.Threading;
using VhdxTools.Core.Tests.Support;
using VhdxTools.IO;
using Xunit;

namespace VhdxTools.Core.Tests.IO;

public class PendingFileTests
{
    [Fact]
    public void The_name_appears_with_the_commit()
    {
        using TempFolder folder = new();
        using (PendingFile pending = PendingFile.Create(folder["a.vhdx"], replace: false, "1"))
        {
            pending.File.Write(0, [1, 2]);
            Assert.DoesNotContain("a.vhdx", folder.Names);
            pending.Commit(CancellationToken.None);
        }

        Assert.Equal(["a.vhdx"], folder.Names);
        Assert.Equal([1, 2], File.ReadAllBytes(folder["a.vhdx"]));
    }

    [Fact]
    public void Without_a_commit_nothing_stays()
    {
        using TempFolder folder = new();
        using (PendingFile pending = PendingFile.Create(folder["a.vhdx"], replace: false, "1"))
        {
            pending.File.Write(0, [1, 2]);
        }

        Assert.Empty(folder.Names);
    }

    [Fact]
    public void The_old_file_stays_until_the_new_one_is_complete()
    {
        using TempFolder folder = new();
        File.WriteAllText(folder["a.vhdx"], "old");
        using (PendingFile pending = PendingFile.Create(folder["a.vhdx"], replace: true, "1"))
        {
            pending.File.Write(0, "new"u8);
            Assert.Equal("old", File.ReadAllText(folder["a.vhdx"]));
            pending.Commit(CancellationToken.None);
        }

        Assert.Equal("new", File.ReadAllText(folder["a.vhdx"]));
        Assert.Equal(["a.vhdx"], folder.Names);
    }

    [Fact]
    public void An_existing_file_is_refused_unless_it_is_to_be_replaced()
    {
        using TempFolder folder = new();
        File.WriteAllText(folder["a.vhdx"], "old");
        VhdxException exception = Assert.Throws<VhdxException>(() => PendingFile.Create(folder["a.vhdx"], replace: false, "1"));

        Assert.Equal((ErrorIds.FileExists, ErrorKind.AlreadyExists), (exception.Id, exception.Kind));
        Assert.Contains("-Force", exception.Message, StringComparison.Ordinal);
        Assert.Equal(["a.vhdx"], folder.Names);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_name_that_another_took_meanwhile_is_left_to_it(bool replace)
    {
        using TempFolder folder = new();
        using (PendingFile pending = PendingFile.Create(folder["a.vhdx"], replace, "1"))
        {
            pending.File.Write(0, "ours"u8);
            Directory.CreateDirectory(folder["b"]);
            File.WriteAllText(folder["a.vhdx"], "theirs");
            if (!replace)
            {
                Assert.Equal(ErrorIds.FileExists, Assert.Throws<VhdxException>(() => pending.Commit(CancellationToken.None)).Id);
            }
        }

        Assert.Equal("theirs", File.ReadAllText(folder["a.vhdx"]));
        Assert.Equal(["a.vhdx", "b"], folder.Names);
    }

    [Fact]
    public void A_missing_folder_is_named()
    {
        using TempFolder folder = new();
        VhdxException exception = Assert.Throws<VhdxException>(() => PendingFile.Create(Path.Combine(folder["no"], "a.vhdx"), false, "1"));

        Assert.Equal(ErrorIds.FolderNotFound, exception.Id);
        Assert.Contains(folder["no"], exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_is_not_replaced()
    {
        using TempFolder folder = new();
        Directory.CreateDirectory(folder["a.vhdx"]);

        Assert.Equal(ErrorIds.PathIsFolder, Assert.Throws<VhdxException>(() => PendingFile.Create(folder["a.vhdx"], true, "1")).Id);
    }

    [Fact]
    public void A_read_only_file_is_not_replaced()
    {
        using TempFolder folder = new();
        File.WriteAllText(folder["a.vhdx"], "old");
        File.SetAttributes(folder["a.vhdx"], FileAttributes.ReadOnly);
        try
        {
            Assert.Equal(ErrorIds.AccessDenied, Assert.Throws<VhdxException>(() => PendingFile.Create(folder["a.vhdx"], true, "1")).Id);
        }
        finally
        {
            File.SetAttributes(folder["a.vhdx"], FileAttributes.Normal);
        }

        Assert.Equal("old", File.ReadAllText(folder["a.vhdx"]));
    }

    [SkippableFact]
    public void A_replaced_file_keeps_its_permissions()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows has no permission bits.");
        using TempFolder folder = new();
        File.WriteAllText(folder["a.vhdx"], "old");
        if (!OperatingSystem.IsWindows())
        {
            const UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
            File.SetUnixFileMode(folder["a.vhdx"], mode);
            using (PendingFile pending = PendingFile.Create(folder["a.vhdx"], true, "1"))
            {
                pending.Commit(CancellationToken.None);
            }

            Assert.Equal(mode, File.GetUnixFileMode(folder["a.vhdx"]));
        }
    }

    [Fact]
    public void A_name_as_long_as_the_file_system_takes_can_be_made()
    {
        using TempFolder folder = new();
        string name = new string('x', 250) + ".vhdx";
        using (PendingFile pending = PendingFile.Create(folder[name], false, "1"))
        {
            pending.Commit(CancellationToken.None);
        }

        Assert.Equal([name], folder.Names);
    }
}
