using Npgsql;
using NpgsqlTypes;
using Orderly.Server.Database;

namespace Orderly.Server.Privacy;

/// <summary>
/// Encrypts what an older server stored in the clear. The log's commitments to it stay true: the salt that they were
/// made with goes into the box, before the data, since beside it anybody could try out guesses.
/// </summary>
internal sealed class SealStore(WriteDataSource database, PersonalVault vault)
{
    private const int BatchSizeMax = 500;

    private const string SelectInTheClear =
        """
        select r.order_id, r.version, r.personal_salt, r.personal
        from revisions r
        where substring(r.personal from 1 for 1) = '\x7b'
        order by r.order_id, r.version
        limit $1
        """;

    private const string SelectKeys =
        """
        select k.order_id, int4send(k.kek_version) || k.wrapped
        from order_keys k
        where k.order_id = any ($1)
        """;

    private const string InsertKeys =
        """
        insert into order_keys (order_id, kek_version, wrapped)
        select w.order_id, w.kek_version, w.wrapped
        from unnest($1, $2, $3) as w (order_id, kek_version, wrapped)
        """;

    private const string LockOrders =
        "select o.order_id from orders o where o.order_id = any ($1) order by o.order_id for update";

    /// <summary>The order gets what its newest version has.</summary>
    private const string UpdateOrders =
        """
        update orders o
        set personal = w.personal
        from unnest($1, $2, $3) as w (order_id, version, personal)
        where o.order_id = any ($1) and o.order_id = w.order_id and o.version = w.version
            and o.personal is not null
        """;

    private const string UpdateRevisions =
        """
        update revisions r
        set personal = w.personal, personal_salt = null
        from unnest($1, $2, $3) as w (order_id, version, personal)
        where r.order_id = any ($1) and r.order_id = w.order_id and r.version = w.version
        """;

    private sealed record ClearRow(Guid OrderId, int Version, byte[] Salt, byte[] Json);

    private sealed record SealedRow(Guid OrderId, int Version, byte[] Box);

    /// <summary>Returns how many versions were in the clear.</summary>
    public async Task<long> SealAsync(Action<long> progress, CancellationToken stop)
    {
        long total = 0;
        await using var connection = await database.Source.OpenConnectionAsync(stop);
        while (await SealBatchAsync(connection, stop) is var count and > 0)
        {
            total += count;
            progress(total);
        }

        return total;
    }

    private async Task<int> SealBatchAsync(NpgsqlConnection connection, CancellationToken stop)
    {
        await using var transaction = await connection.BeginTransactionAsync(stop);
        var clear = await ReadAsync(connection, stop);
        Guid[] orderIds = [.. clear.Select(row => row.OrderId).Distinct()];
        var ids = Parameters.Column(orderIds, NpgsqlDbType.Uuid, id => id);
        await ExecuteAsync(connection, LockOrders, [ids], stop);
        var keys = await FindKeysAsync(connection, orderIds, stop);
        var boxes = new List<SealedRow>(clear.Count);
        foreach (var row in clear)
        {
            var dataKey = await vault.UnwrapAsync(row.OrderId, keys[row.OrderId])
                ?? throw new UnreadableKeyException(row.OrderId);
            boxes.Add(new SealedRow(row.OrderId, row.Version, PersonalVault.Seal(
                dataKey, row.OrderId, PersonalVault.FormatWithSalt, [.. row.Salt, .. row.Json])));
        }

        await ExecuteAsync(connection, UpdateOrders, ColumnsOf(boxes), stop);
        await ExecuteAsync(connection, UpdateRevisions, ColumnsOf(boxes), stop);
        await transaction.CommitAsync(stop);
        return clear.Count;
    }

    /// <summary>The data keys of these orders, made where there are none.</summary>
    private async Task<Dictionary<Guid, WrappedKey>> FindKeysAsync(
        NpgsqlConnection connection, Guid[] orderIds, CancellationToken stop)
    {
        var keys = new Dictionary<Guid, WrappedKey>();
        await using (var command = new NpgsqlCommand(SelectKeys, connection))
        {
            command.Parameters.Add(Parameters.Column(orderIds, NpgsqlDbType.Uuid, id => id));
            await using var reader = await command.ExecuteReaderAsync(stop);
            while (await reader.ReadAsync(stop))
            {
                keys[reader.GetGuid(0)] = WrappedKey.Read(reader.GetFieldValue<byte[]>(1));
            }
        }

        var made = new List<OrderKey>();
        foreach (var id in orderIds.Where(id => !keys.ContainsKey(id)))
        {
            var (_, wrapped) = await vault.NewKeyAsync(id);
            keys[id] = wrapped;
            made.Add(new OrderKey(id, wrapped));
        }

        await ExecuteAsync(
            connection, InsertKeys,
            [
                Parameters.Column(made, NpgsqlDbType.Uuid, key => key.OrderId),
                Parameters.Column(made, NpgsqlDbType.Integer, key => key.Key.Version),
                Parameters.Column(made, NpgsqlDbType.Bytea, key => key.Key.Bytes),
            ],
            stop);
        return keys;
    }

    private static async Task<List<ClearRow>> ReadAsync(NpgsqlConnection connection, CancellationToken stop)
    {
        await using var command = new NpgsqlCommand(SelectInTheClear, connection);
        command.Parameters.Add(Parameters.Of(BatchSizeMax));
        await using var reader = await command.ExecuteReaderAsync(stop);
        var rows = new List<ClearRow>();
        while (await reader.ReadAsync(stop))
        {
            rows.Add(new ClearRow(
                reader.GetGuid(0), reader.GetInt32(1), reader.GetFieldValue<byte[]>(2),
                reader.GetFieldValue<byte[]>(3)));
        }

        return rows;
    }

    private static NpgsqlParameter[] ColumnsOf(IReadOnlyList<SealedRow> rows) =>
    [
        Parameters.Column(rows, NpgsqlDbType.Uuid, row => row.OrderId),
        Parameters.Column(rows, NpgsqlDbType.Integer, row => row.Version),
        Parameters.Column(rows, NpgsqlDbType.Bytea, row => row.Box),
    ];

    private static async Task ExecuteAsync(
        NpgsqlConnection connection, string sql, NpgsqlParameter[] parameters, CancellationToken stop)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.AddRange(parameters);
        await command.ExecuteNonQueryAsync(stop);
    }
}
