using VhdxTools.Format;

namespace VhdxTools.Journal;

/// <summary>One descriptor of an entry, with the place of its data sector in the log (0 for zero descriptors).</summary>
internal readonly record struct LogUpdate(LogDescriptor Descriptor, long DataSectorRingOffset);
