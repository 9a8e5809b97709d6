using System;
using VhdxTools.IO;

namespace VhdxTools.Disks;

/// <summary>Bytes of a disk that are not all zero.</summary>
/// <param name="Offset">Where they start on the disk, in bytes.</param>
/// <param name="Bytes">The bytes; valid until <see cref="WriteBehind.Depth"/> further runs were asked for and the next one is.</param>
/// <param name="Origin">Where they lie in a file, when that is known.</param>
internal readonly record struct DataRun(long Offset, ReadOnlyMemory<byte> Bytes, DataOrigin? Origin = null);
