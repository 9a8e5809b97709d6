using System;
using System.IO;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Operations;
using Xunit;
using static VhdxTools.Core.Tests.Operations.Conversions;

namespace VhdxTools.Core.Tests.Operations;

/// <summary>Conversions on a file system that shares extents make the same file as on any other.</summary>
public sealed class ConvertSharingTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly byte[] _model = Model(12 * MiB);

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string, string, VhdType, Preallocation?, bool> Cases()
    {
        TheoryData<string, string, VhdType, Preallocation?, bool> cases = [];
        foreach (string source in new[] { "raw", "dynamic.vhdx", "fixed.vhdx", "fixed.vhd", "child.vhdx" })
        {
            cases.Add(source, "to.img", VhdType.Fixed, null, true);
            cases.Add(source, "to.vhdx", VhdType.Dynamic, null, true);
            cases.Add(source, "to.vhdx", VhdType.Fixed, Preallocation.None, true);
            cases.Add(source, "to.vhdx", VhdType.Differencing, null, true);
            cases.Add(source, "to.vhd", VhdType.Fixed, Preallocation.None, true);

            // These are promised space of their own.
            cases.Add(source, "to.vhdx", VhdType.Fixed, null, false);
            cases.Add(source, "to.vhdx", VhdType.Fixed, Preallocation.Full, false);
            cases.Add(source, "to.vhd", VhdType.Fixed, null, false);
            cases.Add(source, "to.img", VhdType.Fixed, Preallocation.Reserve, false);
        }

        cases.Add("dynamic.vhdx", "to.vhd", VhdType.Dynamic, null, true);
        cases.Add("raw", "small.vhd", VhdType.Dynamic, null, true);
        cases.Add("dynamic.vhd", "to.img", VhdType.Fixed, null, true);
        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void TheFileIsTheSame(string source, string to, VhdType type, Preallocation? preallocation, bool isShared)
    {
        string from = Source(source);
        Func<ConvertOptions, ConvertOptions> change = options => options with
        {
            Type = type,
            Preallocation = preallocation,
            BlockSizeBytes = to == "to.vhdx" ? MiB : to == "small.vhd" ? MiB / 2 : null,
            ParentPath = type == VhdType.Differencing ? Parent("empty.vhdx", new byte[_model.Length]) : null,
        };
        string plain = Path.Combine(_folder.Path, "plain-" + to);
        Convert(from, plain, change);
        SharingFile? sharing = null;
        string shared = Path.Combine(_folder.Path, to);
        Convert(from, shared, change, wrap: file => sharing = new(file));
        Assert.Equal(File.ReadAllBytes(plain), File.ReadAllBytes(shared));

        // Two runs of more than 64 KiB: one of 1 MiB, one of 600 000 bytes at an odd place.
        Assert.InRange(sharing!.SharedLength, isShared ? (MiB / 2) + MiB : 0, isShared ? (2 * MiB) - (128 * 1024) : 0);
    }

    [Theory]
    [InlineData(-100)]
    [InlineData(-512)]
    [InlineData(100)]
    [InlineData(4096)]
    public void ARawDiskMayEndAnywhere(int more)
    {
        byte[] disk = new byte[(4 * MiB) + more];
        new Random(3).NextBytes(disk.AsSpan((2 * MiB) + 4096));
        string raw = WriteSparse(Path.Combine(_folder.Path, "odd.img"), disk);
        foreach (string name in new[] { "to.img", "to.vhdx", "to.vhd" })
        {
            SharingFile? sharing = null;
            string to = Path.Combine(_folder.Path, name);
            Convert(raw, to, wrap: file => sharing = new(file));
            byte[] expected = [.. disk, .. new byte[(512 - (disk.Length % 512)) % 512]];
            VhdFormat format = name == "to.img" ? VhdFormat.Raw : name == "to.vhd" ? VhdFormat.VHD : VhdFormat.VHDX;
            Assert.Equal(format == VhdFormat.Raw ? disk : expected, ReadBack(format, to));
            Assert.InRange(sharing!.SharedLength, (2 * MiB) - 65536, 2 * MiB);
        }
    }

    [Fact]
    public void OnlyTheFileThatHoldsABlockSharesIt()
    {
        string child = Source("child.vhdx");
        SharingFile? sharing = null;
        Convert(child, Path.Combine(_folder.Path, "flat.img"), wrap: file => sharing = new(file));
        Assert.Contains(sharing!.Shared, range => range.Source == child && range.Offset == MiB);
        Assert.Contains(sharing.Shared, range => Path.GetFileName(range.Source) == "parent.vhdx" && range.Offset >= 4 * MiB);
    }

    private string Source(string name)
    {
        string raw = WriteSparse(Path.Combine(_folder.Path, "source.img"), _model);
        string path = Path.Combine(_folder.Path, name);
        switch (name)
        {
            case "raw":
                return raw;
            case "child.vhdx":
                // The second MiB differs, in the parent it is zero.
                byte[] other = (byte[])_model.Clone();
                Array.Clear(other, MiB, MiB);
                string parent = Parent("parent.vhdx", other);
                Convert(raw, path, options => options with { Type = VhdType.Differencing, ParentPath = parent, BlockSizeBytes = MiB });
                return path;
            default:
                VhdType type = name.StartsWith("fixed", StringComparison.Ordinal) ? VhdType.Fixed : VhdType.Dynamic;
                Convert(raw, path, options => options with { Type = type, Preallocation = type == VhdType.Fixed ? Preallocation.None : null });
                return path;
        }
    }

    private string Parent(string name, byte[] disk)
    {
        string path = Path.Combine(_folder.Path, name);
        if (!File.Exists(path))
        {
            string raw = WriteSparse(path + ".img", disk);
            Convert(raw, path, options => options with { Type = VhdType.Dynamic, BlockSizeBytes = MiB });
        }

        return path;
    }
}
