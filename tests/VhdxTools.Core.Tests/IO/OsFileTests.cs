using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading;
using VhdxTools.Core.Tests.Support;
using VhdxTools.IO;
using VhdxTools.Layout;
using Xunit;

namespace VhdxTools.Core.Tests.IO;

public class OsFileTests
{
    private const int MiB = 1 << 20;

    [Fact]
    public void What_is_written_is_read_and_the_end_is_told()
    {
        using TempFolder folder = new();
        using OsFile file = OsFile.CreateNew(folder["a"], "the name");
        file.Write(5, [1, 2, 3]);
        file.Flush();
        byte[] buffer = new byte[10];

        Assert.Equal("the name", file.Name);
        Assert.Equal(8, file.Length);
        Assert.Equal(8, file.Read(0, buffer));
        Assert.Equal([0, 0, 0, 0, 0, 1, 2, 3, 0, 0], buffer);
        Assert.Equal(1, file.Read(7, buffer));
        Assert.Equal(0, file.Read(8, buffer));
        Assert.Equal(0, file.Read(1000, buffer));
        file.SetLength(6);
        Assert.Equal(6, file.Length);
    }

    [Fact]
    public void CreateNew_refuses_what_exists()
    {
        using TempFolder folder = new();
        File.WriteAllText(folder["a"], "x");

        Assert.Equal(ErrorIds.FileExists, Assert.Throws<VhdxException>(() => OsFile.CreateNew(folder["a"], "a")).Id);
        Assert.Equal("x", File.ReadAllText(folder["a"]));
    }

    [Fact]
    public void What_is_missing_is_named()
    {
        using TempFolder folder = new();
        VhdxException exception = Assert.Throws<VhdxException>(() => OsFile.OpenRead(folder["missing"]));

        Assert.Equal((ErrorIds.FileNotFound, ErrorKind.NotFound), (exception.Id, exception.Kind));
        Assert.Contains(folder["missing"], exception.Message, StringComparison.Ordinal);
        Assert.Equal(ErrorIds.FolderNotFound, Assert.Throws<VhdxException>(() => OsFile.OpenRead(Path.Combine(folder["missing"], "a"))).Id);
    }

    [Fact]
    public void Readers_leave_writers_and_deleters_alone()
    {
        using TempFolder folder = new();
        File.WriteAllBytes(folder["a"], [1]);
        using OsFile file = OsFile.OpenRead(folder["a"]);
        using (FileStream writer = new(folder["a"], FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete))
        {
            writer.WriteByte(2);
        }

        byte[] buffer = new byte[1];
        file.Read(0, buffer);
        Assert.Equal(2, buffer[0]);
        File.Delete(folder["a"]);
    }

    [SkippableFact]
    public void Reading_leaves_the_times_alone()
    {
        Skip.If(OnMono.Is, OnMono.Reason);
        using TempFolder folder = new();
        File.WriteAllBytes(folder["a"], [1, 2, 3]);
        DateTime past = new(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc);
        File.SetLastWriteTimeUtc(folder["a"], past);
        File.SetLastAccessTimeUtc(folder["a"], past);
        using (OsFile file = OsFile.OpenRead(folder["a"]))
        {
            file.Read(0, new byte[3]);
        }

        Assert.Equal(past, File.GetLastWriteTimeUtc(folder["a"]));
        Assert.Equal(past, File.GetLastAccessTimeUtc(folder["a"]));
    }

    [SkippableFact]
    public void FindData_passes_over_holes()
    {
        Skip.IfNot(RuntimeInformation.IsOSPlatform(OSPlatform.Linux), "Holes are looked for on Linux here.");
        using TempFolder folder = new();
        using OsFile file = OsFile.CreateNew(folder["a"], "a");
        file.SetLength(16 * MiB);
        file.Write(8 * MiB, new byte[65_536]);
        file.Flush();
        FileRange? found = file.FindData(0, 16 * MiB);
        Skip.If(found == new FileRange(0, 16 * MiB), "The file system does not know its holes.");

        Assert.Equal(new FileRange(8 * MiB, 65_536), found);
        Assert.Equal(new FileRange(8 * MiB, 100), file.FindData(0, (8 * MiB) + 100));
        Assert.Equal(new FileRange((8 * MiB) + 10, 65_526), file.FindData((8 * MiB) + 10, 16 * MiB));
        Assert.Null(file.FindData(0, 8 * MiB));
        Assert.Null(file.FindData(9 * MiB, 16 * MiB));
        Assert.Null(file.FindData(17 * MiB, 18 * MiB));
        Assert.Null(file.FindData(5, 5));
    }

    [SkippableFact]
    public void FindData_remembers_data_and_no_hole()
    {
        Skip.IfNot(RuntimeInformation.IsOSPlatform(OSPlatform.Linux), "Holes are looked for on Linux here.");
        using TempFolder folder = new();
        File.WriteAllBytes(folder["a"], Bytes.Pattern(1, 4 * (int)MiB));
        using FileStream other = new(folder["a"], FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 1);
        other.SetLength(8 * MiB);
        other.Flush(flushToDisk: true);
        using OsFile file = OsFile.OpenRead(folder["a"]);
        Skip.If(file.FindData(4 * MiB, 8 * MiB) is not null, "The file system does not know its holes.");
        Assert.Equal(new FileRange(0, 4 * MiB), file.FindData(0, 8 * MiB));

        // What was data is a hole now, and is called data still: whoever reads it finds zeros. What was a hole is data, and is found.
        other.SetLength(0);
        other.SetLength(8 * MiB);
        other.Position = 6 * MiB;
        other.Write(Bytes.Pattern(2, 65_536));
        other.Flush(flushToDisk: true);
        Assert.Equal(new FileRange(MiB, 3 * MiB), file.FindData(MiB, 8 * MiB));
        Assert.Equal(new FileRange(6 * MiB, 65_536), file.FindData(4 * MiB, 8 * MiB));
    }

    [SkippableFact]
    public void Reserve_takes_the_space_without_writing()
    {
        Skip.IfNot(RuntimeInformation.IsOSPlatform(OSPlatform.Linux), "Blocks are counted by stat on Linux.");
        using TempFolder folder = new();
        using OsFile file = OsFile.CreateNew(folder["a"], "a");
        try
        {
            file.Reserve(8 * MiB);
        }
        catch (VhdxException exception) when (exception.Id == ErrorIds.ReserveNotSupported)
        {
            Skip.If(true, "The file system of the temporary folder cannot reserve space.");
        }

        Assert.Equal(8 * MiB, file.Length);
        Assert.True(Blocks(folder["a"]) * 512 >= 8 * MiB);
    }

    [SkippableFact]
    public void SetLength_leaves_a_hole()
    {
        Skip.IfNot(RuntimeInformation.IsOSPlatform(OSPlatform.Linux), "Blocks are counted by stat on Linux.");
        using TempFolder folder = new();
        using OsFile file = OsFile.CreateNew(folder["a"], "a");
        file.SetLength(8 * MiB);

        Assert.Equal(8 * MiB, file.Length);
        Assert.True(Blocks(folder["a"]) * 512 < MiB);
    }

    [SkippableFact]
    public void A_full_device_is_a_full_disk()
    {
        Skip.IfNot(File.Exists("/dev/full"), "There is no /dev/full.");
        Skip.If(OnMono.Is, OnMono.Reason);
        using FileStream stream = new("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        IOException inner = Assert.ThrowsAny<IOException>(() => stream.WriteByte(1));

        Assert.Equal(ErrorIds.DiskFull, SystemErrors.Translate(inner, "a", "write").Id);
    }

    [SkippableFact]
    public void A_length_that_no_file_has_is_a_limit()
    {
        Skip.If(OnMono.Is, OnMono.Reason);
        using TempFolder folder = new();
        using OsFile file = OsFile.CreateNew(folder["a"], "a");
        VhdxException exception = Assert.Throws<VhdxException>(() => file.SetLength(long.MaxValue));

        Assert.True(exception.Id is ErrorIds.FileSystemLimit or ErrorIds.DiskFull, exception.Message);
    }

    [Fact]
    public void A_file_that_is_held_for_a_moment_only_is_opened()
    {
        using TempFolder folder = new();

        // Whoever holds it may be kept from letting go by a busy machine: once is enough.
        Assert.Contains(Enumerable.Range(0, 20), _ => IsOpenedWhileHeld(folder["a"]));
    }

    private static bool IsOpenedWhileHeld(string path)
    {
        FileStream other = new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        Thread closing = new(() =>
        {
            Thread.Sleep(15);
            other.Dispose();
        });
        closing.Start();
        try
        {
            OsFile.OpenWrite(path).Dispose();
            return true;
        }
        catch (VhdxException)
        {
            return false;
        }
        finally
        {
            closing.Join();
        }
    }

    [Fact]
    public void A_file_that_is_open_elsewhere_is_in_use()
    {
        using TempFolder folder = new();
        using (FileStream other = new(folder["a"], FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None))
        {
            Assert.Equal((ErrorIds.FileInUse, ErrorKind.InUse), Of(Assert.Throws<VhdxException>(() => OsFile.ThrowIfInUse(folder["a"]))));
        }

        OsFile.ThrowIfInUse(folder["a"]);

        static (string Id, ErrorKind Kind) Of(VhdxException exception) => (exception.Id, exception.Kind);
    }

    private static long Blocks(string path) =>
        long.Parse(Encoding.ASCII.GetString(Tool.Run("stat", "-c", "%b", path) ?? throw new InvalidOperationException("There is no stat.")).Trim(), CultureInfo.InvariantCulture);
}
