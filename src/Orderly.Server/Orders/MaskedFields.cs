using Orderly.Contract.Problems;
using Orderly.Server.Http;
using Orderly.Server.Privacy;

namespace Orderly.Server.Orders;

/// <summary>
/// What callers mean who see personal data masked and send it back: what they saw stands for what is stored, so that
/// an order can be read, changed and written back without losing what one may not see.
/// </summary>
internal static class MaskedFields
{
    /// <summary>The value that is meant. Part of a mask, or another one's, means nothing and is refused.</summary>
    /// <param name="member">The member of customer, or notes.</param>
    /// <param name="pointer">Where it stands in the request.</param>
    /// <param name="given">What the caller sent.</param>
    /// <param name="stored">What the order has.</param>
    /// <param name="faults">Takes the refusal.</param>
    public static string? Resolve(string member, string pointer, string? given, string? stored, Faults faults)
    {
        if (!PersonalMask.IsIn(given) || string.Equals(given, stored, StringComparison.Ordinal))
        {
            return given;
        }

        if (stored is not null && string.Equals(given, PersonalMask.Of(member, stored), StringComparison.Ordinal))
        {
            return stored;
        }

        faults.Add(ProblemCode.MaskedValue, pointer,
            $"\"{PersonalMask.Mark}\" stands for what is not shown. Send the value exactly as it was shown to keep "
            + "what is stored, or a new one.");
        return null;
    }
}
