using Npgsql;
using NpgsqlTypes;
using Orderly.Server.Database;

namespace Orderly.Server.Privacy;

/// <summary>A data key that comes into the database with a write.</summary>
internal sealed record NewOrderKey(Guid OrderId, Guid WriteId, WrappedKey Key);

/// <summary>A write that erases what is personal of its order.</summary>
internal sealed record OrderErasure(Guid OrderId, Guid WriteId);

/// <summary>
/// The data keys of orders. They are written and destroyed in the transaction of the write that they belong to, and
/// only where that write was stored.
/// </summary>
internal sealed class OrderKeyStore(ReadDataSource database)
{
    /// <summary>Of an order <c>o</c> the wrapped data key, behind its version; looked for only where needed.</summary>
    public const string OfOrder =
        """
        case when o.personal is not null then (
            select int4send(k.kek_version) || k.wrapped from order_keys k where k.order_id = o.order_id) end
        """;

    /// <summary>The same of a version <c>r</c>.</summary>
    public const string OfRevision =
        """
        case when r.personal is not null then (
            select int4send(k.kek_version) || k.wrapped from order_keys k where k.order_id = r.order_id) end
        """;

    private const string SelectOne =
        "select int4send(k.kek_version) || k.wrapped from order_keys k where k.order_id = $1";

    private const string InsertKeys =
        """
        insert into order_keys (order_id, kek_version, wrapped)
        select w.order_id, w.kek_version, w.wrapped
        from unnest($1, $2, $3, $4) as w (order_id, write_id, kek_version, wrapped)
        join orders o on o.order_id = w.order_id and o.write_id = w.write_id
        where o.order_id = any ($1)
        on conflict on constraint order_keys_pkey do nothing
        """;

    private const string DestroyKeys =
        """
        delete from order_keys k
        using unnest($1, $2) as w (order_id, write_id)
        where k.order_id = any ($1) and k.order_id = w.order_id
            and w.write_id = (select o.write_id from orders o where o.order_id = k.order_id)
        """;

    /// <summary>The commitments stay, so that the log can be verified; without the salts they tell nothing.</summary>
    private const string EraseRevisions =
        """
        update revisions r
        set personal = null, personal_salt = null
        from unnest($1, $2) as w (order_id, write_id)
        where r.order_id = any ($1) and r.order_id = w.order_id and r.personal is not null
            and w.write_id = (select o.write_id from orders o where o.order_id = r.order_id)
        """;

    /// <summary>The data key of an order that may have one from an earlier version.</summary>
    public Task<WrappedKey?> FindAsync(Guid orderId) => database.LookUpAsync(
        SelectOne, parameters => parameters.Add(Parameters.Of(orderId)),
        async reader => await reader.ReadAsync() ? WrappedKey.Read(reader.GetFieldValue<byte[]>(0)) : null,
        CancellationToken.None);

    public static NpgsqlBatchCommand InsertCommand(IReadOnlyList<NewOrderKey> keys) => new(InsertKeys)
    {
        Parameters =
        {
            Parameters.Column(keys, NpgsqlDbType.Uuid, key => key.OrderId),
            Parameters.Column(keys, NpgsqlDbType.Uuid, key => key.WriteId),
            Parameters.Column(keys, NpgsqlDbType.Integer, key => key.Key.Version),
            Parameters.Column(keys, NpgsqlDbType.Bytea, key => key.Key.Bytes),
        },
    };

    public static IEnumerable<NpgsqlBatchCommand> EraseCommands(IReadOnlyList<OrderErasure> erasures) =>
        ((string[])[DestroyKeys, EraseRevisions]).Select(sql => new NpgsqlBatchCommand(sql)
        {
            Parameters =
            {
                Parameters.Column(erasures, NpgsqlDbType.Uuid, erasure => erasure.OrderId),
                Parameters.Column(erasures, NpgsqlDbType.Uuid, erasure => erasure.WriteId),
            },
        });
}
