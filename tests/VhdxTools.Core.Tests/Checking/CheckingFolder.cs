using System;
using System.IO;

namespace VhdxTools.Core.Tests.Checking;

/// <summary>A folder of its own for one test; gone at its end.</summary>
public sealed class CheckingFolder : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("vhdxtools-checking-").FullName;

    public string this[string name] => Path.Combine(_path, name);

    public void Dispose() => Directory.Delete(_path, recursive: true);
}
