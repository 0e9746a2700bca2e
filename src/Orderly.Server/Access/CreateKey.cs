using Orderly.Server.Database;
using Orderly.Server.Http;

namespace Orderly.Server.Access;

/// <summary>Makes a key. Its secret is in the answer and nowhere else.</summary>
internal sealed class CreateKey(KeyTransaction transaction, Ids ids)
{
    public Task<Result<KeyAnswer>> RunAsync(KeyWrite write, KeyInput input) =>
        transaction.RunAsync(write, StatusCodes.Status201Created, async (session, now) =>
        {
            if (input.Wanted is { } wanted && KeyRules.RefuseGrant(wanted, write.Caller) is { } refusal)
            {
                return refusal;
            }

            if (input.Create(ids.Next().ToString("D"), write.Caller, now).IsRefused(out var problem, out var key))
            {
                return problem;
            }

            var secret = KeyText.Generate();
            await KeyWriteStore.InsertAsync(session, key);
            await KeyWriteStore.AddSecretAsync(session, key.Id, KeyRing.DigestOf(secret), now);
            return new KeyWritten(key, secret, new AuditNote(
                ids.Next(), AuditTypes.KeyCreated, write.Caller.KeyId, key.Team, key.Id,
                AuditTypes.Detail(
                    ("name", key.Name), ("role", key.Role), ("scopes", key.Scopes),
                    ("reach", key.ReachesAllTeams ? KeyInput.ReachAll : KeyInput.ReachTeam))));
        });
}
