using System;
using System.IO;
using System.Reflection;

namespace VhdxTools.Framework.Host;

/// <summary>Reads a disk through the module's public stream: checksums, spans and all that the resolver must find are used.</summary>
internal static class ImageReader
{
    public static void Read(Assembly cmdlets, string path)
    {
        Type type = cmdlets.GetType("VhdxTools.VhdxDisk", throwOnError: true);
        MethodInfo open = type.GetMethod("Open", [typeof(string), typeof(FileAccess)]);
        using Stream disk = (Stream)open.Invoke(null, [path, FileAccess.Read]);
        byte[] bytes = new byte[4096];
        int count = disk.Read(bytes, 0, bytes.Length);
        Console.WriteLine($"read {count} of {disk.Length}: {BitConverter.ToString(bytes, 0, 4)}");
    }
}
