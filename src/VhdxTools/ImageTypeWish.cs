using System.Collections.Generic;
using System.Linq;

namespace VhdxTools;

/// <summary>The type of a new image from -Type and the switches of New-VHD.</summary>
internal static class ImageTypeWish
{
    /// <param name="type">-Type, or null when it is not given.</param>
    /// <param name="isDynamic">-Dynamic.</param>
    /// <param name="isFixed">-Fixed.</param>
    /// <param name="isDifferencing">-Differencing.</param>
    /// <returns>The type that was asked for, or null when none was.</returns>
    /// <exception cref="VhdxException">The wishes contradict each other.</exception>
    public static VhdType? Of(VhdType? type, bool isDynamic, bool isFixed, bool isDifferencing)
    {
        List<VhdType> wishes = [];
        AddIf(type is not null, type ?? VhdType.Unknown);
        AddIf(isDynamic, VhdType.Dynamic);
        AddIf(isFixed, VhdType.Fixed);
        AddIf(isDifferencing, VhdType.Differencing);
        return wishes.Distinct().ToList() switch
        {
            [] => null,
            [VhdType wish] => wish,
            var several => throw new VhdxException(
                ErrorIds.ContradictingParameters,
                ErrorKind.InvalidArgument,
                $"An image has one type: {string.Join(" and ", several)} contradict each other."),
        };

        void AddIf(bool isGiven, VhdType wish)
        {
            if (isGiven)
            {
                wishes.Add(wish);
            }
        }
    }
}
