using System.Collections.Generic;
using Xunit;

namespace VhdxTools.Core.Tests.Support;

/// <summary>Law 2: the areas of a layout are sorted, disjoint, cover the file exactly, and start on 1 MiB boundaries behind the header section.</summary>
internal static class AreaLaws
{
    public static void Check(IEnumerable<FileArea> areas, long fileLength)
    {
        long position = 0;
        foreach (FileArea area in areas)
        {
            Assert.Equal(position, area.FileOffset);
            Assert.True(area.Length > 0, $"{area} is empty.");
            Assert.True(area.FileOffset < 0x100000 || area.FileOffset % 0x100000 == 0 || area.Kind is AreaKind.Free or AreaKind.Leaked, $"{area} starts at no multiple of 1 MiB.");
            position = area.FileOffset + area.Length;
        }

        Assert.Equal(fileLength, position);
    }
}
