using Xunit;

namespace VhdxTools.Core.Tests.Disks;

/// <summary>Tests that nothing else may run beside.</summary>
[CollectionDefinition(nameof(EngineAloneCollection), DisableParallelization = true)]
public class EngineAloneCollection;
