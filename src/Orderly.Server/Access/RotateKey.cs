using Orderly.Server.Configuration;
using Orderly.Server.Database;
using Orderly.Server.Http;

namespace Orderly.Server.Access;

/// <summary>
/// Gives a key a new secret. The one before stays valid for an overlap, so that its holders can change over; one that
/// was on its way out already ends at once.
/// </summary>
internal sealed class RotateKey(KeyTransaction transaction, ServerSettings settings, Ids ids)
{
    public const int OverlapSecondsMax = 30 * 86_400;
    public const int OverlapSecondsDefault = 86_400;

    public Task<Result<KeyAnswer>> RunAsync(KeyWrite write, RotateInput input) => transaction.RunAsync(
        write, StatusCodes.Status200OK, (session, now) => RotateAsync(session, write, input, now));

    private async Task<Result<KeyWritten>> RotateAsync(
        DatabaseSession session, KeyWrite write, RotateInput input, DateTime now)
    {
        if ((await KeyRules.FindAsync(session, write)).IsRefused(out var absent, out var current))
        {
            return absent;
        }

        if (current.Id is ApiKey.BootstrapId && settings.BootstrapKey is not null)
        {
            return KeyRules.Configured();
        }

        if (input.Faults.ToProblem() is { } problem)
        {
            return problem;
        }

        if (KeyRules.RefuseGrant(KeyPowers.Of(current), write.Caller) is { } refusal)
        {
            return refusal;
        }

        DateTime? end = input.OverlapSeconds > 0 ? now.AddSeconds(input.OverlapSeconds) : null;
        var next = KeyRules.Next(current, current, now) with { PreviousSecretExpiresAt = end };
        var secret = KeyText.Generate();
        await KeyWriteStore.UpdateAsync(session, next);
        await KeyWriteStore.EndSecretsAsync(session, next.Id, end);
        await KeyWriteStore.AddSecretAsync(session, next.Id, KeyRing.DigestOf(secret), now);
        return new KeyWritten(next, secret, new AuditNote(
            ids.Next(), AuditTypes.KeyRotated, write.Caller.KeyId, next.Team, next.Id,
            AuditTypes.Detail(("overlapSeconds", input.OverlapSeconds))));
    }
}
