using System;
using VhdxTools.Diagnostics;
using VhdxTools.Images;
using VhdxTools.IO;

namespace VhdxTools.Disks;

/// <summary>One image that is open for changes of its structure, without its parents.</summary>
internal sealed class ImageEditor : IDisposable
{
    private readonly IRandomAccessFile _file;
    private readonly Func<Guid> _newGuid;

    private ImageEditor(VhdxLayer layer, IRandomAccessFile file, Func<Guid> newGuid, Guid? dataWriteGuid)
    {
        _file = file;
        _newGuid = newGuid;
        Layer = layer;
        Session = new(layer, file, newGuid, dataWriteGuid);
    }

    public VhdxLayer Layer { get; private set; }

    public WriteSession Session { get; private set; }

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
            return new(new(path, WriteSession.Prepare(image, file, newGuid)), file, newGuid, dataWriteGuid);
        }
        catch
        {
            image.Dispose();
            throw;
        }
    }

    /// <summary>Commits what is staged, marks the image as cleanly closed, and reads it anew; the file stays open all the time.</summary>
    public void Reload()
    {
        Session.Close();
        Layer = new(Layer.Path, VhdxFile.Open(_file, StrictSink.Instance));
        Session = new(Layer, _file, _newGuid);
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
