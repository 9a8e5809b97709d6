using System;
using CsCheck;

namespace VhdxTools.Core.Tests.Support;

/// <summary>Runs a check over values of a generator. The seed is fixed, so every run sees the same cases.</summary>
internal static class Property
{
    public static void Holds<T>(Gen<T> generator, uint seed, int cases, Action<T> check)
    {
        for (int i = 0; i < cases; i++)
        {
            T value = generator.Generate(new PCG(seed, (ulong)i), null, out _);
            try
            {
                check(value);
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"Case {i} of seed {seed} fails: {value}", exception);
            }
        }
    }
}
