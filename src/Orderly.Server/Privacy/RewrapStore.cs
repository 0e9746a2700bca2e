using Npgsql;
using NpgsqlTypes;
using Orderly.Server.Database;

namespace Orderly.Server.Privacy;

/// <summary>The data key of an order.</summary>
internal sealed record OrderKey(Guid OrderId, WrappedKey Key);

/// <summary>Reads data keys that are wrapped with an old key-encryption key, and puts them back wrapped anew.</summary>
internal sealed class RewrapStore(WriteDataSource database)
{
    private const string SelectOld =
        """
        select k.order_id, k.kek_version, k.wrapped
        from order_keys k
        where k.kek_version < $1 and (k.kek_version, k.order_id) > ($2, $3)
        order by k.kek_version, k.order_id
        limit $4
        """;

    /// <summary>One that was destroyed, or made anew, meanwhile is left alone.</summary>
    private const string UpdateKeys =
        """
        update order_keys k
        set kek_version = $4, wrapped = w.wrapped
        from unnest($1, $2, $3) as w (order_id, wrapped, old)
        where k.order_id = any ($1) and k.order_id = w.order_id and k.wrapped = w.old
        """;

    /// <summary>Those behind a key that are wrapped with an older version than this.</summary>
    public async Task<List<OrderKey>> ListOldAsync(int version, OrderKey? after, int count, CancellationToken stop)
    {
        await using var command = database.Source.CreateCommand(SelectOld);
        command.Parameters.Add(Parameters.Of(version));
        command.Parameters.Add(Parameters.Of(after?.Key.Version ?? 0));
        command.Parameters.Add(Parameters.Of(after?.OrderId ?? Guid.Empty));
        command.Parameters.Add(Parameters.Of(count));
        await using var reader = await command.ExecuteReaderAsync(stop);
        var keys = new List<OrderKey>(count);
        while (await reader.ReadAsync(stop))
        {
            keys.Add(new OrderKey(
                reader.GetGuid(0), new WrappedKey(reader.GetInt32(1), reader.GetFieldValue<byte[]>(2))));
        }

        return keys;
    }

    /// <summary>Returns how many were replaced.</summary>
    public async Task<int> ReplaceAsync(
        IReadOnlyList<(OrderKey Old, WrappedKey New)> keys, int version, CancellationToken stop)
    {
        await using var command = database.Source.CreateCommand(UpdateKeys);
        command.Parameters.Add(Parameters.Column(keys, NpgsqlDbType.Uuid, key => key.Old.OrderId));
        command.Parameters.Add(Parameters.Column(keys, NpgsqlDbType.Bytea, key => key.New.Bytes));
        command.Parameters.Add(Parameters.Column(keys, NpgsqlDbType.Bytea, key => key.Old.Key.Bytes));
        command.Parameters.Add(Parameters.Of(version));
        return await command.ExecuteNonQueryAsync(stop);
    }
}
