namespace VhdxTools.Core.Tests.Disks;

internal enum EngineMark
{
    Begun,
    Done,
    Failed,
}

/// <summary>What happened to a file under the engine.</summary>
internal abstract record EngineEvent
{
    /// <param name="Offset">A multiple of 512.</param>
    /// <param name="Sectors">The whole sectors as they are after the write.</param>
    public sealed record Written(long Offset, byte[] Sectors) : EngineEvent
    {
        public int Count => Sectors.Length / EngineRecordingFile.SectorLength;
    }

    public sealed record Resized(long Length) : EngineEvent;

    public sealed record Flushed : EngineEvent;

    public sealed record Marked(EngineOperation Operation, EngineMark Kind) : EngineEvent;
}
