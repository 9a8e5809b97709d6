using System;

namespace CsCheck;

/// <summary>Makes whole numbers of a type: any, or between two and with them.</summary>
internal sealed class GenInteger<T>(Func<ulong, T> fromBits, Func<T, ulong> toBits) : Gen<T>(random => fromBits(random.Next()))
{
    /// <summary>The difference is right for signed types too: it wraps round.</summary>
    public Gen<T> this[T minimum, T maximum] => new(random => fromBits(toBits(minimum) + random.Next(toBits(maximum) - toBits(minimum))));
}
