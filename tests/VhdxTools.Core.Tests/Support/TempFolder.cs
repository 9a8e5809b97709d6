using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace VhdxTools.Core.Tests.Support;

/// <summary>A new folder for one test, gone afterwards.</summary>
internal sealed class TempFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("vhdxtools-test-").FullName;

    /// <summary>The names of everything in the folder, sorted.</summary>
    public IReadOnlyList<string> Names =>
        Directory.EnumerateFileSystemEntries(Path).Select(entry => System.IO.Path.GetFileName(entry)).Order(StringComparer.Ordinal).ToArray();

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
