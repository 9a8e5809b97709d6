using System;
using System.Security.Cryptography;
using VhdxTools.Disks;
using VhdxTools.Format;

namespace VhdxTools.Core.Tests.Operations;

/// <summary>What a reader gets of a disk, damaged or not.</summary>
internal static class RepairReading
{
    public const int PieceLength = 256 * 1024;

    /// <summary>The first 4 KiB of each 256 KiB of the disk (of its first 64 MiB) as a hash, empty where they cannot be read; nothing at all when the disk cannot be opened.</summary>
    public static string[] Pieces(string path)
    {
        try
        {
            using DiskChain disk = DiskChain.OpenRead(path);
            long length = Math.Min(disk.Capacity, 64 * FormatConstants.MiB);
            string[] pieces = new string[(length + PieceLength - 1) / PieceLength];
            byte[] buffer = new byte[4096];
            for (int i = 0; i < pieces.Length; i++)
            {
                Span<byte> part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, length - ((long)i * PieceLength)));
                try
                {
                    disk.Read((long)i * PieceLength, part);
                    pieces[i] = Convert.ToHexString(SHA256.HashData(part));
                }
                catch (VhdxException)
                {
                    pieces[i] = "";
                }
            }

            return pieces;
        }
        catch (VhdxException)
        {
            return [];
        }
    }
}
