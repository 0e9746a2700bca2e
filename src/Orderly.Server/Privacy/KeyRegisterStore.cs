using Npgsql;
using NpgsqlTypes;
using Orderly.Server.Database;

namespace Orderly.Server.Privacy;

/// <summary>What the database knows of the keys of the key file: which there were, and which are needed.</summary>
internal sealed class KeyRegisterStore(WriteDataSource database)
{
    private const string SelectFingerprints = "select f.version, f.fingerprint from key_fingerprints f";

    private const string InsertFingerprints =
        """
        insert into key_fingerprints (version, fingerprint)
        select w.kek_version, w.fingerprint
        from unnest($1, $2) as w (kek_version, fingerprint)
        on conflict on constraint key_fingerprints_pkey do nothing
        """;

    /// <summary>Each version once, by jumping along the index from one to the next.</summary>
    private const string SelectNeeded =
        """
        with recursive used (version) as (
            (select k.kek_version from order_keys k order by k.kek_version limit 1)
            union all
            select (
                select k.kek_version from order_keys k
                where k.kek_version > u.version order by k.kek_version limit 1)
            from used u
            where u.version is not null
        )
        select u.version from used u where u.version is not null
        """;

    /// <summary>Those that are stored, after these were added where there were none of their version.</summary>
    public async Task<Dictionary<int, byte[]>> RegisterAsync(
        IReadOnlyList<(int Version, byte[] Fingerprint)> fingerprints, CancellationToken stop)
    {
        await using var connection = await database.Source.OpenConnectionAsync(stop);
        await using (var insert = new NpgsqlCommand(InsertFingerprints, connection))
        {
            insert.Parameters.Add(Parameters.Column(fingerprints, NpgsqlDbType.Integer, entry => entry.Version));
            insert.Parameters.Add(Parameters.Column(fingerprints, NpgsqlDbType.Bytea, entry => entry.Fingerprint));
            await insert.ExecuteNonQueryAsync(stop);
        }

        return await ReadAsync(connection, stop);
    }

    public async Task<Dictionary<int, byte[]>> ListAsync(CancellationToken stop)
    {
        await using var connection = await database.Source.OpenConnectionAsync(stop);
        return await ReadAsync(connection, stop);
    }

    /// <summary>The versions that data keys are wrapped with.</summary>
    public async Task<List<int>> ListNeededAsync(CancellationToken stop)
    {
        await using var command = database.Source.CreateCommand(SelectNeeded);
        await using var reader = await command.ExecuteReaderAsync(stop);
        var versions = new List<int>();
        while (await reader.ReadAsync(stop))
        {
            versions.Add(reader.GetInt32(0));
        }

        return versions;
    }

    private static async Task<Dictionary<int, byte[]>> ReadAsync(NpgsqlConnection connection, CancellationToken stop)
    {
        await using var command = new NpgsqlCommand(SelectFingerprints, connection);
        await using var reader = await command.ExecuteReaderAsync(stop);
        var fingerprints = new Dictionary<int, byte[]>();
        while (await reader.ReadAsync(stop))
        {
            fingerprints[reader.GetInt32(0)] = reader.GetFieldValue<byte[]>(1);
        }

        return fingerprints;
    }
}
