namespace VhdxTools;

/// <summary>One rule of the format that a file can break.</summary>
public sealed class VhdxRule
{
    internal VhdxRule(string id, FindingSeverity severity, string title, string reference)
    {
        Id = id;
        Severity = severity;
        Title = title;
        Reference = reference;
    }

    /// <summary>The stable id, <c>VX</c> and three digits. Scripts may rely on it.</summary>
    public string Id { get; }

    /// <summary>The severity that a breach of this rule normally has.</summary>
    public FindingSeverity Severity { get; }

    /// <summary>What is wrong, in a few words.</summary>
    public string Title { get; }

    /// <summary>The section of the specification, for example <c>MS-VHDX 2.2.2</c>.</summary>
    public string Reference { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Id} {Title}";
}
