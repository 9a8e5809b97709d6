using System.IO;

namespace VhdxTools.Operations;

/// <summary>The format that a new file is meant to have, by its extension.</summary>
internal static class DestinationFormats
{
    /// <summary>The format of a destination.</summary>
    /// <param name="path">Full path of the new file.</param>
    /// <param name="wish">The format that was asked for, or null.</param>
    /// <exception cref="VhdxException">Extension and wish contradict each other, or neither tells the format.</exception>
    public static VhdFormat Choose(string path, VhdFormat? wish)
    {
        string extension = Path.GetExtension(path);
        VhdFormat? meant = OfExtension(extension);
        if (wish is VhdFormat wanted)
        {
            return meant is null || meant == wanted ? wanted : throw ConvertOptions.Contradiction(
                $"The extension of '{path}' says {NameOf(meant.Value)}, and -DestinationFormat says {NameOf(wanted)}: programs that go by the name would be misled.");
        }

        return meant ?? throw new VhdxException(
            ErrorIds.FormatRequired,
            ErrorKind.InvalidArgument,
            $"The extension '{extension}' of '{path}' does not tell the format: use .vhdx, .avhdx, .vhd, .avhd, .raw, .img, .ima, .dd or .bin, or give -DestinationFormat.");
    }

    /// <summary>The format as people write it.</summary>
    public static string NameOf(VhdFormat format) => format == VhdFormat.Raw ? "raw" : format.ToString();

    private static VhdFormat? OfExtension(string extension) => extension.ToUpperInvariant() switch
    {
        ".VHDX" or ".AVHDX" => VhdFormat.VHDX,
        ".VHD" or ".AVHD" => VhdFormat.VHD,
        ".RAW" or ".IMG" or ".IMA" or ".DD" or ".BIN" => VhdFormat.Raw,
        _ => null,
    };
}
