using System;

namespace CsCheck;

/// <summary>Makes values of a type.</summary>
internal class Gen<T>(Func<PCG, T> make)
{
    public GenArray<T> Array => new(this);

    public T Generate(PCG random, object? smallest, out object? size)
    {
        size = smallest;
        return make(random);
    }

    public Gen<TResult> Select<TResult>(Func<T, TResult> selector) => new(random => selector(make(random)));

    public Gen<TResult> SelectMany<TResult>(Func<T, Gen<TResult>> selector) => new(random => selector(make(random)).Generate(random, null, out _));

    public Gen<T> Where(Func<T, bool> condition) => new(random =>
    {
        T value;
        do
        {
            value = make(random);
        }
        while (!condition(value));

        return value;
    });
}
