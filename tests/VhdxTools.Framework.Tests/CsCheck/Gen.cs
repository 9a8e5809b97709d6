using System;

namespace CsCheck;

/// <summary>What the tests of Core use of CsCheck, which knows no .NET Framework: values only, nothing is shrunk.</summary>
internal static class Gen
{
    public static Gen<bool> Bool { get; } = new(random => (random.Next() & 1) != 0);

    public static GenInteger<byte> Byte { get; } = new(bits => unchecked((byte)bits), value => value);

    public static GenInteger<char> Char { get; } = new(bits => unchecked((char)bits), value => value);

    public static GenInteger<int> Int { get; } = new(bits => unchecked((int)bits), value => unchecked((ulong)value));

    public static GenInteger<uint> UInt { get; } = new(bits => unchecked((uint)bits), value => value);

    public static GenInteger<ulong> ULong { get; } = new(bits => bits, value => value);

    public static Gen<Guid> Guid { get; } = Byte.Array[16].Select(bytes => new Guid(bytes));

    public static GenString String { get; } = new();

    public static Gen<T> OneOf<T>(params Gen<T>[] choices) => new(random => From(choices[random.Next((ulong)choices.Length - 1)], random));

    public static Gen<(T1, T2)> Select<T1, T2>(Gen<T1> g1, Gen<T2> g2) => new(random => (From(g1, random), From(g2, random)));

    public static Gen<(T1, T2, T3)> Select<T1, T2, T3>(Gen<T1> g1, Gen<T2> g2, Gen<T3> g3)
        => new(random => (From(g1, random), From(g2, random), From(g3, random)));

    public static Gen<(T1, T2, T3, T4)> Select<T1, T2, T3, T4>(Gen<T1> g1, Gen<T2> g2, Gen<T3> g3, Gen<T4> g4)
        => new(random => (From(g1, random), From(g2, random), From(g3, random), From(g4, random)));

    public static Gen<(T1, T2, T3, T4, T5, T6)> Select<T1, T2, T3, T4, T5, T6>(Gen<T1> g1, Gen<T2> g2, Gen<T3> g3, Gen<T4> g4, Gen<T5> g5, Gen<T6> g6)
        => new(random => (From(g1, random), From(g2, random), From(g3, random), From(g4, random), From(g5, random), From(g6, random)));

    public static Gen<TResult> Select<T1, T2, T3, TResult>(this Gen<(T1, T2, T3)> generator, Func<T1, T2, T3, TResult> selector)
        => generator.Select(value => selector(value.Item1, value.Item2, value.Item3));

    public static Gen<TResult> Select<T1, T2, T3, T4, TResult>(this Gen<(T1, T2, T3, T4)> generator, Func<T1, T2, T3, T4, TResult> selector)
        => generator.Select(value => selector(value.Item1, value.Item2, value.Item3, value.Item4));

    public static Gen<TResult> Select<T1, T2, T3, T4, T5, T6, TResult>(
        this Gen<(T1, T2, T3, T4, T5, T6)> generator, Func<T1, T2, T3, T4, T5, T6, TResult> selector)
        => generator.Select(value => selector(value.Item1, value.Item2, value.Item3, value.Item4, value.Item5, value.Item6));

    private static T From<T>(Gen<T> generator, PCG random) => generator.Generate(random, null, out _);
}
