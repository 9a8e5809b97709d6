using System;
using System.Linq;
using System.Management.Automation;
using System.Reflection;

namespace VhdxTools.Framework.Host;

/// <summary>Reflects over the cmdlets as PowerShell does before it runs the first: their parameters, types and attributes.</summary>
internal static class CmdletReport
{
    public static void Write(Assembly assembly)
    {
        foreach (Type type in assembly.GetExportedTypes())
        {
            // The attribute of PowerShellStandard keeps nothing; what the assembly says is in its metadata.
            CustomAttributeData? cmdlet = type.GetCustomAttributesData().SingleOrDefault(data => data.AttributeType == typeof(CmdletAttribute));
            if (cmdlet is null)
            {
                continue;
            }

            int parameters = 0;
            foreach (PropertyInfo property in type.GetProperties())
            {
                object[] attributes = property.GetCustomAttributes(true);
                parameters += attributes.OfType<ParameterAttribute>().Any() && property.PropertyType.IsVisible ? 1 : 0;
            }

            Console.WriteLine($"cmdlet {cmdlet.ConstructorArguments[0].Value}-{cmdlet.ConstructorArguments[1].Value} {parameters}");
        }
    }
}
