using System.ComponentModel;
using System.Diagnostics;
using System.IO;

namespace VhdxTools.Core.Tests.Support;

/// <summary>Small programs of the system.</summary>
internal static class Tool
{
    /// <summary>Runs a program and gives its output, or null when it is not there or fails.</summary>
    public static byte[]? Run(string program, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            using MemoryStream output = new();
            process.StandardOutput.BaseStream.CopyTo(output);
            process.WaitForExit();
            return process.ExitCode == 0 ? output.ToArray() : null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
