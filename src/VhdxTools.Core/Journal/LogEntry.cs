using VhdxTools.Format;

namespace VhdxTools.Journal;

/// <summary>A valid entry of the log and where it stands.</summary>
/// <param name="RingOffset">Offset in the log in bytes; the entry may wrap round the log's end.</param>
/// <param name="Header">Its header.</param>
internal sealed record LogEntry(long RingOffset, LogEntryHeader Header);
