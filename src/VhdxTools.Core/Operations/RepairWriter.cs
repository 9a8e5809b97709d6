using System;
using System.Collections.Generic;
using VhdxTools.Disks;
using VhdxTools.Format;
using VhdxTools.Images;
using VhdxTools.IO;
using VhdxTools.Journal;
using VhdxTools.Layout;

namespace VhdxTools.Operations;

/// <summary>
/// Changes an image that the writing engine refuses, because something in it is damaged. The order is the engine's: new GUIDs in the
/// headers, data durable, entry of the log durable, metadata in its place.
/// </summary>
internal sealed class RepairWriter
{
    private const int CopyLength = (int)FormatConstants.MiB;

    private readonly IRandomAccessFile _file;
    private readonly Func<Guid> _newGuid;
    private readonly HeaderWriter _headers;
    private readonly MetadataCache _metadata;
    private MetadataLog? _log;
    private int _maximumUpdates;
    private byte[]? _buffer;

    /// <param name="file">The file, open for writing; its log holds nothing to replay.</param>
    /// <param name="headers">Its headers; one of them is current.</param>
    /// <param name="newGuid">Gives a new GUID at each call.</param>
    public RepairWriter(IRandomAccessFile file, IReadOnlyList<HeaderCopy> headers, Func<Guid> newGuid)
    {
        _file = file;
        _newGuid = newGuid;
        _headers = new(file, headers);
        _metadata = new(file);
    }

    /// <summary>Writes both headers anew, and with them the FileWriteGuid.</summary>
    /// <param name="isVisible">Whether the disk will read otherwise: then DataWriteGuid is new, too.</param>
    /// <param name="change">Changes more of the header; null for nothing.</param>
    public void RenewHeaders(bool isVisible, Func<VhdxHeader, VhdxHeader>? change = null)
    {
        VhdxHeader header = Renewed(_headers.Current with { FileWriteGuid = _newGuid() }, isVisible);
        _headers.Update(change is null ? header : change(header));
    }

    /// <summary>Opens the log for changes of metadata: an entry that changes nothing first, and only then headers that name the log.</summary>
    public void BeginLog(FileRange place, bool isVisible)
    {
        _maximumUpdates = LogWriter.MaximumUpdatesOf(place.Length);
        _log = MetadataLog.Begin(_file, place, _headers, _newGuid, header => Renewed(header, isVisible));
    }

    /// <summary>Writes something that has a good copy elsewhere, or that no reader follows while it is torn.</summary>
    public void WriteDurably(long fileOffset, ReadOnlySpan<byte> bytes)
    {
        _file.Write(fileOffset, bytes);
        _file.Flush();
    }

    /// <summary>Changes metadata with the next commit.</summary>
    public void Stage(long fileOffset, ReadOnlySpan<byte> bytes)
    {
        _metadata.Write(fileOffset, bytes);
        CommitWhenFull();
    }

    /// <summary>Changes one value of metadata with the next commit.</summary>
    public void Stage(long fileOffset, ulong value)
    {
        _metadata.WriteUInt64(fileOffset, value);
        CommitWhenFull();
    }

    /// <summary>Copies data behind the end of the file; what the source lacks reads as zeros.</summary>
    public void Copy(long source, long target, long length)
    {
        byte[] buffer = _buffer ??= new byte[CopyLength];
        for (long done = 0; done < length; done += buffer.Length)
        {
            int count = (int)Math.Min(buffer.Length, length - done);
            _file.ReadPadded(source + done, buffer.AsSpan(0, count));
            if (!ByteFields.IsZero(buffer.AsSpan(0, count)))
            {
                _file.Write(target + done, buffer.AsSpan(0, count));
            }
        }

        if (_file.Length < target + length)
        {
            _file.SetLength(target + length);
        }
    }

    /// <summary>Makes all staged changes durable, in entries of the log.</summary>
    public void Commit()
    {
        if (_metadata.ChangedCount > 0)
        {
            _log!.Commit(_metadata);
        }
    }

    /// <summary>Commits, and marks the image as cleanly closed.</summary>
    public void Close()
    {
        Commit();
        if (_log is null)
        {
            _file.Flush();
        }
        else
        {
            _log.End();
            _log = null;
        }
    }

    private VhdxHeader Renewed(VhdxHeader header, bool isVisible) =>
        isVisible || header.DataWriteGuid == Guid.Empty ? header with { DataWriteGuid = _newGuid() } : header;

    private void CommitWhenFull()
    {
        if (_metadata.ChangedCount >= _maximumUpdates)
        {
            Commit();
        }
    }
}
