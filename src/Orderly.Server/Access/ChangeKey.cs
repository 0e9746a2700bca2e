using Orderly.Server.Database;
using Orderly.Server.Http;

namespace Orderly.Server.Access;

/// <summary>Merges a patch into a key (RFC 7396). Its secrets stay.</summary>
internal sealed class ChangeKey(KeyTransaction transaction, Ids ids)
{
    public Task<Result<KeyAnswer>> RunAsync(KeyWrite write, KeyInput input) =>
        transaction.RunAsync(write, StatusCodes.Status200OK, async (session, now) =>
        {
            if ((await KeyRules.FindAsync(session, write)).IsRefused(out var absent, out var current))
            {
                return absent;
            }

            if (input.Apply(current).IsRefused(out var problem, out var changed))
            {
                return problem;
            }

            var fields = changed.ChangedFields(current);
            if (fields.Count == 0)
            {
                return new KeyWritten(current, Secret: null, Note: null);
            }

            if (current.Id is ApiKey.BootstrapId)
            {
                return KeyRules.Configured();
            }

            if (KeyRules.RefuseGrant(KeyPowers.Of(changed), write.Caller) is { } refusal)
            {
                return refusal;
            }

            if (await KeyRules.RefuseLockOutAsync(session, current, changed) is { } lockOut)
            {
                return lockOut;
            }

            var next = KeyRules.Next(current, changed, now);
            await KeyWriteStore.UpdateAsync(session, next);
            return new KeyWritten(next, Secret: null, new AuditNote(
                ids.Next(), AuditTypes.KeyChanged, write.Caller.KeyId, next.Team, next.Id,
                AuditTypes.Detail(
                    ("changedFields", fields), ("role", next.Role), ("scopes", next.Scopes),
                    ("reach", next.ReachesAllTeams ? KeyInput.ReachAll : KeyInput.ReachTeam))));
        });
}
