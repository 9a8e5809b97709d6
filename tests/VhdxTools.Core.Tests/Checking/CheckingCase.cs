using System;
using System.Text;

namespace VhdxTools.Core.Tests.Checking;

/// <summary>A damage, and the findings that it gives.</summary>
/// <param name="Name">The id of the rule, or what was done.</param>
/// <param name="Build">Makes the damaged image in a folder of its own and returns its path.</param>
/// <param name="Findings">All findings as <see cref="Describe"/> prints them, one a line.</param>
internal sealed record CheckingCase(string Name, Func<CheckingFolder, CheckingImage> Build, params string[] Findings)
{
    /// <summary>Everything in a finding that a script may rely on, in a line; what is null is left out.</summary>
    public static string Describe(VhdxFinding finding)
    {
        StringBuilder text = new($"{finding.RuleId} {finding.Severity}");
        Append(finding.FileOffset, $" at 0x{finding.FileOffset:X}");
        Append(finding.Length, $" long 0x{finding.Length:X}");
        Append(finding.Block, $" block {finding.Block}");
        Append(finding.BlockCount, $" x{finding.BlockCount}");
        Append(finding.VirtualOffset, $" disk 0x{finding.VirtualOffset:X}");
        Append(finding.VirtualLength, $"+0x{finding.VirtualLength:X}");
        Append(finding.Item, $" item [{finding.Item}]");
        Append(finding.Expected, $" expected [{finding.Expected}]");
        Append(finding.Actual, $" actual [{finding.Actual}]");
        return text.ToString();

        void Append(object? value, string part) => text.Append(value is null ? "" : part);
    }

    public override string ToString() => Name;
}
