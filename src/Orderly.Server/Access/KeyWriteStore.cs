using Npgsql;
using NpgsqlTypes;
using Orderly.Server.Database;

namespace Orderly.Server.Access;

/// <summary>
/// Changes API keys, each statement in a transaction that its caller holds and that begins with the lock: changes of
/// keys are rare, and what must hold between keys (one that can manage the others) then simply holds.
/// </summary>
internal static class KeyWriteStore
{
    private const long LockKey = 0x6f_72_64_65_72_6c_79_02;

    /// <summary>
    /// Its own statement: what the next ones see must have begun after the lock was had. PostgreSQL ends a transaction
    /// that it hears nothing of, so that a server that stands still does not keep the lock.
    /// </summary>
    private const string Lock =
        "select pg_advisory_xact_lock($1), set_config('idle_in_transaction_session_timeout', '5s', true)";

    private const string SelectNow = "select statement_timestamp()";

    private const string Insert =
        """
        insert into keys
            (key_id, version, name, team, role, scopes, reach, expires_at, allowed_cidrs, rate_limit, created_at,
             created_by, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        """;

    private const string Update =
        """
        update keys
        set version = $2, name = $3, role = $4, scopes = $5, reach = $6, expires_at = $7, allowed_cidrs = $8,
            rate_limit = $9, updated_at = $10, revoked_at = $11
        where key_id = $1
        """;

    private const string InsertSecret =
        "insert into key_secrets (key_id, digest, created_at) values ($1, $2, $3)";

    /// <summary>Whatever is on its way out already goes at once: a key never has more than its newest two.</summary>
    private const string DeletePassing = "delete from key_secrets where key_id = $1 and expires_at is not null";

    private const string LimitSecrets = "update key_secrets set expires_at = $2 where key_id = $1";

    private const string DeleteSecrets = "delete from key_secrets where key_id = $1";

    private const string SelectOtherAdministrator =
        """
        select exists (
            select from keys k
            where k.key_id <> $1 and k.revoked_at is null and k.expires_at is null and k.reach = 'all'
                and $2 = any (k.scopes)
                and exists (select from key_secrets s where s.key_id = k.key_id and s.expires_at is null))
        """;

    /// <summary>Waits until no other change of keys runs. Returns the database's clock after that.</summary>
    public static async Task<DateTime> LockAsync(DatabaseSession session)
    {
        await using var takeLock = new NpgsqlCommand(Lock, session.Connection);
        takeLock.Parameters.Add(Parameters.Of(LockKey));
        await takeLock.ExecuteNonQueryAsync();
        await using var clock = new NpgsqlCommand(SelectNow, session.Connection);
        return (DateTime)(await clock.ExecuteScalarAsync())!;
    }

    public static Task InsertAsync(DatabaseSession session, ApiKey key) => RunAsync(session, Insert,
    [
        Parameters.Of(key.Id), Parameters.Of(key.Version), Parameters.Of(key.Name), Parameters.Of(key.Team),
        .. Powers(key), Parameters.Of(key.CreatedAt), Parameters.Of(key.CreatedBy), Parameters.Of(key.UpdatedAt),
    ]);

    public static Task UpdateAsync(DatabaseSession session, ApiKey key) => RunAsync(session, Update,
    [
        Parameters.Of(key.Id), Parameters.Of(key.Version), Parameters.Of(key.Name), .. Powers(key),
        Parameters.Of(key.UpdatedAt), Instant(key.RevokedAt),
    ]);

    /// <summary>Gives a key its only or newest secret.</summary>
    public static Task AddSecretAsync(DatabaseSession session, string keyId, byte[] digest, DateTime now) => RunAsync(
        session, InsertSecret, [Parameters.Of(keyId), Parameters.Of(digest), Parameters.Of(now)]);

    /// <summary>Ends the newest secret at that time, and any before it at once.</summary>
    public static async Task EndSecretsAsync(DatabaseSession session, string keyId, DateTime? end)
    {
        if (end is not { } instant)
        {
            await RunAsync(session, DeleteSecrets, [Parameters.Of(keyId)]);
            return;
        }

        await RunAsync(session, DeletePassing, [Parameters.Of(keyId)]);
        await RunAsync(session, LimitSecrets, [Parameters.Of(keyId), Parameters.Of(instant)]);
    }

    /// <summary>Whether keys could be managed without this one, for as long as nobody changes that.</summary>
    public static async Task<bool> HasOtherAdministratorAsync(DatabaseSession session, string keyId)
    {
        await using var command = new NpgsqlCommand(SelectOtherAdministrator, session.Connection);
        command.Parameters.Add(Parameters.Of(keyId));
        command.Parameters.Add(Parameters.Of(Scopes.KeysManage));
        return (bool)(await command.ExecuteScalarAsync())!;
    }

    private static NpgsqlParameter[] Powers(ApiKey key) =>
    [
        Parameters.Of(key.Role),
        Parameters.Column(key.Scopes, NpgsqlDbType.Text, scope => scope),
        Parameters.Of(key.ReachesAllTeams ? KeyInput.ReachAll : KeyInput.ReachTeam),
        Instant(key.ExpiresAt),
        key.AllowedCidrs is { } networks
            ? Parameters.Column(networks, NpgsqlDbType.Text, network => network)
            : new NpgsqlParameter { Value = DBNull.Value, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text },
        Parameters.Of(KeyStore.TextOf(key.RateLimit)),
    ];

    private static NpgsqlParameter Instant(DateTime? value) => value is { } instant
        ? Parameters.Of(instant)
        : new NpgsqlParameter { Value = DBNull.Value, NpgsqlDbType = NpgsqlDbType.TimestampTz };

    private static async Task RunAsync(DatabaseSession session, string sql, NpgsqlParameter[] parameters)
    {
        await using var command = new NpgsqlCommand(sql, session.Connection);
        command.Parameters.AddRange(parameters);
        await command.ExecuteNonQueryAsync();
    }
}
