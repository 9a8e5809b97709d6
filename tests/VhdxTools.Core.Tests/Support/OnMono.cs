using System;

namespace VhdxTools.Core.Tests.Support;

/// <summary>Where the stand-in for .NET Framework shows neither what that does nor what .NET does.</summary>
internal static class OnMono
{
    public const string Reason = "Mono has its own way with files, which neither .NET nor .NET Framework has.";

    public static bool Is { get; } = Type.GetType("Mono.Runtime") is not null;
}
