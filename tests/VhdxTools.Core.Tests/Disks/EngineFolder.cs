using System;
using System.IO;

namespace VhdxTools.Core.Tests.Disks;

/// <summary>A folder of a test's own, gone when the test ends.</summary>
internal sealed class EngineFolder : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("vhdxtools-engine-").FullName;

    public string this[string name] => Path.Combine(_path, name);

    public void Dispose() => Directory.Delete(_path, recursive: true);
}
