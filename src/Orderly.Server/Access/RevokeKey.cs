using Orderly.Server.Configuration;
using Orderly.Server.Database;
using Orderly.Server.Http;

namespace Orderly.Server.Access;

/// <summary>
/// Ends a key for good, on every server within a second. What it wrote keeps naming it, so its record stays.
/// </summary>
internal sealed class RevokeKey(KeyTransaction transaction, ServerSettings settings, Ids ids)
{
    public Task<Result<KeyAnswer>> RunAsync(KeyWrite write) =>
        transaction.RunAsync(write, StatusCodes.Status204NoContent, async (session, now) =>
        {
            if ((await KeyRules.FindAsync(session, write)).IsRefused(out var absent, out var current))
            {
                return absent;
            }

            if (current.Id is ApiKey.BootstrapId && settings.BootstrapKey is not null)
            {
                return KeyRules.Configured();
            }

            var next = KeyRules.Next(current, current with { RevokedAt = now }, now);
            if (await KeyRules.RefuseLockOutAsync(session, current, next) is { } lockOut)
            {
                return lockOut;
            }

            await KeyWriteStore.UpdateAsync(session, next);
            return new KeyWritten(next, Secret: null, new AuditNote(
                ids.Next(), AuditTypes.KeyRevoked, write.Caller.KeyId, next.Team, next.Id,
                AuditTypes.Detail(("name", next.Name))));
        });
}
