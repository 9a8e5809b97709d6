namespace VhdxTools.IO;

/// <summary>A file that takes several writes at once, from as many threads, and gains by it.</summary>
internal interface IParallelFile : IRandomAccessFile;
