using Npgsql;
using NpgsqlTypes;
using Orderly.Server.Access;
using Orderly.Server.Database;

namespace Orderly.Server.Orders;

/// <summary>Records writes that overrode the update window, in the transaction that stores them.</summary>
internal static class OverrideStore
{
    /// <summary>
    /// Only what was stored, and only where the window would have refused it; the write's own id keeps a repeated
    /// attempt from recording it twice.
    /// </summary>
    private const string Insert =
        $"""
        insert into audit (audit_id, at, type, actor, team, subject, detail)
        select o.write_id, o.updated_at, '{AuditTypes.OrderForced}', o.updated_by, o.team, o.order_id::text,
            json_build_object('version', o.version, 'reason', w.reason)::text
        from unnest($1, $2, $3, $4) as w (order_id, write_id, reason, updatable_after)
        join orders o on o.order_id = w.order_id and o.write_id = w.write_id
        where o.order_id = any ($1) and o.created_at > o.updated_at - w.updatable_after
        on conflict on constraint audit_pkey do nothing
        """;

    public static NpgsqlBatchCommand Command(OrderWrite[] writes) => new(Insert)
    {
        Parameters =
        {
            Parameters.Column(writes, NpgsqlDbType.Uuid, write => write.OrderId),
            Parameters.Column(writes, NpgsqlDbType.Uuid, write => write.WriteId),
            Parameters.Column(writes, NpgsqlDbType.Text, write => write.Reason),
            Parameters.Column(writes, NpgsqlDbType.Interval, write => write.OverriddenWindow),
        },
    };
}
