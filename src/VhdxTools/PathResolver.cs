using System;
using System.Collections.Generic;
using System.Collections.ObjectModel;
using System.Linq;
using System.Management.Automation;
using VhdxTools.IO;

namespace VhdxTools;

/// <summary>Turns paths as people write them (relative to $PWD, PSDrives, provider-qualified) into full paths of the file system.</summary>
internal sealed class PathResolver(PSCmdlet cmdlet)
{
    /// <summary>One path, taken to the letter; it need not exist.</summary>
    /// <exception cref="VhdxException">It is no path of the file system.</exception>
    public string Literal(string path)
    {
        ThrowIfEmpty(path);
        try
        {
            string full = cmdlet.SessionState.Path.GetUnresolvedProviderPathFromPSPath(path, out ProviderInfo provider, out _);
            ThrowIfOtherProvider(provider, path);
            full = WindowsPaths.Plain(System.IO.Path.GetFullPath(full));
            return WindowsNative.IsWindows && WindowsPaths.HasForbidden(full)
                ? throw new VhdxException(ErrorIds.InvalidPath, ErrorKind.InvalidArgument, $"The path '{path}' cannot be used: it holds a character that Windows does not allow.")
                : full;
        }
        catch (Exception exception) when (IsPathError(exception))
        {
            throw Translate(exception, path);
        }
    }

    /// <summary>
    /// All files that a path with wildcards matches, folders left out; a path without them must exist. What has exactly that name
    /// wins: piped files and folders arrive here by their full names, and those may hold brackets and backticks.
    /// </summary>
    /// <exception cref="VhdxException">Nothing is there, or it is no path of the file system.</exception>
    public IReadOnlyList<string> Wildcard(string path)
    {
        string literal = Literal(path);

        // The question mark of the long form is no wildcard; what has a plain form may hold others.
        path = WindowsPaths.IsInDeviceSpace(path) ? WindowsPaths.Plain(path) : path;
        if (Exists(literal) || WindowsPaths.IsInDeviceSpace(path))
        {
            return [literal];
        }

        try
        {
            Collection<string> found = cmdlet.SessionState.Path.GetResolvedProviderPathFromPSPath(path, out ProviderInfo provider);
            ThrowIfOtherProvider(provider, path);
            return found.Where(match => !WildcardPattern.ContainsWildcardCharacters(path) || !System.IO.Directory.Exists(match)).Select(WindowsPaths.Plain).ToArray();
        }
        catch (Exception exception) when (IsPathError(exception))
        {
            throw Translate(exception, path);
        }
    }

    /// <summary>A folder, taken to the letter.</summary>
    /// <exception cref="VhdxException">It does not exist, or is no path of the file system.</exception>
    public string Folder(string path)
    {
        string folder = Literal(path);
        return System.IO.Directory.Exists(folder)
            ? folder
            : throw new VhdxException(ErrorIds.FolderNotFound, ErrorKind.NotFound, $"The folder '{folder}' does not exist.");
    }

    private static bool Exists(string path) => System.IO.File.Exists(path) || System.IO.Directory.Exists(path);

    private static void ThrowIfEmpty(string path)
    {
        if (string.IsNullOrWhiteSpace(path))
        {
            throw new VhdxException(ErrorIds.InvalidPath, ErrorKind.InvalidArgument, "The path is empty.");
        }
    }

    private static void ThrowIfOtherProvider(ProviderInfo provider, string path)
    {
        if (!string.Equals(provider.Name, "FileSystem", StringComparison.OrdinalIgnoreCase))
        {
            throw new VhdxException(
                ErrorIds.NotAFileSystemPath, ErrorKind.InvalidArgument, $"'{path}' is a path of the provider {provider.Name}; images are files of the file system.");
        }
    }

    private static bool IsPathError(Exception exception) =>
        exception is ItemNotFoundException or System.Management.Automation.DriveNotFoundException or ProviderNotFoundException or ProviderInvocationException
            or PSInvalidOperationException or PSArgumentException or ArgumentException or NotSupportedException or System.IO.IOException;

    private static VhdxException Translate(Exception exception, string path) => exception is ItemNotFoundException
        ? new(ErrorIds.FileNotFound, ErrorKind.NotFound, $"'{path}' does not exist.", exception)
        : exception is System.IO.PathTooLongException ? SystemErrors.Translate(exception, path, "use")
        : new(ErrorIds.InvalidPath, ErrorKind.InvalidArgument, $"The path '{path}' cannot be used: {exception.Message}", exception);
}
