namespace VhdxTools;

/// <summary>One rule of the format that a file can break, or one thing about it that another product does not like.</summary>
public sealed class VhdxRule
{
    /// <summary>The stable id, <c>VX</c> and three digits. Scripts may rely on it.</summary>
    public required string Id { get; init; }

    /// <summary>The severity that a breach of this rule normally has.</summary>
    public required FindingSeverity Severity { get; init; }

    /// <summary>What is wrong, in a few words.</summary>
    public required string Title { get; init; }

    /// <summary>The section of the specification, for example <c>MS-VHDX 2.2.2</c>, or the product that is concerned.</summary>
    public required string Reference { get; init; }

    /// <summary>What it means for the user.</summary>
    public required string Meaning { get; init; }

    /// <summary>What to do about it.</summary>
    public required string Action { get; init; }

    /// <summary>What it takes to mend it.</summary>
    public required RepairMethod Repair { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Id} {Title}";
}
