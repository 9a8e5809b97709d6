using System;
using System.Management.Automation;

namespace VhdxTools;

/// <summary>Makes every error record of the module: id, category and target come from the error, never from the cmdlet.</summary>
internal static class ErrorRecords
{
    public static ErrorRecord Of(VhdxException exception, object? target) => new(exception, exception.Id, CategoryOf(exception.Kind), target);

    public static ErrorRecord OfPath(string id, ErrorKind kind, string message, string path, Exception? inner = null) =>
        Of(new VhdxException(id, kind, message, inner), path);

    private static ErrorCategory CategoryOf(ErrorKind kind) => kind switch
    {
        ErrorKind.InvalidArgument => ErrorCategory.InvalidArgument,
        ErrorKind.InvalidData => ErrorCategory.InvalidData,
        ErrorKind.NotFound => ErrorCategory.ObjectNotFound,
        ErrorKind.AlreadyExists => ErrorCategory.ResourceExists,
        ErrorKind.PermissionDenied => ErrorCategory.PermissionDenied,
        ErrorKind.InUse => ErrorCategory.ResourceBusy,
        ErrorKind.DiskFull => ErrorCategory.ResourceUnavailable,
        ErrorKind.NotSupported => ErrorCategory.NotImplemented,
        ErrorKind.LimitExceeded => ErrorCategory.LimitsExceeded,
        ErrorKind.DeviceError => ErrorCategory.DeviceError,
        _ => ErrorCategory.NotSpecified,
    };
}
