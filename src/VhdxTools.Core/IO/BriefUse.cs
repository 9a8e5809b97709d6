using System;
using System.Threading;

namespace VhdxTools.IO;

/// <summary>
/// Tries again for a moment what fails because a file is in use. A process that is just being started holds all files of this one, on Linux
/// until its program is loaded: also those that were closed meanwhile. Virus scanners do the like on Windows.
/// </summary>
internal static class BriefUse
{
    /// <summary>How long is waited, in milliseconds: first, and at the last of the attempts, each twice as long as the one before.</summary>
    private const int FirstWait = 10;
    private const int LastWait = 80;

    /// <exception cref="VhdxException">It failed for another reason, or the last time as well.</exception>
    public static T Outlast<T>(Func<T> work)
    {
        for (int wait = FirstWait; wait <= LastWait; wait *= 2)
        {
            try
            {
                return work();
            }
            catch (VhdxException exception) when (exception.Id == ErrorIds.FileInUse)
            {
                Thread.Sleep(wait);
            }
        }

        return work();
    }
}
