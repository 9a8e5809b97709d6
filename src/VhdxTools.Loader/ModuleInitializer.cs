using System;
using System.IO;
using System.Management.Automation;
using System.Reflection;
using System.Runtime.InteropServices;

namespace VhdxTools.Loader;

/// <summary>
/// Loads the build of VhdxTools.Core that fits the running .NET, and finds the assemblies that it needs without
/// touching, or being touched by, the copies that other modules bring along.
/// </summary>
/// <remarks>
/// An assembly of its own without a reference to Core: PowerShell reflects over the types of a cmdlet assembly before
/// that assembly's initializer runs, and a parameter of a Core type would already fail there.
/// </remarks>
public sealed class ModuleInitializer : IModuleAssemblyInitializer
{
    /// <summary>The environment variable that forces one of the builds; for tests.</summary>
    public const string BuildVariable = "VHDXTOOLS_CORE";

    private const string CoreName = "VhdxTools.Core";
    private const string ModernBuild = "net10.0";
    private const string StandardBuild = "netstandard2.0";

    private static readonly object Gate = new();
    private static readonly Assembly Self = typeof(ModuleInitializer).Assembly;
    private static readonly string Root = Path.GetDirectoryName(Self.Location)! + Path.DirectorySeparatorChar;
    private static readonly LoadContext? Own = LoadContext.Of(Self);
    private static readonly LoadContext? Private = LoadContext.Create("VhdxTools");
    private static string? build;

    /// <summary>Registers the resolver, once in a process, and loads Core.</summary>
    public void OnImport()
    {
        lock (Gate)
        {
            if (build is not null)
            {
                return;
            }

            string folder = Path.Combine(Root, ChooseBuild());

            // Never unregistered: other runspaces of the process may use the module after one of them removes it.
            AppDomain.CurrentDomain.AssemblyResolve += Resolve;
            build = folder;
            try
            {
                Load(CoreName);
            }
            catch
            {
                AppDomain.CurrentDomain.AssemblyResolve -= Resolve;
                build = null;
                throw;
            }
        }
    }

    private static string ChooseBuild()
    {
        switch (Environment.GetEnvironmentVariable(BuildVariable))
        {
            case null or "":
                return Environment.Version.Major >= 10 ? ModernBuild : StandardBuild;
            case ModernBuild:
                return ModernBuild;
            case StandardBuild:
                return StandardBuild;
            case string other:
                throw new InvalidOperationException(
                    $"The environment variable {BuildVariable} is '{other}'; it must be {ModernBuild}, {StandardBuild} or empty.");
        }
    }

    private static Assembly? Resolve(object? sender, ResolveEventArgs args)
    {
        // Only what asks from our own folder gets an answer: another module must never end up with our copies.
        Assembly? requester = args.RequestingAssembly;
        bool isOurs = requester is { IsDynamic: false }
            && requester.Location.StartsWith(Root, StringComparison.OrdinalIgnoreCase);
        return isOurs ? Load(new AssemblyName(args.Name).Name!) : null;
    }

    private static Assembly? Load(string name)
    {
        string path = Path.Combine(build!, name + ".dll");
        if (name == CoreName)
        {
            // Scripts see the types of the loader's own context.
            string compiled = CompiledCore();
            return LoadFile(Own, File.Exists(compiled) ? compiled : path);
        }

        return File.Exists(path) ? LoadFile(Private, path) : null;
    }

    /// <summary>
    /// Where the same Core lies with native code for this platform in it, if the module has one: with it a first call does not wait
    /// for the compiler. No other platform can load it, and .NET would then not take the ordinary one any more.
    /// </summary>
    private static string CompiledCore()
    {
        string system = RuntimeInformation.IsOSPlatform(OSPlatform.Windows) ? "win"
            : RuntimeInformation.IsOSPlatform(OSPlatform.OSX) ? "osx"
            : RuntimeInformation.IsOSPlatform(OSPlatform.Linux) ? "linux"
            : "other";
        string architecture = RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
        return Path.Combine(build!, $"{system}-{architecture}", CoreName + ".dll");
    }

    /// <summary>Without load contexts (Windows PowerShell) LoadFrom keeps two versions of one assembly apart by path.</summary>
    private static Assembly LoadFile(LoadContext? context, string path) =>
        context is null ? Assembly.LoadFrom(path) : context.LoadFromAssemblyPath(path);
}
