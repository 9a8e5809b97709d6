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

    public static Func<IRandomAccessFile, IRandomAccessFile> Over(Func<IRandomAccessFile> replacement) => file =>
    {
        file.Dispose();
        return replacement();
    };
}
