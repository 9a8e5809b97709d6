using System;
using System.Management.Automation;

namespace VhdxTools;

/// <summary>An empty text is no value: a row of a table with an empty cell binds as if the column were not there.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class EmptyIsNullAttribute : ArgumentTransformationAttribute
{
    public override object? Transform(EngineIntrinsics engineIntrinsics, object inputData) =>
        (inputData is PSObject wrapped ? wrapped.BaseObject : inputData) is "" ? null : inputData;
}
