using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using VhdxTools.Core.Tests.Disks;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Disks;
using VhdxTools.Operations;
using Xunit;

namespace VhdxTools.Core.Tests.Operations;

public class DiskComparerTests
{
    private const int MiB = 1 << 20;
    private const int Size = (3 * MiB) + 4096;

    public static TheoryData<string> Forms => new(CompareDisks.Forms);

    [Theory]
    [MemberData(nameof(Forms))]
    public void Ranges_are_those_in_which_the_bytes_differ(string form)
    {
        using EngineFolder folder = new();
        Random random = new(form.Sum(character => character));
        byte[] left = Content(random, Size);
        byte[] right = Changed(left, random);
        string path = CompareDisks.Write(folder, "right", form, right, random);
        string same = CompareDisks.Write(folder, "same", form, left, random);
        string[] hashes = [EngineImages.Hash(path), EngineImages.Hash(same)];
        foreach (string other in CompareDisks.Forms)
        {
            string reference = CompareDisks.Write(folder, "left " + other, other, left, random);

            Assert.Equal(Expected(left, right), Found(reference, path));
            Assert.Equal(Expected(right, left), Found(path, reference));
            Assert.Empty(Found(reference, same));
            Assert.Empty(DiskComparer.Compare(reference, same, quick: true));
        }

        Assert.Equal(hashes, new[] { EngineImages.Hash(path), EngineImages.Hash(same) });
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void What_lies_beyond_the_end_of_the_shorter_disk_is_one_range(string form)
    {
        using EngineFolder folder = new();
        Random random = new(3);
        byte[] left = Content(random, Size);
        byte[] zero = [.. left, .. new byte[MiB]];
        byte[] data = (byte[])zero.Clone();
        data[^1] = 1;
        string shorter = CompareDisks.Write(folder, "shorter", "raw", left, random);
        foreach ((byte[] model, bool isZero, string name) in new[] { (zero, true, "zero"), (data, false, "data") })
        {
            string longer = CompareDisks.Write(folder, name, form, model, random);
            foreach ((string reference, string difference) in new[] { (shorter, longer), (longer, shorter) })
            {
                VhdxDifference found = Assert.Single(DiskComparer.Compare(reference, difference));
                Assert.Equal((Size, MiB, VhdxDifferenceKind.BeyondEnd), (found.Offset, found.Length, found.Kind));
                Assert.Equal((isZero, longer), (found.IsZero, found.LongerPath));
                Assert.Equal((reference, difference), (found.ReferencePath, found.DifferencePath));
            }
        }

        // Also where the common part differs up to its end.
        left[^1] ^= 1;
        string changed = CompareDisks.Write(folder, "changed", "raw", left, random);
        Assert.Equal([$"{Size - 512}+512 Content", $"{Size}+{MiB} BeyondEnd"], Found(changed, folder["data"]));
        Assert.Equal(VhdxDifferenceKind.BeyondEnd, Assert.Single(DiskComparer.Compare(changed, folder["data"], quick: true)).Kind);
    }

    [Fact]
    public void The_first_range_is_enough_when_it_is_to_be_quick()
    {
        using EngineFolder folder = new();
        byte[] left = new byte[4 * MiB];
        byte[] right = new byte[4 * MiB];
        right.AsSpan(MiB + 1024, 2 * MiB).Fill(7);
        using WatchedDisk reference = WatchedDisk.Open(CompareDisks.Write(folder, "a", "raw", left, new(1)));
        using WatchedDisk difference = WatchedDisk.Open(CompareDisks.Write(folder, "b", "raw", right, new(1)));

        VhdxDifference found = Assert.Single(DiskComparer.Compare(reference.Opened, difference.Opened, true, null, default));

        Assert.Equal((MiB + 1024, MiB - 1024), (found.Offset, found.Length));
        Assert.All(difference.Reads, read => Assert.True(read.End <= 2 * MiB));
    }

    [Fact]
    public void A_range_comes_out_before_the_rest_is_read()
    {
        using EngineFolder folder = new();
        byte[] left = EngineImages.RandomBytes(new(1), 4 * MiB);
        byte[] right = (byte[])left.Clone();
        right[600] ^= 1;
        right[^1] ^= 1;
        using WatchedDisk reference = WatchedDisk.Open(CompareDisks.Write(folder, "a", "raw", left, new(1)));
        using WatchedDisk difference = WatchedDisk.Open(CompareDisks.Write(folder, "b", "fixed 512", right, new(1)));
        List<long> progress = [];
        using IEnumerator<VhdxDifference> found = DiskComparer.Compare(reference.Opened, difference.Opened, false, (done, _) => progress.Add(done), default).GetEnumerator();
        Assert.True(found.MoveNext());
        Assert.Equal((512, 512), (found.Current.Offset, found.Current.Length));
        Assert.True(difference.Reads.Sum(read => read.Length) <= 2 * MiB);

        Assert.True(found.MoveNext());
        Assert.Equal(((4 * MiB) - 512, 512), (found.Current.Offset, found.Current.Length));
        Assert.False(found.MoveNext());
        Assert.Equal([MiB, 2 * MiB, 3 * MiB, 4 * MiB], progress);
    }

    [Fact]
    public void What_two_children_have_from_one_parent_is_not_read()
    {
        using EngineFolder folder = new();
        Random random = new(5);
        byte[] model = EngineImages.RandomBytes(random, 8 * MiB);
        CompareDisks.Write(folder, "p", "dynamic 512", model, random);
        string[] children = ["a", "b"];
        foreach (string child in children)
        {
            EngineImages.Create(folder[child], parent: folder["p"], block: MiB);
            using DiskChain disk = DiskChain.OpenWrite(folder[child], EngineImages.Guids(child[0]));
            disk.Write(2 * MiB, EngineImages.RandomBytes(new(6), 4096));
            disk.Write((child[0] - 'a' + 5) * MiB, EngineImages.RandomBytes(random, 512));
        }

        using WatchedDisk reference = WatchedDisk.Open(folder["a"]);
        using WatchedDisk difference = WatchedDisk.Open(folder["b"]);
        VhdxDifference[] found = DiskComparer.Compare(reference.Opened, difference.Opened, false, null, default).ToArray();

        Assert.Equal([5L * MiB, 6L * MiB], found.Select(range => range.Offset));
        Assert.All(found, range => Assert.Equal(512, range.Length));
        Assert.Equal([(2L * MiB, 4096L), (5L * MiB, 512L), (6L * MiB, 512L)], reference.Reads.Select(read => (read.Offset, read.Length)));

        using WatchedDisk parent = WatchedDisk.Open(folder["p"]);
        Assert.NotEmpty(DiskComparer.Compare(parent.Opened, difference.Opened, false, null, default).ToArray());
        Assert.Equal([(2L * MiB, 4096L), (6L * MiB, 512L)], parent.Reads.Select(read => (read.Offset, read.Length)));

        using WatchedDisk again = WatchedDisk.Open(folder["p"]);
        Assert.Empty(DiskComparer.Compare(again.Opened, again.Opened, false, null, default));
        Assert.Empty(again.Reads);
    }

    [Fact]
    public void Empty_disks_of_64_TiB_are_not_read()
    {
        using EngineFolder folder = new();
        using WatchedDisk reference = WatchedDisk.Open(EngineImages.Create(folder["a"], size: 64L << 40, block: MiB));
        using WatchedDisk difference = WatchedDisk.Open(EngineImages.Create(folder["b"], size: 64L << 40, block: 32 * MiB));

        Assert.Empty(DiskComparer.Compare(reference.Opened, difference.Opened, false, null, default));
        Assert.Empty(reference.Reads);
    }

    [SkippableTheory]
    [InlineData("raw", "raw")]
    [InlineData("vhd dynamic", "vpc")]
    [InlineData("dynamic 512", "vhdx")]
    [InlineData("fixed 512", "vhdx")]
    public void Qemu_img_compare_agrees(string form, string format)
    {
        using EngineFolder folder = new();
        Random random = new(8);

        // A size that a geometry has, too: 16 heads, 17 sectors.
        byte[] left = Content(random, 30 * 16 * 17 * 512);
        byte[] right = Changed(left, random);
        CompareDisks.Write(folder, "a", "raw", left, random);
        CompareDisks.Write(folder, "b", form, right, random);
        CompareDisks.Write(folder, "c", form, left, random);
        Skip.If(Tool.Run("qemu-img", "--version") is null, "qemu-img is not here.");

        Assert.Contains("identical", Peer("c"), StringComparison.Ordinal);
        Assert.Empty(Found(folder["a"], folder["c"]));
        Assert.Contains($"mismatch at offset {DiskComparer.Compare(folder["a"], folder["b"]).First().Offset}!", Peer("b"), StringComparison.Ordinal);

        string Peer(string name)
        {
            using System.Diagnostics.Process process = System.Diagnostics.Process.Start(
                Tool.Command("qemu-img", "compare", "-f", "raw", "-F", format, folder["a"], folder[name]))!;
            string said = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return said;
        }
    }

    [Fact]
    public void A_stop_ends_the_comparison()
    {
        using EngineFolder folder = new();
        byte[] bytes = EngineImages.RandomBytes(new(1), 2 * MiB);
        File.WriteAllBytes(folder["a"], bytes);
        File.WriteAllBytes(folder["b"], bytes);

        Assert.Throws<OperationCanceledException>(() => Assert.Empty(DiskComparer.Compare(folder["a"], folder["b"], cancellation: new(true))));
        File.Delete(folder["a"]);
    }

    private static byte[] Content(Random random, int size)
    {
        byte[] bytes = new byte[size];
        random.NextBytes(bytes.AsSpan(0, 5000));
        for (int i = 0; i < 8; i++)
        {
            int length = random.Next(1, 300_000);
            random.NextBytes(bytes.AsSpan(random.Next(size - length), length));
        }

        return bytes;
    }

    /// <summary>Other bytes at both ends, across a multiple of 1 MiB, in single sectors, and zeros over data.</summary>
    private static byte[] Changed(byte[] bytes, Random random)
    {
        byte[] changed = (byte[])bytes.Clone();
        changed[0] ^= 1;
        changed[^1] ^= 1;
        for (int i = MiB - 700; i < MiB + 700; i++)
        {
            changed[i] ^= 0x55;
        }

        changed.AsSpan(2048, 2048).Clear();
        for (int i = 0; i < 20; i++)
        {
            changed[random.Next(changed.Length)] ^= 0x10;
        }

        return changed;
    }

    private static string[] Found(string reference, string difference) =>
        DiskComparer.Compare(reference, difference).Select(found => $"{found.Offset}+{found.Length} {found.Kind}").ToArray();

    private static List<string> Expected(byte[] left, byte[] right)
    {
        List<string> expected = [];
        int start = -1;
        for (int offset = 0; offset <= left.Length; offset += 512)
        {
            bool isEqual = true;
            for (int i = offset; i < offset + 512 && i < left.Length; i++)
            {
                isEqual &= left[i] == right[i];
            }

            if (!isEqual && start < 0)
            {
                start = offset;
            }
            else if (isEqual && start >= 0)
            {
                expected.Add($"{start}+{offset - start} Content");
                start = -1;
            }
        }

        return expected;
    }
}
