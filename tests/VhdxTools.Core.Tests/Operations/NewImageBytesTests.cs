using VhdxTools.Core.Tests.Support;
using VhdxTools.Layout;
using VhdxTools.Operations;
using Xunit;

namespace VhdxTools.Core.Tests.Operations;

/// <summary>New images against the independent byte builder: every byte of the file.</summary>
public class NewImageBytesTests
{
    private const ulong MiB = ImageBuilder.MiB;

    [Theory]
    [InlineData(InitialBlockState.NotPresent)]
    [InlineData(InitialBlockState.Zero)]
    public void A_dynamic_image(InitialBlockState state)
    {
        ImageBuilder expected = Expected(new ImageBuilder(70 * 256 * MiB, 256 * MiB));
        if (state == InitialBlockState.Zero)
        {
            Fill(expected, 70, _ => 2);
        }

        Check(expected, TestIds.Options(size: 70 * 256 * MiB) with { BlockSizeBytes = 256 * MiB, BlockState = state });
    }

    [Theory]
    [InlineData(Preallocation.None)]
    [InlineData(Preallocation.Reserve)]
    [InlineData(Preallocation.Full)]
    public void A_fixed_image(Preallocation preallocation)
    {
        ImageBuilder expected = Expected(new ImageBuilder(9 * MiB - 512, 2 * MiB));
        expected.FileLength = (long)(14 * MiB);
        expected.Items[0].Content[4] = 1;
        for (ulong block = 0; block < 5; block++)
        {
            expected.Bat[(long)block] = ((4 + (2 * block)) * MiB) | 6;
        }

        Check(expected, TestIds.Options(VhdType.Fixed, (9 * MiB) - 512) with { BlockSizeBytes = 2 * MiB, Preallocation = preallocation });
    }

    [Fact]
    public void A_fixed_image_of_more_than_one_chunk()
    {
        ImageBuilder expected = Expected(new ImageBuilder(33 * 256 * MiB, 256 * MiB));
        expected.FileLength = (long)((4 + (33 * 256)) * MiB);
        expected.Items[0].Content[4] = 1;
        Fill(expected, 33, block => ((4 + (256 * block)) * MiB) | 6);

        Check(expected, TestIds.Options(VhdType.Fixed, 33 * 256 * MiB) with { BlockSizeBytes = 256 * MiB, Preallocation = Preallocation.None });
    }

    [Fact]
    public void A_differencing_image()
    {
        ImageBuilder expected = Expected(new ImageBuilder(64 * MiB, 2 * MiB, 512, hasParent: true));
        expected.Items[5] = expected.Items[5] with
        {
            Content = LocatorModel.ToBytes(("parent_linkage", "{66666666-7777-8888-9999-aaaaaaaaaaaa}"), ("relative_path", @".\parent.vhdx")),
        };

        Check(expected, TestIds.Options(VhdType.Differencing, null, TestIds.Parent()));
    }

    private static ImageBuilder Expected(ImageBuilder builder)
    {
        HeaderModel header = new()
        {
            FileWriteGuid = "F0000001-0002-0003-0405-060708090A0B",
            DataWriteGuid = "D0000001-0002-0003-0405-060708090A0B",
            SequenceNumber = 0x0102030405060708,
        };
        builder.Header1 = header;
        builder.Header2 = header with { SequenceNumber = 0x0102030405060709 };
        builder.FileLength = (long)(4 * MiB);
        builder.Items[4] = builder.Items[4] with { Content = Bytes.Guid("15000001-0002-0003-0405-060708090A0B") };
        return builder;
    }

    /// <summary>One bitmap entry after each 16 blocks of 256 MiB.</summary>
    private static void Fill(ImageBuilder builder, int blocks, System.Func<ulong, ulong> entryOf)
    {
        for (int block = 0; block < blocks; block++)
        {
            builder.Bat[block + (block / 16)] = entryOf((ulong)block);
        }
    }

    private static void Check(ImageBuilder expected, CreateOptions options)
    {
        MemoryFile file = new();
        ImageCreator.Write(LayoutPlanner.Plan(options), file);

        Assert.True(expected.Build().HasSameBytes(file));
    }
}
