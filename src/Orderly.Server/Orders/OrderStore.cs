using Npgsql;
using NpgsqlTypes;
using Orderly.Contract.Problems;
using Orderly.Server.Access;
using Orderly.Server.Database;
using Orderly.Server.Http;
using Orderly.Server.Privacy;

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
        $"""
        o.order_id, o.number, o.version, o.status, o.team, o.totalfee_stated, o.content, o.personal,
            {OrderKeyStore.OfOrder},
            o.created_at, o.created_by, o.updated_at, o.updated_by, o.deleted_at, now()
        """;

    internal const int ColumnCount = 15;

    internal const string SelectByIds =
        $"""
        select {Columns}
        from orders o
        where o.order_id = any ($1)
        """;

    private const string SelectReferenceHolder =
        "select order_id from order_references where team = $1 and reference = $2";

    private readonly ReadDataSource _database;
    private readonly OrderVault _vault;
    private readonly Grouper<Guid, StoredOrder?> _reads;

    public OrderStore(ReadDataSource database, OrderVault vault, TimeProvider time)
    {
        _database = database;
        _vault = vault;
        _reads = new Grouper<Guid, StoredOrder?>(
            new GrouperLimits(ReadLanes, ReadGroupSizeMax, ReadQueueLengthMax, ReadAnswerSeconds) { Work = "reads" },
            time,
            () => new TimeoutException("The database has not answered yet."), (group, _) => ReadGroupAsync(group));
    }

    /// <summary>The order with this id, deleted or not; null where there never was one. Reads are grouped.</summary>
    public async Task<StoredOrder?> FindAsync(Guid id) =>
        await _reads.SubmitAsync(id) is { } order ? await _vault.OpenAsync(order) : null;

    /// <summary>The same; an order that the caller does not reach is one that there is not.</summary>
    public async Task<StoredOrder?> FindAsync(Guid id, Caller caller) =>
        await _reads.SubmitAsync(id) is { } order && caller.Sees(order.Team) ? await _vault.OpenAsync(order) : null;

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

    /// <summary>What a caller is told of an order whose personal data was tampered with.</summary>
    public static Problem Unreadable(Guid id) => new(ProblemCode.PersonalDataUnreadable,
        $"What is personal of the order {id:D} is not what was stored, or its key is not. Have the people who run the "
        + "service restore it from a backup, or erase it: POST /orders/{id}/erase.");

    public static Problem NotFound(Guid id) => NotFound(id.ToString("D"));

    /// <summary>A syntactically bad id is an id that no order has.</summary>
    public static Problem NotFound(string id) =>
        new(ProblemCode.OrderNotFound, $"There is no order {Suggestion.Quote(id)}.");

    public ValueTask DisposeAsync() => _reads.DisposeAsync();

    /// <summary>Reads one row that has <see cref="Columns"/>. Its personal data is still to be opened.</summary>
    internal static StoredOrder Read(NpgsqlDataReader row, int at = 0) => new()
    {
        Id = row.GetGuid(at),
        Number = row.GetInt64(at + 1),
        Version = row.GetInt32(at + 2),
        Status = Order.ParseStatus(row.GetString(at + 3))!.Value, // orders_status_known keeps it
        Team = row.GetString(at + 4),
        IsTotalFeeStated = row.GetBoolean(at + 5),
        ContentJson = row.GetFieldValue<byte[]>(at + 6),
        Personal = ReadPersonal(row, at + 7),
        CreatedAt = row.GetDateTime(at + 9),
        CreatedBy = row.GetString(at + 10),
        UpdatedAt = row.GetDateTime(at + 11),
        UpdatedBy = row.GetString(at + 12),
        DeletedAt = row.IsDBNull(at + 13) ? null : row.GetDateTime(at + 13),
        ReadAt = row.GetDateTime(at + 14),
    };

    /// <summary>Reads what is personal, and behind it the data key.</summary>
    internal static PersonalData ReadPersonal(NpgsqlDataReader row, int at) => row.IsDBNull(at)
        ? PersonalData.None
        : PersonalData.Stored(
            row.GetFieldValue<byte[]>(at), row.IsDBNull(at + 1) ? null : row.GetFieldValue<byte[]>(at + 1));

    private async Task ReadGroupAsync(IReadOnlyList<Grouped<Guid, StoredOrder?>> group)
    {
        var ids = group.Select(entry => entry.Work).Distinct().ToArray();
        var found = new Dictionary<Guid, StoredOrder>(ids.Length);
        await _database.LookUpManyAsync(
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
