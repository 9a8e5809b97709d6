namespace VhdxTools;

/// <summary>How much a finding matters.</summary>
public enum FindingSeverity
{
    /// <summary>Worth knowing; the image is sound, though another product may refuse it.</summary>
    Note,

    /// <summary>The image can be used, but is not as it should be: for example, a safety copy is lost.</summary>
    Warning,

    /// <summary>The image breaks a rule of the format: data may be unreadable or the file must not be processed.</summary>
    Error,
}
