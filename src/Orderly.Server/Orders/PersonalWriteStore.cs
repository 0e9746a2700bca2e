using Npgsql;
using NpgsqlTypes;
using Orderly.Server.Access;
using Orderly.Server.Database;
using Orderly.Server.Privacy;

namespace Orderly.Server.Orders;

/// <summary>What writes with personal data do beside all others: data keys, and erasures. Most do nothing.</summary>
internal static class PersonalWriteStore
{
    /// <summary>Under the write's own id, so that a repeated attempt does not record it twice.</summary>
    private const string InsertAudit =
        $"""
        insert into audit (audit_id, at, type, actor, team, subject, detail)
        select o.write_id, o.updated_at, '{AuditTypes.OrderErased}', o.updated_by, o.team, o.order_id::text,
            json_build_object('version', o.version, 'reason', w.reason)::text
        from unnest($1, $2, $3) as w (order_id, write_id, reason)
        join orders o on o.order_id = w.order_id and o.write_id = w.write_id
        where o.order_id = any ($1)
        on conflict on constraint audit_pkey do nothing
        """;

    /// <summary>Adds what the group needs, to go behind the statements that store the orders themselves.</summary>
    public static void AddCommands(NpgsqlBatch batch, IReadOnlyList<OrderWrite> writes)
    {
        var keyed = writes.Where(write => write.NewKey is not null)
            .Select(write => new NewOrderKey(write.OrderId, write.WriteId, write.NewKey!)).ToArray();
        if (keyed.Length > 0)
        {
            batch.BatchCommands.Add(OrderKeyStore.InsertCommand(keyed));
        }

        var erasing = writes.Where(write => write.IsErasure).ToArray();
        if (erasing.Length == 0)
        {
            return;
        }

        foreach (var command in OrderKeyStore.EraseCommands(
            [.. erasing.Select(write => new OrderErasure(write.OrderId, write.WriteId))]))
        {
            batch.BatchCommands.Add(command);
        }

        batch.BatchCommands.Add(AuditCommand(erasing));
    }

    private static NpgsqlBatchCommand AuditCommand(OrderWrite[] writes) => new(InsertAudit)
    {
        Parameters =
        {
            Parameters.Column(writes, NpgsqlDbType.Uuid, write => write.OrderId),
            Parameters.Column(writes, NpgsqlDbType.Uuid, write => write.WriteId),
            Parameters.Column(writes, NpgsqlDbType.Text, write => write.Reason),
        },
    };
}
