namespace CsCheck;

/// <summary>Makes texts of characters that another generator makes.</summary>
internal sealed class GenString
{
    public Gen<string> this[Gen<char> character, int minimum, int maximum] => character.Array[minimum, maximum].Select(characters => new string(characters));
}
