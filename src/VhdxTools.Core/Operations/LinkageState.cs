namespace VhdxTools;

/// <summary>How a file of a chain and its parent fit together.</summary>
public enum LinkageState
{
    /// <summary>The file has no parent: the chain ends here.</summary>
    Base,

    /// <summary>The parent's DataWriteGuid is the child's parent_linkage.</summary>
    Match,

    /// <summary>The parent's DataWriteGuid is the child's parent_linkage2: a merge was under way.</summary>
    MatchSecond,

    /// <summary>The parent is there, and is not in the state that the child was made from.</summary>
    Mismatch,

    /// <summary>No stored path leads to a parent that can be read.</summary>
    Missing,

    /// <summary>The parent is a file that already stands in the chain.</summary>
    Loop,
}
