using System;
using System.IO;
using System.Reflection;

namespace VhdxTools.Framework.Host;

/// <summary>
/// Loads the built module as Windows PowerShell 5.1 does: on .NET Framework, from a folder that is not the program's, without binding
/// redirects. Writes a line for each thing that it finds; the last one is 'done'.
/// </summary>
/// <remarks>Arguments: the folder bin of the module, an image, and 'no resolver' to see what would happen without the loader.</remarks>
internal static class Program
{
    private static int Main(string[] arguments)
    {
        string bin = arguments[0];
        if (arguments.Length < 3)
        {
            ModuleLoader.Initialize(Path.Combine(bin, "VhdxTools.Loader.dll"));
        }

        Assembly cmdlets = Assembly.LoadFrom(Path.Combine(bin, "VhdxTools.dll"));
        CmdletReport.Write(cmdlets);
        MethodCompiler.CompileAll(cmdlets);
        foreach (Assembly assembly in AppDomain.CurrentDomain.GetAssemblies())
        {
            string name = assembly.GetName().Name;
            if (name is "VhdxTools.Loader" or "VhdxTools.Core")
            {
                MethodCompiler.CompileAll(assembly);
            }
        }

        ImageReader.Read(cmdlets, arguments[1]);
        foreach (Assembly assembly in AppDomain.CurrentDomain.GetAssemblies())
        {
            if (assembly.Location.StartsWith(bin, StringComparison.Ordinal))
            {
                Console.WriteLine($"loaded {assembly.GetName().Name} {assembly.Location}");
            }
        }

        Console.WriteLine("done");
        return 0;
    }
}
