using VhdxTools.Layout;
using Xunit;

namespace VhdxTools.Core.Tests.Layout;

/// <summary>The golden values were computed by a few lines of Python: SHA-256 of <c>VhdxTools/PURPOSE/ORDINAL/SEED</c>.</summary>
public class ImageIdentifiersTests
{
    [Theory]
    [InlineData("seed", 0, "1aee9a31-cfb6-8e83-a7ba-36baa6694947", "f323a438-f09a-8f47-aa16-d8da05018eda", "567aaa55-3010-8fe0-913b-4565f7b36fc6", 68_038_251ul)]
    [InlineData("seed", 1, "b2012519-0007-8b89-8977-13d3b1868282", "5ed8cb86-cf0b-8035-bb4f-f9bb567b799c", "b0268035-2c3b-8d6d-b811-6973b3a8f493", 1_915_283_381ul)]
    [InlineData("größe 💾", 0, "97279f35-5588-84ff-b48a-fcc6546317e0", "10bdd5d2-0271-8d46-8450-0c2c47e0ffd6", "0fb2be35-1b47-8f4c-87de-64c61e52bab7", 1_858_521_551ul)]
    public void A_seed_gives_the_same_identifiers_for_ever(string seed, int ordinal, string file, string data, string disk, ulong sequenceNumber) => Assert.Equal(
        new ImageIdentifiers { FileWriteGuid = new(file), DataWriteGuid = new(data), DiskIdentifier = new(disk), SequenceNumber = sequenceNumber },
        ImageIdentifiers.FromSeed(seed, ordinal));
}
