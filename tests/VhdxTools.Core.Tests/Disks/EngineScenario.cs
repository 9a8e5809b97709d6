using System;
using System.Collections.Generic;
using VhdxTools.Disks;
using VhdxTools.IO;

namespace VhdxTools.Core.Tests.Disks;

/// <summary>Runs operations on an image of which only a copy in memory is written to.</summary>
internal static class EngineScenario
{
    public static EngineRecordingFile Record(string path, Func<Guid> guids, IEnumerable<EngineOperation> operations)
    {
        EngineRecordingFile recording = null!;
        DiskChain disk = DiskChain.OpenWrite(path, guids, file =>
        {
            file.Dispose();
            return recording = new(EngineMemoryFile.Load(path));
        });
        Play(disk, recording, operations);
        return recording;
    }

    /// <summary>Plays and closes. A close after a failure promises nothing.</summary>
    public static List<VhdxException> Play(DiskChain disk, EngineRecordingFile recording, IEnumerable<EngineOperation> operations, bool mayFail = false)
    {
        List<VhdxException> failures = [];
        foreach (EngineOperation operation in operations)
        {
            Run(operation);
        }

        Run(new EngineOperation.Close());
        return failures;

        void Run(EngineOperation operation)
        {
            recording.Mark(operation, EngineMark.Begun);
            try
            {
                operation.Run(disk);
                recording.Mark(operation, failures.Count > 0 && operation is EngineOperation.Close ? EngineMark.Failed : EngineMark.Done);
            }
            catch (VhdxException exception) when (mayFail)
            {
                failures.Add(exception);
                recording.Mark(operation, EngineMark.Failed);
            }
        }
    }

    /// <summary>Leaves an image as a power cut after changes and their flush would: all of it is there, and the log is not empty.</summary>
    public static void LeaveDirty(string path, Func<Guid> guids, Action<DiskChain> change, Guid? dataWriteGuid = null)
    {
        EngineMemoryFile before = EngineMemoryFile.Load(path);
        EngineRecordingFile recording = null!;
        using DiskChain disk = DiskChain.OpenWrite(path, guids, Over(() => recording = new(before.Clone())), dataWriteGuid);
        change(disk);
        disk.Flush();
        EngineMemoryFile cut = before.Clone();
        recording.Events.ForEach(happened => EngineCuts.Apply(cut, happened));
        cut.Save(path);
    }

    public static Func<IRandomAccessFile, IRandomAccessFile> Over(Func<IRandomAccessFile> replacement) => file =>
    {
        file.Dispose();
        return replacement();
    };
}
