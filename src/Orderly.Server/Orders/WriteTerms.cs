using Orderly.Server.Changes;

namespace Orderly.Server.Orders;

/// <summary>The terms on which a caller wants a write.</summary>
/// <param name="IsDryRun">Everything is checked, and nothing stored.</param>
/// <param name="IsForced">The update window does not count this time.</param>
/// <param name="Reason">Why; the revision records it.</param>
/// <param name="Claim">The caller's Idempotency-Key; null where there is none.</param>
internal sealed record WriteTerms(bool IsDryRun, bool IsForced, string? Reason, IdempotencyClaim? Claim)
{
    public static readonly WriteTerms Plain = new(IsDryRun: false, IsForced: false, Reason: null, Claim: null);
}
