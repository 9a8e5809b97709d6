using System.IO;
using VhdxTools.Core.Tests.Support;
using VhdxTools.Operations;
using Xunit;

namespace VhdxTools.Core.Tests.Operations;

public class BusyImageTests
{
    [Fact]
    public void What_looked_damaged_once_is_read_again()
    {
        using TempFolder folder = new();
        File.WriteAllBytes(folder["a"], [1]);
        int reads = 0;
        Assert.Equal(2, BusyImage.Read(folder["a"], () => ++reads == 1 ? throw Damage(folder["a"]) : reads));
    }

    [Fact]
    public void What_looks_damaged_while_somebody_writes_is_in_use()
    {
        using TempFolder folder = new();
        File.WriteAllBytes(folder["a"], [1]);
        using FileStream other = new(folder["a"], FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Assert.Equal(ErrorIds.FileInUse, Assert.Throws<VhdxException>(() => BusyImage.Read<int>(folder["a"], () => throw Damage(folder["a"]))).Id);
    }

    [Fact]
    public void Damage_that_stays_is_told()
    {
        using TempFolder folder = new();
        File.WriteAllBytes(folder["a"], [1]);
        Assert.Equal(VhdxRules.BatState.Id, Assert.Throws<VhdxException>(() => BusyImage.Read<int>(folder["a"], () => throw Damage(folder["a"]))).Id);
        Assert.Equal(VhdxRules.BatState.Id, Assert.Throws<VhdxException>(() => BusyImage.Read<int>(folder["nowhere"], () => throw Damage(folder["a"]))).Id);
    }

    [Fact]
    public void Other_errors_are_told_at_once()
    {
        using TempFolder folder = new();
        File.WriteAllBytes(folder["a"], [1]);
        int reads = 0;
        Assert.Throws<VhdxException>(() => BusyImage.Read<int>(folder["a"], () => ++reads > 0 ? throw new VhdxException(ErrorIds.SizeTooSmall, ErrorKind.InvalidArgument, "") : 0));
        Assert.Equal(1, reads);
    }

    private static VhdxException Damage(string path) => new(VhdxFinding.Of(VhdxRules.BatState, path, "A block has a reserved state."));
}
