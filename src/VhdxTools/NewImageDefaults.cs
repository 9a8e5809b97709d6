using System;
using System.Collections.Generic;
using System.IO;
using System.Reflection;
using VhdxTools.Layout;

namespace VhdxTools;

/// <summary>What every cmdlet that makes an image puts into it unless asked otherwise, and what it says of the folder.</summary>
internal static class NewImageDefaults
{
    public static string Creator { get; } =
        "VhdxTools " + typeof(NewImageDefaults).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    /// <summary>New random ones at each call.</summary>
    public static ImageIdentifiers Identifiers()
    {
        // The first four bytes of a GUID are as random as any; a generator of its own would load a library of cryptography first.
        uint number = BitConverter.ToUInt32(Guid.NewGuid().ToByteArray(), 0);
        return new()
        {
            FileWriteGuid = Guid.NewGuid(),
            DataWriteGuid = Guid.NewGuid(),
            DiskIdentifier = Guid.NewGuid(),
            SequenceNumber = (number >> 1) + 1,
        };
    }

    /// <summary>Windows does not attach images that the folder made compressed or encrypted.</summary>
    /// <param name="path">Full path of the image to be.</param>
    public static IEnumerable<string> FolderWarnings(string path)
    {
        string folder = Path.GetDirectoryName(path)!;
        FileAttributes attributes = File.GetAttributes(folder);
        if ((attributes & (FileAttributes.Compressed | FileAttributes.Encrypted)) != 0)
        {
            yield return $"The folder '{folder}' makes its files compressed or encrypted; Windows does not attach such images (0xC03A001A).";
        }
    }
}
