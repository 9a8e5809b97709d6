using System;
using System.Linq;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace VhdxTools.Framework.Host;

/// <summary>Compiles every method of an assembly: that resolves all that it calls, and a member that is missing here is told.</summary>
internal static class MethodCompiler
{
    private const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public static void CompileAll(Assembly assembly)
    {
        int count = 0;
        foreach (Type type in Types(assembly).Where(type => !type.ContainsGenericParameters))
        {
            foreach (MethodBase method in type.GetMethods(All).Cast<MethodBase>().Concat(type.GetConstructors(All)))
            {
                if (method.IsAbstract || method.ContainsGenericParameters)
                {
                    continue;
                }

                count++;
                try
                {
                    RuntimeHelpers.PrepareMethod(method.MethodHandle);
                }
                catch (Exception exception)
                {
                    Console.WriteLine($"fault {type.FullName}.{method.Name}: {exception.Message}");
                }
            }
        }

        Console.WriteLine($"compiled {count} methods of {assembly.GetName().Name}");
    }

    private static Type[] Types(Assembly assembly)
    {
        try
        {
            return assembly.GetTypes();
        }
        catch (ReflectionTypeLoadException exception)
        {
            foreach (Exception fault in exception.LoaderExceptions)
            {
                Console.WriteLine($"fault {assembly.GetName().Name}: {fault.Message}");
            }

            return [.. exception.Types.Where(type => type is not null)];
        }
    }
}
