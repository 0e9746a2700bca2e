using System.Collections.Frozen;
using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Orderly.Contract.Access;
using Orderly.Server.Database;

namespace Orderly.Server.Access;

/// <summary>Where a page of the list of keys goes on: behind this key.</summary>
internal sealed record KeyPosition(DateTime CreatedAt, string Id);

/// <summary>Reads API keys, and puts in the first one. Changes are in <see cref="KeyWriteStore"/>.</summary>
internal sealed class KeyStore(ReadDataSource reads, WriteDataSource writes)
{
    private const string BootstrapTeam = "internal";

    internal const string Columns =
        """
        k.key_id, k.version, k.name, k.team, k.role, k.scopes, k.reach = 'all', k.expires_at, k.allowed_cidrs,
            k.rate_limit, k.created_at, k.created_by, k.updated_at, k.last_used_at, k.revoked_at,
            (select max(s.expires_at) from key_secrets s where s.key_id = k.key_id and s.expires_at > now()), now()
        """;

    private const string SelectByDigest =
        """
        select k.key_id, k.team, k.role, k.scopes, k.reach = 'all', s.digest, k.allowed_cidrs, k.rate_limit,
            least(k.expires_at, s.expires_at) - now()
        from key_secrets s
        join keys k on k.key_id = s.key_id
        where s.digest = $1
            and (s.expires_at is null or s.expires_at > now())
            and (k.expires_at is null or k.expires_at > now())
            and k.revoked_at is null
        """;

    private const string SelectOne = $"select {Columns} from keys k where k.key_id = $1 and ($2 or k.team = $3)";

    /// <summary>Of every team or of one; without the revoked ones, with them, or them alone.</summary>
    private const string IsListed =
        "($1 or k.team = $2) and (k.revoked_at is null or $3) and (k.revoked_at is not null or $4)";

    private const string SelectPage =
        $"""
        select {Columns}
        from keys k
        where {IsListed} and (k.created_at, k.key_id) < ($5, $6)
        order by k.created_at desc, k.key_id desc
        limit $7
        """;

    private const string CountListed = $"select count(*) from keys k where {IsListed}";

    private const string SelectDigests = "select digest from key_secrets where key_id = $1";

    /// <summary>Who configures the service may always get in: what had been revoked is valid again.</summary>
    private const string UpsertKey =
        """
        insert into keys (key_id, name, team, role, scopes, reach, created_at, created_by)
        values ($1, $1, $2, $3, $4, 'all', now(), $1)
        on conflict on constraint keys_pkey do update
        set scopes = excluded.scopes, role = excluded.role, reach = excluded.reach, expires_at = null,
            allowed_cidrs = null, revoked_at = null
        """;

    private const string DeleteOtherSecrets = "delete from key_secrets where key_id = $1 and digest <> $2";

    private const string InsertSecret =
        """
        insert into key_secrets (key_id, digest, created_at) values ($1, $2, now())
        on conflict on constraint key_secrets_pkey do nothing
        """;

    /// <summary>At most once a minute, whichever server it was used at.</summary>
    private const string UpdateLastUsed =
        """
        update keys set last_used_at = now()
        where key_id = any ($1) and (last_used_at is null or last_used_at <= now() - interval '1 minute')
        """;

    /// <summary>The valid key whose secret has this SHA-256, or null.</summary>
    public async Task<KnownKey?> FindAsync(byte[] digest, CancellationToken stop)
    {
        return await reads.LookUpAsync(
            SelectByDigest, parameters => parameters.Add(Parameters.Of(digest)),
            async reader => await reader.ReadAsync(stop) ? ReadKnown(reader) : null, stop);
    }

    /// <summary>The key with this id, revoked or not; null where the caller may not see one.</summary>
    public Task<ApiKey?> FindAsync(string id, string? onlyTeam, CancellationToken stop) => reads.LookUpAsync(
        SelectOne, parameters => AddOne(parameters, id, onlyTeam),
        async reader => await reader.ReadAsync(stop) ? Read(reader) : null, stop);

    /// <summary>The same, as the transaction on this connection sees it.</summary>
    public static async Task<ApiKey?> FindAsync(
        DatabaseSession session, string id, string? onlyTeam, CancellationToken stop)
    {
        await using var command = new NpgsqlCommand(SelectOne, session.Connection);
        AddOne(command.Parameters, id, onlyTeam);
        await using var reader = await command.ExecuteReaderAsync(stop);
        return await reader.ReadAsync(stop) ? Read(reader) : null;
    }

    private static void AddOne(NpgsqlParameterCollection parameters, string id, string? onlyTeam)
    {
        parameters.Add(Parameters.Of(id));
        parameters.Add(Parameters.Of(onlyTeam is null));
        parameters.Add(Parameters.Of(onlyTeam));
    }

    /// <summary>Keys, the newest first.</summary>
    /// <param name="revoked">false: without the revoked ones; true: them alone; null: all.</param>
    public Task<List<ApiKey>> ListAsync(
        int count, KeyPosition? after, string? onlyTeam, bool? revoked, CancellationToken stop) =>
        reads.LookUpAllAsync(
            SelectPage,
            parameters =>
            {
                AddFilter(parameters, onlyTeam, revoked);
                parameters.Add(Parameters.Of(after?.CreatedAt ?? Parameters.EndOfTime));
                parameters.Add(Parameters.Of(after?.Id ?? ""));
                parameters.Add(Parameters.Of(count));
            },
            Read, stop);

    /// <summary>How many keys there are in all.</summary>
    public async Task<long> CountAsync(string? onlyTeam, bool? revoked, CancellationToken stop) =>
        (await reads.LookUpAllAsync(
            CountListed, parameters => AddFilter(parameters, onlyTeam, revoked), row => row.GetInt64(0), stop))[0];

    private static void AddFilter(NpgsqlParameterCollection parameters, string? onlyTeam, bool? revoked)
    {
        parameters.Add(Parameters.Of(onlyTeam is null));
        parameters.Add(Parameters.Of(onlyTeam));
        parameters.Add(Parameters.Of(revoked is not false));
        parameters.Add(Parameters.Of(revoked is not true));
    }

    /// <summary>The SHA-256 of each of the bootstrap key's secrets; none where there is no such key.</summary>
    public Task<List<byte[]>> ListBootstrapDigestsAsync(CancellationToken stop) => reads.LookUpAllAsync(
        SelectDigests, parameters => parameters.Add(Parameters.Of(ApiKey.BootstrapId)),
        row => row.GetFieldValue<byte[]>(0), stop);

    /// <summary>Makes the secret with this digest the bootstrap key's only one.</summary>
    public async Task SetBootstrapKeyAsync(byte[] digest, CancellationToken stop)
    {
        await using var connection = await writes.Source.OpenConnectionAsync(stop);
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new NpgsqlBatchCommand(UpsertKey)
        {
            Parameters =
            {
                Parameters.Of(ApiKey.BootstrapId), Parameters.Of(BootstrapTeam), Parameters.Of(Roles.Admin),
                Parameters.Column(Scopes.All, NpgsqlDbType.Text, scope => scope),
            },
        });
        batch.BatchCommands.Add(new NpgsqlBatchCommand(DeleteOtherSecrets)
        {
            Parameters = { Parameters.Of(ApiKey.BootstrapId), Parameters.Of(digest) },
        });
        batch.BatchCommands.Add(new NpgsqlBatchCommand(InsertSecret)
        {
            Parameters = { Parameters.Of(ApiKey.BootstrapId), Parameters.Of(digest) },
        });
        await batch.ExecuteNonQueryAsync(stop);
    }

    /// <summary>Notes that these keys were used just now.</summary>
    public async Task RecordUseAsync(IReadOnlyList<string> keyIds, CancellationToken stop)
    {
        await using var command = writes.Source.CreateCommand(UpdateLastUsed);
        command.Parameters.Add(Parameters.Column(keyIds, NpgsqlDbType.Text, id => id));
        await command.ExecuteNonQueryAsync(stop);
    }

    /// <summary>Limits as they are stored: the JSON that callers see.</summary>
    internal static string? TextOf(KeyRateLimit? limit) => limit is null ? null : JsonSerializer.Serialize(limit);

    private static KeyRateLimit? ReadRateLimit(NpgsqlDataReader row, int at) =>
        row.IsDBNull(at) ? null : JsonSerializer.Deserialize<KeyRateLimit>(row.GetString(at));

    /// <summary>A role means what it means in this version; the stored scopes are for versions before it.</summary>
    private static IReadOnlyList<string> ReadScopes(NpgsqlDataReader row, int at) =>
        (row.IsDBNull(at) ? null : Roles.ScopesOf(row.GetString(at))) ?? row.GetFieldValue<string[]>(at + 1);

    private static KnownKey ReadKnown(NpgsqlDataReader row) => new(
        new Caller(
            row.GetString(0), row.GetString(1), ReadScopes(row, 2).ToFrozenSet(StringComparer.Ordinal),
            row.GetBoolean(4)),
        row.GetFieldValue<byte[]>(5),
        AllowedNetworks.Of(row.IsDBNull(6) ? null : row.GetFieldValue<string[]>(6)),
        ReadRateLimit(row, 7),
        row.IsDBNull(8) ? null : row.GetTimeSpan(8));

    private static ApiKey Read(NpgsqlDataReader row) => new()
    {
        Id = row.GetString(0),
        Version = row.GetInt32(1),
        Name = row.GetString(2),
        Team = row.GetString(3),
        Role = row.IsDBNull(4) ? null : row.GetString(4),
        Scopes = ReadScopes(row, 4),
        ReachesAllTeams = row.GetBoolean(6),
        ExpiresAt = InstantOrNull(row, 7),
        AllowedCidrs = row.IsDBNull(8) ? null : row.GetFieldValue<string[]>(8),
        RateLimit = ReadRateLimit(row, 9),
        CreatedAt = row.GetDateTime(10),
        CreatedBy = row.GetString(11),
        UpdatedAt = row.GetDateTime(12),
        LastUsedAt = InstantOrNull(row, 13),
        RevokedAt = InstantOrNull(row, 14),
        PreviousSecretExpiresAt = InstantOrNull(row, 15),
        ReadAt = row.GetDateTime(16),
    };

    private static DateTime? InstantOrNull(NpgsqlDataReader row, int at) =>
        row.IsDBNull(at) ? null : row.GetDateTime(at);
}
