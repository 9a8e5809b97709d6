namespace VhdxTools.Core.Tests.Support;

/// <summary>A header as the specification lays it out.</summary>
internal sealed record HeaderModel
{
    public string Signature { get; set; } = "head";

    public ulong SequenceNumber { get; set; }

    public string FileWriteGuid { get; set; } = "11111111-2222-3333-4444-555555555555";

    public string DataWriteGuid { get; set; } = "66666666-7777-8888-9999-AAAAAAAAAAAA";

    public string LogGuid { get; set; } = Zero;

    public int LogVersion { get; set; }

    public int Version { get; set; } = 1;

    public ulong LogLength { get; set; } = 0x100000;

    public ulong LogOffset { get; set; } = 0x100000;

    public bool IsChecksumWrong { get; set; }

    public const string Zero = "00000000-0000-0000-0000-000000000000";

    public byte[] ToBytes()
    {
        byte[] bytes = new byte[4096];
        Bytes.Put(bytes, 0, System.Text.Encoding.ASCII.GetBytes(Signature));
        Bytes.Put(bytes, 8, Bytes.U64(SequenceNumber));
        Bytes.Put(bytes, 16, Bytes.Guid(FileWriteGuid));
        Bytes.Put(bytes, 32, Bytes.Guid(DataWriteGuid));
        Bytes.Put(bytes, 48, Bytes.Guid(LogGuid));
        Bytes.Put(bytes, 64, Bytes.U16(LogVersion));
        Bytes.Put(bytes, 66, Bytes.U16(Version));
        Bytes.Put(bytes, 68, Bytes.U32(LogLength));
        Bytes.Put(bytes, 72, Bytes.U64(LogOffset));
        Bytes.Sealed(bytes);
        bytes[4] ^= IsChecksumWrong ? (byte)1 : (byte)0;
        return bytes;
    }
}
