using System.Collections.Generic;
using System.Linq;
using VhdxTools.Diagnostics;
using Xunit;

namespace VhdxTools.Core.Tests.Support;

/// <summary>Checks of findings and errors by id.</summary>
internal static class Expect
{
    /// <summary>A strict open fails with the id, and the file is closed.</summary>
    public static VhdxException Refusal(string id, ImageBuilder builder)
    {
        MemoryFile file = builder.Build();
        file.IsFrozen = true;
        VhdxException exception = Assert.Throws<VhdxException>(() => VhdxTools.Images.VhdxFile.Open(file, StrictSink.Instance));
        Assert.Equal(id, exception.Id);
        Assert.True(file.IsDisposed);
        return exception;
    }

    /// <summary>A strict open works, and a lenient one has exactly these findings.</summary>
    public static void Findings(ImageBuilder builder, params string[] ids)
    {
        builder.Open().Dispose();
        builder.Open(out CollectingSink sink).Dispose();
        Assert.Equal(ids, Ids(sink));
    }

    public static IEnumerable<string> Ids(CollectingSink sink) => sink.Findings.Select(finding => finding.RuleId);
}
