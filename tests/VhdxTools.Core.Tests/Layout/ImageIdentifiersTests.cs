using VhdxTools.Layout;
using Xunit;

namespace VhdxTools.Core.Tests.Layout;

/// <summary>The golden values were computed by a few lines of Python: SHA-256 of <c>VhdxTools/PURPOSE/ORDINAL/KIND/SEED</c>.</summary>
public class ImageIdentifiersTests
{
    [Theory]
    [InlineData("seed", 0, "Dynamic/1073741824/", "c7e1861a-da9d-8fc2-98d7-7a370630c357", "b7d72255-7a7c-8f90-a7cf-30622985f42b", "aa1667ea-6d2b-89ef-a984-27eafb1f29b7", 1_442_479_196ul)]
    [InlineData("seed", 1, "Dynamic/1073741824/", "608e9c01-e32a-875f-adb0-8263b78bf085", "2ab44b1d-1b1d-834f-b404-b248549c0269", "b18d4db9-68b5-8d33-bce7-3041a2415446", 1_264_447_995ul)]
    [InlineData("seed", 0, "Differencing//d655ec35-0000-4000-8000-000000000001", "84333875-9f6d-849b-a3aa-d7ad025b1a43", "2127d2eb-de23-836d-81c1-9b2696618723", "b3ff0d9f-c709-8c83-8571-2633a48c1aa7", 1_213_939_527ul)]
    [InlineData("größe 💾", 0, "Fixed/4096/", "2efa33a2-5f03-858c-8e81-56f8e304eb32", "7662d5f9-c06d-8fdb-8913-ce7fddd9e7c1", "d1ad8ab9-9be4-8b34-9c6d-bbec937b46c3", 1_048_503_556ul)]
    public void A_seed_gives_the_same_identifiers_for_ever(string seed, int ordinal, string kind, string file, string data, string disk, ulong sequenceNumber) => Assert.Equal(
        new ImageIdentifiers { FileWriteGuid = new(file), DataWriteGuid = new(data), DiskIdentifier = new(disk), SequenceNumber = sequenceNumber },
        ImageIdentifiers.FromSeed(seed, ordinal, kind));
}
