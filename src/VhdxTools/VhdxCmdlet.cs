using System;
using System.Management.Automation;
using System.Threading;

namespace VhdxTools;

/// <summary>What all cmdlets share: Ctrl+C, and errors that never tear down a pipeline of many files.</summary>
public abstract class VhdxCmdlet : PSCmdlet, IDisposable
{
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Set when the user presses Ctrl+C or the pipeline is stopped.</summary>
    private protected CancellationToken StopToken => _stop.Token;

    /// <summary>
    /// Whether ShouldProcess has not asked for this command's own impact, though the user wants to be asked for one of High: an attribute
    /// knows one impact only, and some of what a command does may have a higher one.
    /// </summary>
    private protected bool IsHighImpactUnasked
    {
        get
        {
            // A function that sets the preference for itself gets a plain variable, which may hold the name or the number.
            object? preference = GetVariableValue("ConfirmPreference");
            return !MyInvocation.BoundParameters.ContainsKey("Confirm")
                && (!LanguagePrimitives.TryConvertTo(preference, out ConfirmImpact impact) || impact == ConfirmImpact.High);
        }
    }

    /// <inheritdoc/>
    protected override void StopProcessing() => _stop.Cancel();

    /// <inheritdoc/>
    public void Dispose()
    {
        _stop.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Does the work for one path; an error of the library becomes a non-terminating error with the path as target.</summary>
    private protected void ForPath(string path, Action work)
    {
        try
        {
            work();
        }
        catch (VhdxException exception)
        {
            WriteError(ErrorRecords.Of(exception, path));
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            throw new PipelineStoppedException();
        }
        catch (OutOfMemoryException exception)
        {
            // What this file needed is free again: there may be enough for the next one.
            WriteError(ErrorRecords.Of(new VhdxException(ErrorIds.OutOfMemory, ErrorKind.LimitExceeded, $"'{path}': there is not enough memory for this.", exception), path));
        }
        catch (Exception exception) when (exception is ArgumentException or ArithmeticException or IndexOutOfRangeException or System.IO.IOException or UnauthorizedAccessException)
        {
            // A fault of ours must not stop the work on the other files; its type and place go along for the report.
            WriteError(ErrorRecords.Of(new VhdxException(ErrorIds.UnexpectedError, ErrorKind.Unexpected, $"'{path}': an error of the module itself: {exception.Message}", exception), path));
        }
    }

    /// <summary>Ends the command with an error that is about the command and not about one of its paths.</summary>
    private protected void Fail(VhdxException exception, object? target) => ThrowTerminatingError(ErrorRecords.Of(exception, target));
}
