using Npgsql;
using NpgsqlTypes;
using Orderly.Server.Changes;
using Orderly.Server.Database;
using Orderly.Server.Orders;

namespace Orderly.Server.Transfer;

/// <summary>
/// Stores new orders with all that a write means, by COPY: as <see cref="OrderWriteStore"/> stores them, but with the
/// numbers, the times and the hashes told by this process, which saves PostgreSQL most of its work.
/// </summary>
internal static class ImportCopyStore
{
    private const int StatementSeconds = 60;

    /// <summary>In the transaction of the orders; now() is that of all its statements.</summary>
    private const string SelectTerms =
        """
        select e.epoch, now(), array(select nextval('order_numbers') from generate_series(1, $1))
        from catalog_epoch e
        """;

    private const string CopyOrders =
        """
        copy orders
            (order_id, write_id, number, version, status, team, datetime, totalfee, totalfee_stated, reference, content,
             personal, created_at, created_by, updated_at, updated_by, terms)
        from stdin (format binary)
        """;

    private const string CopyRevisions =
        """
        copy revisions
            (order_id, version, write_id, kind, recorded_at, actor, status, deleted, content, personal,
             totalfee_stated, personal_salt, personal_commitment, hash)
        from stdin (format binary)
        """;

    private const string CopyPending = "copy pending (order_id, version) from stdin (format binary)";

    /// <summary>
    /// Stores all of them, in the connection's transaction. False: the service records are not those any more that
    /// they were decided by, and nothing was stored.
    /// </summary>
    /// <param name="writes">New orders, sealed, whose references are claimed in the transaction, too.</param>
    public static async Task<bool> StoreAsync(NpgsqlConnection connection, IReadOnlyList<OrderWrite> writes)
    {
        if (writes.Count == 0)
        {
            return true;
        }

        var (epoch, now, numbers) = await ReadTermsAsync(connection, writes.Count);
        if (writes.Any(write => write.CatalogEpoch is { } decided && decided != epoch))
        {
            return false;
        }

        var salts = writes.Select(write => write.NewSalt()).ToArray();
        await CopyAsync(connection, CopyOrders, rows => WriteOrders(rows, writes, numbers, now));
        await CopyAsync(connection, CopyPending, rows => WritePending(rows, writes));
        await CopyAsync(connection, CopyRevisions, rows => WriteRevisions(rows, writes, numbers, salts, now));
        await using var batch = new NpgsqlBatch(connection) { Timeout = StatementSeconds };
        PersonalWriteStore.AddCommands(batch, writes);
        if (batch.BatchCommands.Count > 0)
        {
            await batch.ExecuteNonQueryAsync();
        }

        return true;
    }

    private static async Task<(long Epoch, DateTime Now, long[] Numbers)> ReadTermsAsync(
        NpgsqlConnection connection, int count)
    {
        await using var command = new NpgsqlCommand(SelectTerms, connection) { CommandTimeout = StatementSeconds };
        command.Parameters.Add(Parameters.Of(count));
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        return (reader.GetInt64(0), reader.GetDateTime(1), reader.GetFieldValue<long[]>(2));
    }

    private static async Task CopyAsync(NpgsqlConnection connection, string sql, Action<NpgsqlBinaryImporter> write)
    {
        await using var rows = await connection.BeginBinaryImportAsync(sql);
        rows.Timeout = TimeSpan.FromSeconds(StatementSeconds);
        write(rows);
        await rows.CompleteAsync();
    }

    private static void WriteOrders(
        NpgsqlBinaryImporter rows, IReadOnlyList<OrderWrite> writes, long[] numbers, DateTime now)
    {
        for (var i = 0; i < writes.Count; i++)
        {
            var write = writes[i];
            rows.StartRow();
            rows.Write(write.OrderId, NpgsqlDbType.Uuid);
            rows.Write(write.WriteId, NpgsqlDbType.Uuid);
            rows.Write(numbers[i], NpgsqlDbType.Bigint);
            rows.Write(1, NpgsqlDbType.Integer);
            rows.Write(write.Status.ToText(), NpgsqlDbType.Text);
            rows.Write(write.Team, NpgsqlDbType.Text);
            rows.Write(write.Content.Datetime, NpgsqlDbType.TimestampTz);
            rows.Write(write.Content.TotalFee, NpgsqlDbType.Numeric);
            rows.Write(write.Content.IsTotalFeeStated, NpgsqlDbType.Boolean);
            WriteOrNull(rows, write.Content.Reference, NpgsqlDbType.Text);
            rows.Write(write.ContentJson, NpgsqlDbType.Text);
            WriteOrNull(rows, write.PersonalBox, NpgsqlDbType.Bytea);
            rows.Write(write.CreatedAt ?? now, NpgsqlDbType.TimestampTz);
            rows.Write(write.Actor, NpgsqlDbType.Text);
            rows.Write(write.CreatedAt ?? now, NpgsqlDbType.TimestampTz);
            rows.Write(write.Actor, NpgsqlDbType.Text);
            rows.Write(write.Terms.Split(OrderTerms.Separator), NpgsqlDbType.Array | NpgsqlDbType.Text);
        }
    }

    private static void WritePending(NpgsqlBinaryImporter rows, IReadOnlyList<OrderWrite> writes)
    {
        foreach (var write in writes)
        {
            rows.StartRow();
            rows.Write(write.OrderId, NpgsqlDbType.Uuid);
            rows.Write(1, NpgsqlDbType.Integer);
        }
    }

    private static void WriteRevisions(
        NpgsqlBinaryImporter rows, IReadOnlyList<OrderWrite> writes, long[] numbers, byte[]?[] salts, DateTime now)
    {
        var hash = new FirstRevisionHash();
        for (var i = 0; i < writes.Count; i++)
        {
            var (write, salt, at) = (writes[i], salts[i], writes[i].CreatedAt ?? now);
            var commitment = salt is null ? null : hash.Commit(salt, write.PersonalBox!);
            rows.StartRow();
            rows.Write(write.OrderId, NpgsqlDbType.Uuid);
            rows.Write(1, NpgsqlDbType.Integer);
            rows.Write(write.WriteId, NpgsqlDbType.Uuid);
            rows.Write(write.Kind.ToText(), NpgsqlDbType.Text);
            rows.Write(at, NpgsqlDbType.TimestampTz);
            rows.Write(write.Actor, NpgsqlDbType.Text);
            rows.Write(write.Status.ToText(), NpgsqlDbType.Text);
            rows.Write(write.IsDeleted, NpgsqlDbType.Boolean);
            rows.Write(write.ContentJson, NpgsqlDbType.Text);
            WriteOrNull(rows, write.PersonalBox, NpgsqlDbType.Bytea);
            rows.Write(write.Content.IsTotalFeeStated, NpgsqlDbType.Boolean);
            WriteOrNull(rows, salt, NpgsqlDbType.Bytea);
            WriteOrNull(rows, commitment, NpgsqlDbType.Bytea);
            rows.Write(hash.Of(write, numbers[i], at, commitment), NpgsqlDbType.Bytea);
        }
    }

    private static void WriteOrNull<T>(NpgsqlBinaryImporter rows, T? value, NpgsqlDbType type)
        where T : class
    {
        if (value is null)
        {
            rows.WriteNull();
        }
        else
        {
            rows.Write(value, type);
        }
    }
}
