namespace CsCheck;

/// <summary>Makes arrays: of one length, or of a length between two.</summary>
internal sealed class GenArray<T>(Gen<T> element)
{
    public Gen<T[]> this[int length] => this[length, length];

    public Gen<T[]> this[int minimum, int maximum] => new(random =>
    {
        T[] values = new T[minimum + (int)random.Next((ulong)(maximum - minimum))];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = element.Generate(random, null, out _);
        }

        return values;
    });
}
