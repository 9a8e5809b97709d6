using System;

namespace VhdxTools.Disks;

/// <summary>Bytes of a disk that are not all zero.</summary>
/// <param name="Offset">Where they start on the disk, in bytes.</param>
/// <param name="Bytes">The bytes; valid until the next run is asked for.</param>
internal readonly record struct DataRun(long Offset, ReadOnlyMemory<byte> Bytes);
