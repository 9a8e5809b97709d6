using System;
using System.IO;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;

namespace VhdxTools.Core.Tests;

/// <summary>Members of today's .NET that the tests of Core use.</summary>
internal static class Framework
{
    private static readonly MethodInfo? s_allocated = typeof(GC).GetMethod("GetAllocatedBytesForCurrentThread");

    extension(GC)
    {
        /// <summary>0 where the runtime does not count: limits on what is allocated then hold.</summary>
        public static long GetAllocatedBytesForCurrentThread() => (long)(s_allocated?.Invoke(null, null) ?? 0L);
    }

    extension(File)
    {
        public static void CreateSymbolicLink(string path, string target)
        {
            if (symlink(Utf8(target), Utf8(path)) != 0)
            {
                throw new IOException($"The link '{path}' cannot be made.");
            }
        }
    }

    extension(ObjectDisposedException)
    {
        public static void ThrowIf(bool condition, object instance)
        {
            if (condition)
            {
                throw new ObjectDisposedException(instance.GetType().Name);
            }
        }
    }

    extension(ArgumentOutOfRangeException)
    {
        public static void ThrowIfNegative(long value)
        {
            if (value < 0)
            {
                throw new ArgumentOutOfRangeException(nameof(value));
            }
        }
    }

    extension(string text)
    {
        public string Replace(string old, string other, StringComparison comparison) =>
            comparison == StringComparison.Ordinal ? text.Replace(old, other) : throw new NotSupportedException("Strings are compared as they are here.");
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text + '\0');

    [DllImport("libc", SetLastError = true)]
    private static extern int symlink(byte[] target, byte[] path);
}
