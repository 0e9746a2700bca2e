using Npgsql;
using NpgsqlTypes;
using Orderly.Contract.Problems;
using Orderly.Server.Access;
using Orderly.Server.Database;
using Orderly.Server.Http;

namespace Orderly.Server.Orders;

/// <summary>
/// Reads orders by id. Lists are in <see cref="OrderListStore"/>, writes in <see cref="OrderWriteStore"/>.
/// </summary>
internal sealed class OrderStore : IAsyncDisposable
{
    private const int ReadLanes = 2;
    private const int ReadAnswerSeconds = 8;
    private const int ReadGroupSizeMax = 128;
    private const int ReadQueueLengthMax = 16_384;

    internal const string Columns =
        """
        o.order_id, o.number, o.version, o.status, o.team, o.totalfee_stated, o.content, o.personal,
            o.created_at, o.created_by, o.updated_at, o.updated_by, o.deleted_at, now()
        """;

    internal const int ColumnCount = 14;

    private const string SelectByIds =
        $"""
        select {Columns}
        from orders o
        where o.order_id = any ($1)
        """;

    private const string SelectReferenceHolder =
        "select order_id from order_references where team = $1 and reference = $2";

    private readonly ReadDataSource _database;
    private readonly Grouper<Guid, StoredOrder?> _reads;

    public OrderStore(ReadDataSource database, TimeProvider time)
    {
        _database = database;
        _reads = new Grouper<Guid, StoredOrder?>(
            new GrouperLimits(ReadLanes, ReadGroupSizeMax, ReadQueueLengthMax, ReadAnswerSeconds) { Work = "reads" },
            time,
            () => new TimeoutException("The database has not answered yet."), ReadGroupAsync);
    }

    /// <summary>The order with this id, deleted or not; null where there never was one. Reads are grouped.</summary>
    public Task<StoredOrder?> FindAsync(Guid id) => _reads.SubmitAsync(id);

    /// <summary>The same; an order that the caller does not reach is one that there is not.</summary>
    public async Task<StoredOrder?> FindAsync(Guid id, Caller caller) =>
        await FindAsync(id) is { } order && caller.Sees(order.Team) ? order : null;

    /// <summary>The live order of the team that has this reference.</summary>
    public Task<Guid?> FindReferenceHolderAsync(string team, string reference) => _database.LookUpAsync<Guid?>(
        SelectReferenceHolder,
        parameters =>
        {
            parameters.Add(Parameters.Of(team));
            parameters.Add(Parameters.Of(reference));
        },
        async reader => await reader.ReadAsync() ? reader.GetGuid(0) : null,
        CancellationToken.None);

    public static Problem NotFound(Guid id) => NotFound(id.ToString("D"));

    /// <summary>A syntactically bad id is an id that no order has.</summary>
    public static Problem NotFound(string id) =>
        new(ProblemCode.OrderNotFound, $"There is no order {Suggestion.Quote(id)}.");

    public ValueTask DisposeAsync() => _reads.DisposeAsync();

    /// <summary>Reads one row that has <see cref="Columns"/>.</summary>
    internal static StoredOrder Read(NpgsqlDataReader row, int at = 0) => new()
    {
        Id = row.GetGuid(at),
        Number = row.GetInt64(at + 1),
        Version = row.GetInt32(at + 2),
        Status = Order.ParseStatus(row.GetString(at + 3))!.Value, // orders_status_known keeps it
        Team = row.GetString(at + 4),
        IsTotalFeeStated = row.GetBoolean(at + 5),
        ContentJson = row.GetFieldValue<byte[]>(at + 6),
        PersonalJson = row.IsDBNull(at + 7) ? null : row.GetFieldValue<byte[]>(at + 7),
        CreatedAt = row.GetDateTime(at + 8),
        CreatedBy = row.GetString(at + 9),
        UpdatedAt = row.GetDateTime(at + 10),
        UpdatedBy = row.GetString(at + 11),
        DeletedAt = row.IsDBNull(at + 12) ? null : row.GetDateTime(at + 12),
        ReadAt = row.GetDateTime(at + 13),
    };

    private async Task ReadGroupAsync(IReadOnlyList<Grouped<Guid, StoredOrder?>> group)
    {
        var ids = group.Select(entry => entry.Work).Distinct().ToArray();
        var found = new Dictionary<Guid, StoredOrder>(ids.Length);
        await _database.LookUpAsync(
            SelectByIds, parameters => parameters.Add(Parameters.Column(ids, NpgsqlDbType.Uuid, id => id)),
            async reader =>
            {
                while (await reader.ReadAsync())
                {
                    var order = Read(reader);
                    found[order.Id] = order;
                }

                return true;
            },
            CancellationToken.None);
        foreach (var entry in group)
        {
            entry.Complete(found.GetValueOrDefault(entry.Work));
        }
    }
}
