namespace VhdxTools.Format;

/// <summary>The fixed places and sizes of a VHDX file, in bytes (MS-VHDX 2.2 to 2.6).</summary>
internal static class FormatConstants
{
    public const long KiB = 1024;
    public const long MiB = 1024 * KiB;
    public const long GiB = 1024 * MiB;
    public const long TiB = 1024 * GiB;

    /// <summary>Everything outside the header section starts on a multiple of this.</summary>
    public const long Alignment = MiB;

    public const long HeaderSectionLength = MiB;
    public const long FileTypeIdentifierOffset = 0;
    public const long Header1Offset = 64 * KiB;
    public const long Header2Offset = 128 * KiB;
    public const long RegionTable1Offset = 192 * KiB;
    public const long RegionTable2Offset = 256 * KiB;
    public const long HeaderSectionReservedOffset = 320 * KiB;

    /// <summary>The room that each of the five structures of the header section has.</summary>
    public const int HeaderSlotLength = (int)(64 * KiB);

    public const long MaximumVirtualDiskSize = 64 * TiB;
    public const int MinimumBlockSize = (int)MiB;
    public const int MaximumBlockSize = (int)(256 * MiB);
    public const int SectorBitmapBlockLength = (int)MiB;

    /// <summary>A sector bitmap block of 1 MiB has 2^23 bits, one for each logical sector of its chunk.</summary>
    public const long SectorsPerChunk = 1L << 23;

    /// <summary>LogLength is a 32-bit field and a multiple of 1 MiB.</summary>
    public const long MaximumLogLength = 4095 * MiB;

    public const int MaximumTableEntries = 2047;
    public const int MaximumUserMetadataEntries = 1024;
    public const int MaximumMetadataItemLength = (int)MiB;

    /// <summary>No sound image of 64 TiB comes near this; offsets beyond are not followed.</summary>
    public const long MaximumFileLength = 1024 * TiB;

    public static bool IsPowerOfTwo(long value) => value > 0 && (value & (value - 1)) == 0;

    public static bool IsSectorSize(long value) => value is 512 or 4096;

    public static bool IsBlockSize(long value) =>
        value is >= MinimumBlockSize and <= MaximumBlockSize && IsPowerOfTwo(value);

    public static bool IsAligned(long value) => value % Alignment == 0;

    public static long AlignUp(long value, long alignment) => (value + alignment - 1) / alignment * alignment;

    public static long CeilingDivide(long value, long divisor) => (value / divisor) + (value % divisor == 0 ? 0 : 1);
}
