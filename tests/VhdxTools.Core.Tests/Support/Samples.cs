using System;
using System.IO;
using System.IO.Compression;
using System.Runtime.CompilerServices;
using Xunit;

namespace VhdxTools.Core.Tests.Support;

/// <summary>Real images of other programs; where they are not, the test is skipped.</summary>
internal static class Samples
{
    /// <summary>Unpacks a sample into a folder and gives its path.</summary>
    public static string Unpack(string name, TempFolder folder)
    {
        string samples = Environment.GetEnvironmentVariable("VHDXTOOLS_SAMPLES") is { Length: > 0 } given ? given : DefaultFolder();
        Skip.IfNot(Directory.Exists(samples), "The folder of samples is not here; VHDXTOOLS_SAMPLES may name it.");
        string path = folder[name];
        string packed = Path.Combine(samples, name);
        if (File.Exists(packed + ".gz"))
        {
            using GZipStream source = new(File.OpenRead(packed + ".gz"), CompressionMode.Decompress);
            using FileStream target = File.Create(path);
            source.CopyTo(target);
            return path;
        }

        byte[]? bytes = Tool.Run("bzip2", "-dc", packed + ".bz2");
        Skip.If(bytes is null, "There is no bzip2 to unpack the sample.");
        File.WriteAllBytes(path, bytes!);
        return path;
    }

    private static string DefaultFolder([CallerFilePath] string thisFile = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "..", "..", "..", "..", "shared", "samples"));
}
