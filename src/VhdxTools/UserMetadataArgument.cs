using System;
using System.Collections;
using System.Collections.Generic;
using System.Management.Automation;
using System.Text;

namespace VhdxTools;

/// <summary>Reads user metadata items from a dictionary: GUIDs, or texts that are GUIDs, with byte arrays, texts or null.</summary>
internal static class UserMetadataArgument
{
    private static readonly UTF8Encoding s_utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <exception cref="VhdxException">A key is no GUID, or a value neither bytes nor text.</exception>
    public static List<KeyValuePair<Guid, byte[]?>> Read(IDictionary items)
    {
        List<KeyValuePair<Guid, byte[]?>> read = [];
        foreach (DictionaryEntry item in items)
        {
            read.Add(new(IdOf(item.Key), ContentOf(item.Key, Bare(item.Value))));
        }

        return read;
    }

    private static object? Bare(object? value) => value is PSObject wrapped ? wrapped.BaseObject : value;

    private static Guid IdOf(object key) => Bare(key) switch
    {
        Guid id => id,
        string text when Guid.TryParse(text, out Guid id) => id,
        _ => throw Invalid($"'{key}' is no GUID; the keys of -Metadata are the ids of items."),
    };

    private static byte[]? ContentOf(object key, object? value)
    {
        switch (value)
        {
            case null:
                return null;
            case byte[] bytes:
                return bytes;
            case string text:
                try
                {
                    return s_utf8.GetBytes(text);
                }
                catch (EncoderFallbackException exception)
                {
                    throw Invalid($"The text of the metadata item {key} holds half a surrogate pair and cannot be stored as UTF-8.", exception);
                }

            // A literal list of numbers, as 1, 2, 3 makes it; a single number could be 1, 4 or 8 bytes.
            case object[] list when LanguagePrimitives.TryConvertTo(list, out byte[] bytes):
                return bytes;
            default:
                throw Invalid($"The value of the metadata item {key} is {value.GetType().Name}; give a byte array ([byte[]]), a text, or $null to remove the item.");
        }
    }

    private static VhdxException Invalid(string message, Exception? inner = null) => new(ErrorIds.InvalidMetadata, ErrorKind.InvalidArgument, message, inner);
}
