namespace VhdxTools;

/// <summary>How much a finding matters.</summary>
public enum FindingSeverity
{
    /// <summary>Worth knowing; the image is sound and every product may open it.</summary>
    Note,

    /// <summary>The image can be used, but a safety copy is lost or another product may refuse it.</summary>
    Warning,

    /// <summary>The image breaks a rule of the format: data may be unreadable or the file must not be processed.</summary>
    Error,
}
