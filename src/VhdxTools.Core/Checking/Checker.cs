using System;
using System.Collections.Generic;
using System.Threading;
using VhdxTools.Diagnostics;
using VhdxTools.Images;
using VhdxTools.IO;

namespace VhdxTools.Checking;

/// <summary>Checks an image and the chain of its parents. Findings come as they are found; nothing is ever changed.</summary>
/// <param name="skipParent">Whether only the file itself is checked.</param>
/// <param name="progress">Gets the file at work, and entries of its BAT done and in all.</param>
internal sealed class Checker(bool skipParent, Action<string, long, long>? progress = null)
{
    /// <summary>Chains are followed so far; longer ones are reported.</summary>
    public const int MaximumDepth = 1024;

    /// <summary>Findings that are no errors wait for the first error, which may mean that the file has to be read again; so many at the most.</summary>
    private const int MaximumKept = 256;

    /// <summary>All findings: those of each file from the tip to the base, then those of the links between them.</summary>
    /// <exception cref="VhdxException">The file itself cannot be opened, or is no VHDX.</exception>
    public IEnumerable<VhdxFinding> Check(string path, CancellationToken cancellation = default)
    {
        List<VhdxFinding> links = [];
        List<string> chain = [];
        (string Path, IRandomAccessFile File)? next = (path, OsFile.OpenRead(path));
        for (int reads = 1; next is (string current, IRandomAccessFile file); reads++)
        {
            BusyFile before = BusyFile.Now(current);
            CollectingSink sink = new();
            using VhdxFile image = VhdxFile.Open(file, sink);
            List<VhdxFinding> kept = [];
            bool isToBeReadAgain = false;
            bool isTold = false;
            foreach (VhdxFinding finding in new FileChecker(image, sink, Report(current)).Check(current, cancellation))
            {
                bool isError = finding.Severity == FindingSeverity.Error;
                isToBeReadAgain = isError && !isTold && before.IsToBeReadAgain(reads);
                if (isToBeReadAgain)
                {
                    break;
                }

                kept.Add(finding);
                isTold |= isError || kept.Count == MaximumKept;
                if (isTold)
                {
                    foreach (VhdxFinding known in kept)
                    {
                        yield return known;
                    }

                    kept.Clear();
                }
            }

            if (isToBeReadAgain)
            {
                next = (current, OsFile.OpenRead(current));
                continue;
            }

            foreach (VhdxFinding known in kept)
            {
                yield return known;
            }

            chain.Add(current);
            reads = 0;
            next = skipParent || image.ParentLocator is null ? null : LinkChecker.Follow(image, current, chain, links);
        }

        foreach (VhdxFinding finding in links)
        {
            yield return finding;
        }
    }

    private Action<long, long>? Report(string path) => progress is null ? null : (done, total) => progress(path, done, total);
}
