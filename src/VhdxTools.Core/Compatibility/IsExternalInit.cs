#if NET
namespace System.Runtime.CompilerServices;

/// <summary>
/// The marker behind <c>init</c> accessors. The cmdlet assembly is compiled against the netstandard2.0 build, where this type
/// lives in our assembly: without the same type here its calls of init accessors would be missing methods on .NET 10.
/// </summary>
internal static class IsExternalInit
{
}
#endif
