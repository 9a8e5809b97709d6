using System;
using System.Reflection;

namespace VhdxTools.Loader;

/// <summary>
/// System.Runtime.Loader.AssemblyLoadContext by reflection: .NET Standard 2.0 does not know it and .NET Framework has none.
/// </summary>
internal sealed class LoadContext
{
    private static readonly Type? ContextType = typeof(object).Assembly.GetType("System.Runtime.Loader.AssemblyLoadContext");
    private readonly Func<string, Assembly> loadFromAssemblyPath;

    private LoadContext(object context)
    {
        // A delegate and not MethodInfo.Invoke: errors come through as they are, not wrapped.
        loadFromAssemblyPath = (Func<string, Assembly>)Delegate.CreateDelegate(
            typeof(Func<string, Assembly>), context, "LoadFromAssemblyPath");
    }

    internal static LoadContext? Of(Assembly assembly)
    {
        object? context = ContextType?.GetMethod("GetLoadContext")!.Invoke(null, [assembly]);
        return context is null ? null : new LoadContext(context);
    }

    internal static LoadContext? Create(string name)
    {
        return ContextType is null ? null : new LoadContext(Activator.CreateInstance(ContextType, name, false)!);
    }

    internal Assembly LoadFromAssemblyPath(string path) => loadFromAssemblyPath(path);
}
