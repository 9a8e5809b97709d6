namespace VhdxTools;

/// <summary>What the BAT of a new dynamic image says of its blocks.</summary>
public enum InitialBlockState
{
    /// <summary>NOT_PRESENT, as Windows writes it; nothing has to be written for it.</summary>
    NotPresent = 0,

    /// <summary>ZERO: every entry says that the block was never anything but zeros.</summary>
    Zero = 2,
}
