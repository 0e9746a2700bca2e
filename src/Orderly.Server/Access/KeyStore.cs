using System.Collections.Frozen;
using Npgsql;
using NpgsqlTypes;
using Orderly.Server.Database;

namespace Orderly.Server.Access;

/// <summary>A key whose secret has a digest, and the digest itself.</summary>
internal sealed record StoredKey(Caller Caller, byte[] Digest);

/// <summary>Reads and writes API keys. Only digests of secrets are ever stored.</summary>
internal sealed class KeyStore(ReadDataSource reads, WriteDataSource writes)
{
    /// <summary>The key that configuration brings along: the first administrator.</summary>
    public const string BootstrapKeyId = "bootstrap";
    private const string BootstrapTeam = "internal";

    private const string SelectByDigest =
        """
        select k.key_id, k.team, k.scopes, k.reach = 'all', s.digest
        from key_secrets s
        join keys k on k.key_id = s.key_id
        where s.digest = $1
            and (s.expires_at is null or s.expires_at > now())
            and k.revoked_at is null
        """;

    private const string SelectSecretExists = "select exists (select from key_secrets where key_id = $1)";

    private const string UpsertKey =
        """
        insert into keys (key_id, name, team, scopes, reach, created_at, created_by)
        values ($1, $1, $2, $3, 'all', now(), $1)
        on conflict on constraint keys_pkey do update set scopes = excluded.scopes
        """;

    private const string DeleteOtherSecrets = "delete from key_secrets where key_id = $1 and digest <> $2";

    private const string InsertSecret =
        """
        insert into key_secrets (key_id, digest, created_at) values ($1, $2, now())
        on conflict on constraint key_secrets_pkey do nothing
        """;

    /// <summary>The valid key whose secret has this SHA-256, or null.</summary>
    public async Task<StoredKey?> FindAsync(byte[] digest, CancellationToken stop)
    {
        return await reads.LookUpAsync(
            SelectByDigest, parameters => parameters.Add(Parameters.Of(digest)),
            async reader => await reader.ReadAsync(stop)
                ? new StoredKey(
                    new Caller(
                        reader.GetString(0), reader.GetString(1),
                        reader.GetFieldValue<string[]>(2).ToFrozenSet(StringComparer.Ordinal), reader.GetBoolean(3)),
                    reader.GetFieldValue<byte[]>(4))
                : null,
            stop);
    }

    /// <summary>Whether there is a bootstrap key in this database.</summary>
    public async Task<bool> HasBootstrapKeyAsync(CancellationToken stop)
    {
        await using var command = reads.Source.CreateCommand(SelectSecretExists);
        command.Parameters.Add(Parameters.Of(BootstrapKeyId));
        return (bool)(await command.ExecuteScalarAsync(stop))!;
    }

    /// <summary>Makes the secret with this digest the bootstrap key's only one.</summary>
    public async Task SetBootstrapKeyAsync(byte[] digest, CancellationToken stop)
    {
        await using var connection = await writes.Source.OpenConnectionAsync(stop);
        await using var batch = new NpgsqlBatch(connection);
        string[] scopes = [.. Scopes.All];
        batch.BatchCommands.Add(new NpgsqlBatchCommand(UpsertKey)
        {
            Parameters =
            {
                Parameters.Of(BootstrapKeyId), Parameters.Of(BootstrapTeam),
                Parameters.Column(scopes, NpgsqlDbType.Text, scope => scope),
            },
        });
        batch.BatchCommands.Add(new NpgsqlBatchCommand(DeleteOtherSecrets)
        {
            Parameters = { Parameters.Of(BootstrapKeyId), Parameters.Of(digest) },
        });
        batch.BatchCommands.Add(new NpgsqlBatchCommand(InsertSecret)
        {
            Parameters = { Parameters.Of(BootstrapKeyId), Parameters.Of(digest) },
        });
        await batch.ExecuteNonQueryAsync(stop);
    }
}
