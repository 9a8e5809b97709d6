using System.Collections.Generic;

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
        VhdType? wish = null;
        List<string> names = [];
        Add(type is not null, type ?? VhdType.Unknown);
        Add(isDynamic, VhdType.Dynamic);
        Add(isFixed, VhdType.Fixed);
        Add(isDifferencing, VhdType.Differencing);
        return names.Count <= 1 ? wish : throw new VhdxException(
            ErrorIds.ContradictingParameters,
            ErrorKind.InvalidArgument,
            $"An image has one type: {string.Join(" and ", names)} contradict each other.");

        void Add(bool isGiven, VhdType given)
        {
            if (isGiven && !names.Contains(given.ToString()))
            {
                wish = given;
                names.Add(given.ToString());
            }
        }
    }
}
