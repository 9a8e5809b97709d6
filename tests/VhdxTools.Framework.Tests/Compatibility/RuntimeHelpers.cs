namespace System.Runtime.CompilerServices;

/// <summary>What the compiler calls for a range of an array, which .NET Framework has not; it finds this type instead of the real one.</summary>
internal static class RuntimeHelpers
{
    /// <summary>Where the characters of a string begin in its object, for the compiler's fixed statement; the runtime's own answer.</summary>
    public static int OffsetToStringData { get; } =
        (int)typeof(object).Assembly.GetType("System.Runtime.CompilerServices.RuntimeHelpers", true).GetProperty(nameof(OffsetToStringData)).GetValue(null);

    public static T[] GetSubArray<T>(T[] array, Range range)
    {
        (int offset, int length) = range.GetOffsetAndLength(array.Length);
        T[] part = new T[length];
        Array.Copy(array, offset, part, 0, length);
        return part;
    }
}
