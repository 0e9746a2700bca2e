using Npgsql;
using Orderly.Server.Database;
using Orderly.Server.Privacy;

namespace Orderly.Server.Orders;

/// <summary>Reads the log of an order. Every statement goes by the order's id, whatever else there is.</summary>
internal sealed class RevisionStore(ReadDataSource database, OrderVault vault)
{
    internal const string Columns =
        $"""
        r.version, r.kind, r.recorded_at, r.actor, r.reason, r.status, r.deleted, r.content, r.personal,
            {OrderKeyStore.OfRevision}
        """;

    internal const int ColumnCount = 10;

    private const string SelectOne =
        $"select {Columns} from revisions r where r.order_id = $1 and r.version = $2";

    private const string SelectRange =
        $"""
        select {Columns}
        from revisions r
        where r.order_id = $1 and r.version >= $2
        order by r.order_id, r.version
        limit $3
        """;

    /// <summary>
    /// Revision times grow with versions, so the newest one that is not later is the one that held then.
    /// </summary>
    private const string SelectAsOf =
        $"""
        select {Columns}
        from revisions r
        where r.order_id = $1 and r.recorded_at <= $2
        order by r.order_id desc, r.version desc
        limit 1
        """;

    public async Task<Revision?> FindAsync(Guid orderId, int version)
    {
        var found = await ReadAsync(SelectOne, orderId, () => [Parameters.Of(orderId), Parameters.Of(version)]);
        return found.Count > 0 ? found[0] : null;
    }

    /// <summary>The version that held at an instant; null where the order was not there yet.</summary>
    public async Task<Revision?> FindAsOfAsync(Guid orderId, DateTime instant)
    {
        var found = await ReadAsync(SelectAsOf, orderId, () => [Parameters.Of(orderId), Parameters.Of(instant)]);
        return found.Count > 0 ? found[0] : null;
    }

    /// <summary>Versions in order, from one on.</summary>
    public Task<List<Revision>> ListAsync(Guid orderId, int fromVersion, int count) => ReadAsync(
        SelectRange, orderId, () => [Parameters.Of(orderId), Parameters.Of(fromVersion), Parameters.Of(count)]);

    /// <summary>Whether there may be more versions, though fewer than asked for were read.</summary>
    public static bool EndsEarly(List<Revision> found) => PageBytes.EndsEarly(found, BytesOf);

    private static long BytesOf(Revision revision) => revision.ContentJson.Length;

    private async Task<List<Revision>> ReadAsync(string sql, Guid orderId, Func<NpgsqlParameter[]> values) =>
        await vault.OpenAsync(orderId, await database.LookUpAsync(
            sql, parameters => parameters.AddRange(values()),
            reader => PageBytes.ReadAsync(reader, row => Read(row), BytesOf, CancellationToken.None),
            CancellationToken.None));

    /// <summary>
    /// Reads one row that has <see cref="Columns"/> from a column on. Its personal data is still to be opened.
    /// </summary>
    internal static Revision Read(NpgsqlDataReader row, int at = 0) => new()
    {
        Version = row.GetInt32(at),
        Kind = Order.ParseKind(row.GetString(at + 1))!.Value, // revisions_kind_known keeps it
        RecordedAt = row.GetDateTime(at + 2),
        Actor = row.GetString(at + 3),
        Reason = row.IsDBNull(at + 4) ? null : row.GetString(at + 4),
        Status = Order.ParseStatus(row.GetString(at + 5))!.Value,
        IsDeleted = row.GetBoolean(at + 6),
        ContentJson = row.GetFieldValue<byte[]>(at + 7),
        Personal = OrderStore.ReadPersonal(row, at + 8),
    };
}
