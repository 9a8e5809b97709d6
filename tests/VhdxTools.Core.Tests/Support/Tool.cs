using System.ComponentModel;
using System.Diagnostics;
using System.IO;
using System.Linq;

namespace VhdxTools.Core.Tests.Support;

/// <summary>Small programs of the system.</summary>
internal static class Tool
{
    /// <summary>How to start a program whose output and errors are read. The arguments have no quotes in them.</summary>
    public static ProcessStartInfo Command(string program, params string[] arguments) =>
        new(program, string.Join(" ", arguments.Select(argument => $"\"{argument}\""))) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };

    /// <summary>Runs a program and gives its output, or null when it is not there or fails.</summary>
    public static byte[]? Run(string program, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(Command(program, arguments))!;
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
