using System;

namespace VhdxTools;

/// <summary>The one exception that the library throws on bad input, bad files and failing systems.</summary>
public sealed class VhdxException : Exception
{
    /// <summary>Makes an error with an id from <see cref="ErrorIds"/>.</summary>
    /// <param name="id">The error's id.</param>
    /// <param name="kind">What kind of thing went wrong.</param>
    /// <param name="message">Which file, what is wrong, and what to do.</param>
    /// <param name="innerException">The system's own exception, when there is one.</param>
    public VhdxException(string id, ErrorKind kind, string message, Exception? innerException = null)
        : base(message, innerException)
    {
        Id = id;
        Kind = kind;
    }

    /// <summary>Makes an error of a finding: a file breaks a rule, and the work cannot go on.</summary>
    /// <param name="finding">The broken rule, its place and its values.</param>
    public VhdxException(VhdxFinding finding)
        : base(MessageOf(finding))
    {
        Id = finding.RuleId;
        Kind = finding.RuleId == VhdxRules.ParentNotFound.Id ? ErrorKind.NotFound : ErrorKind.InvalidData;
        Finding = finding;
    }

    /// <summary>An id from <see cref="ErrorIds"/> or <see cref="VhdxRules"/>.</summary>
    public string Id { get; }

    /// <summary>What kind of thing went wrong.</summary>
    public ErrorKind Kind { get; }

    /// <summary>The broken rule with file, offset, expected and actual value; null when the error is not about a file's bytes.</summary>
    public VhdxFinding? Finding { get; }

    private static string MessageOf(VhdxFinding finding)
    {
        string place = finding.FileOffset is long offset ? FormattableString.Invariant($" at offset 0x{offset:X}") : "";
        string values = (finding.Expected, finding.Actual) switch
        {
            (string expected, string actual) => $" Expected {expected}, found {actual}.",
            (string expected, null) => $" Expected {expected}.",
            (null, string actual) => $" Found {actual}.",
            _ => "",
        };
        return $"'{finding.File}'{place}: {finding.Message}{values} ({finding.RuleId}, {finding.Reference})";
    }
}
