using System;
using System.Collections.Generic;
using VhdxTools.Format;
using VhdxTools.Images;
using VhdxTools.IO;
using VhdxTools.Journal;
using VhdxTools.Layout;

namespace VhdxTools.Disks;

/// <summary>
/// The log of an image while metadata is changed through it: first an entry that changes nothing, so that there is a valid sequence, and
/// only then headers that name the log; at the end headers that do not.
/// </summary>
internal sealed class MetadataLog
{
    private readonly IRandomAccessFile _file;
    private readonly HeaderWriter _headers;
    private readonly LogWriter _log;

    private MetadataLog(IRandomAccessFile file, HeaderWriter headers, LogWriter log)
    {
        _file = file;
        _headers = headers;
        _log = log;
    }

    /// <param name="file">The file, open for writing; its log holds nothing to replay.</param>
    /// <param name="place">Where its log is.</param>
    /// <param name="headers">Its headers.</param>
    /// <param name="newGuid">Gives a new GUID at each call.</param>
    /// <param name="change">Changes more of the header than the identifiers of log and writer.</param>
    public static MetadataLog Begin(IRandomAccessFile file, FileRange place, HeaderWriter headers, Func<Guid> newGuid, Func<VhdxHeader, VhdxHeader> change)
    {
        file.Flush();
        LogWriter log = new(file, place, newGuid());
        log.Append([], file.Length, file.Length);

        // A log version that nobody knows counts only while there is a log (MS-VHDX 2.2.2).
        headers.Update(change(headers.Current with { FileWriteGuid = newGuid(), LogGuid = log.LogGuid, LogVersion = 0 }));
        return new(file, headers, log);
    }

    /// <summary>Makes data and all changed metadata durable: the metadata in one entry of the log, so that it is there together or not at all.</summary>
    public void Commit(MetadataCache metadata)
    {
        List<(long Offset, byte[] Sector)> changes = metadata.Changes();
        _file.Flush();
        if (changes.Count > 0)
        {
            _log.Append(changes, _file.Length, _file.Length);
        }

        foreach ((long offset, byte[] sector) in changes)
        {
            _file.Write(offset, sector);
            metadata.MarkWritten(offset);
        }
    }

    /// <summary>Marks the image as cleanly closed.</summary>
    public void End()
    {
        _file.Flush();
        _headers.Update(_headers.Current with { LogGuid = Guid.Empty });
    }
}
