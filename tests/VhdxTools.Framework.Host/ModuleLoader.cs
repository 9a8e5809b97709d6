using System;
using System.Linq;
using System.Management.Automation;
using System.Reflection;

namespace VhdxTools.Framework.Host;

/// <summary>What Import-Module does with an assembly that is a nested module: it runs the initializers in it.</summary>
internal static class ModuleLoader
{
    public static void Initialize(string path)
    {
        Assembly loader = Assembly.LoadFrom(path);
        foreach (Type type in loader.GetExportedTypes().Where(type => typeof(IModuleAssemblyInitializer).IsAssignableFrom(type)))
        {
            ((IModuleAssemblyInitializer)Activator.CreateInstance(type)).OnImport();
            Console.WriteLine($"initialized {type.Name}");
        }
    }
}
