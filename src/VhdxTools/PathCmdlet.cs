using System.Collections.Generic;
using System.Management.Automation;

namespace VhdxTools;

/// <summary>Cmdlets that work on existing images, one after the other: paths with wildcards, literal paths, pipeline input.</summary>
public abstract class PathCmdlet : VhdxCmdlet
{
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";

    /// <summary>Paths of images; wildcards are allowed.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("FullName")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>Paths of images, taken to the letter.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        PathResolver resolver = new(this);
        bool isLiteral = ParameterSetName == LiteralPathSet;
        foreach (string path in isLiteral ? LiteralPath : Path)
        {
            IReadOnlyList<string> files = [];
            ForPath(path, () => files = isLiteral ? [resolver.Literal(path)] : resolver.Wildcard(path));
            foreach (string file in files)
            {
                ForPath(file, () => Process(file));
            }
        }
    }

    /// <summary>Does what the cmdlet is for with one image.</summary>
    private protected abstract void Process(string path);
}
