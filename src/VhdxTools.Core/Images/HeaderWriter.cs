using System.Collections.Generic;
using System.Linq;
using VhdxTools.Format;
using VhdxTools.IO;

namespace VhdxTools.Images;

/// <summary>Updates both headers so that at any moment one of them is valid (MS-VHDX 2.2.2.1).</summary>
internal sealed class HeaderWriter
{
    private readonly IRandomAccessFile _file;
    private readonly long _currentOffset;
    private readonly long _otherOffset;

    /// <param name="file">The file, open for writing.</param>
    /// <param name="headers">Both copies as they were read; one of them is current.</param>
    public HeaderWriter(IRandomAccessFile file, IReadOnlyList<HeaderCopy> headers)
    {
        _file = file;
        HeaderCopy current = headers.First(copy => copy.IsCurrent);
        Current = current.Header;
        _currentOffset = current.FileOffset;
        _otherOffset = headers.First(copy => copy != current).FileOffset;
    }

    public VhdxHeader Current { get; private set; }

    /// <summary>Writes new values into the copy that is not current, then into the other one; each is flushed before the next.</summary>
    /// <param name="header">The values; the sequence number is set here.</param>
    public void Update(VhdxHeader header)
    {
        // At the end of their range the numbers start again. The copy with the greater number counts until it is overwritten
        // itself, and if that write is torn, the other one is the only valid one.
        ulong number = Current.SequenceNumber >= ulong.MaxValue - 1 ? 0 : Current.SequenceNumber;
        Write(_otherOffset, header with { SequenceNumber = number + 1 });
        Current = header with { SequenceNumber = number + 2 };
        Write(_currentOffset, Current);
    }

    private void Write(long offset, VhdxHeader header)
    {
        byte[] bytes = new byte[VhdxHeader.Length];
        header.Write(bytes);
        _file.Write(offset, bytes);
        _file.Flush();
    }
}
