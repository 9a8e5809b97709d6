using System;
using VhdxTools.Diagnostics;
using VhdxTools.Images;
using VhdxTools.IO;

namespace VhdxTools.Disks;

/// <summary>One image that is open for changes of its structure, without its parents.</summary>
internal sealed class ImageEditor : IDisposable
{
    private ImageEditor(VhdxLayer layer, WriteSession session)
    {
        Layer = layer;
        Session = session;
    }

    public VhdxLayer Layer { get; }

    public WriteSession Session { get; }

    /// <summary>Opens a file; nobody else may write to it meanwhile. A dirty log is replayed into the file first.</summary>
    /// <param name="path">Full path of the file.</param>
    /// <param name="newGuid">Gives a new GUID at each call.</param>
    /// <param name="wrap">For tests: puts another file over the one that is opened.</param>
    /// <param name="dataWriteGuid">The DataWriteGuid that the first visible change gives the file; null for a new one.</param>
    /// <exception cref="VhdxException">The file cannot be opened, is in use or damaged.</exception>
    public static ImageEditor Open(string path, Func<Guid> newGuid, Func<IRandomAccessFile, IRandomAccessFile>? wrap = null, Guid? dataWriteGuid = null)
    {
        IRandomAccessFile file = OsFile.OpenWrite(path);
        file = wrap is null ? file : wrap(file);
        VhdxFile image = VhdxFile.Open(file, StrictSink.Instance);
        try
        {
            VhdxLayer layer = new(path, WriteSession.Prepare(image, file, newGuid));
            return new(layer, new(layer, file, newGuid, dataWriteGuid));
        }
        catch
        {
            image.Dispose();
            throw;
        }
    }

    /// <summary>Commits what is staged, marks the image as cleanly closed, and closes the file.</summary>
    public void Dispose()
    {
        try
        {
            Session.Close();
        }
        finally
        {
            Layer.Dispose();
        }
    }
}
