using Npgsql;
using Orderly.Server.Database;

namespace Orderly.Server.Orders;

/// <summary>One entry of the feed: a version of an order, and where it stands.</summary>
internal sealed record FeedEntry(long Position, StoredOrder Order, RevisionStep Step);

/// <summary>Reads the feed with the orders as they stood.</summary>
internal sealed class OrderFeedStore(ReadDataSource database, OrderVault vault)
{
    /// <summary>
    /// A place in the feed is given under a lock and after the commit, so there are no gaps to wait for. Kind and team
    /// are looked up entry by entry, in order, until there are enough.
    /// </summary>
    private const string SelectAfter =
        $"""
        select f.position, {OrderStore.Columns}, {RevisionStore.Columns}, {BeforeColumns}
        from (
            select f.position, f.order_id, f.version
            from feed f
            where f.position > $1 and f.position <= $2
                and ($4::text[] is null or (
                    select k.kind from revisions k where k.order_id = f.order_id and k.version = f.version) = any ($4))
                and ($5::text is null or (select t.team from orders t where t.order_id = f.order_id) = $5)
            order by f.position
            limit $3) f
        join orders o on o.order_id = f.order_id
        join revisions r on r.order_id = f.order_id and r.version = f.version
        left join revisions b on b.order_id = f.order_id and b.version = f.version - 1
        order by f.position
        """;

    private const string BeforeColumns =
        """
        b.version, b.kind, b.recorded_at, b.actor, b.reason, b.status, b.deleted, b.content, b.personal,
            case when b.personal is not null then (
                select int4send(k.kek_version) || k.wrapped from order_keys k where k.order_id = b.order_id) end
        """;

    /// <summary>The first entries behind a position and up to another, at most so many.</summary>
    /// <param name="kinds">Only changes of these kinds; null: of all.</param>
    /// <param name="team">Only changes of this team's orders; null: of all teams.</param>
    public async Task<List<FeedEntry>> ReadAsync(
        long after, long upTo, int count, string[]? kinds, string? team, CancellationToken stop)
    {
        var entries = await ReadSealedAsync(after, upTo, count, kinds, team, stop);
        for (var i = 0; i < entries.Count; i++)
        {
            entries[i] = await OpenAsync(entries[i]);
        }

        return entries;
    }

    /// <summary>Whether there may be more entries, though fewer than asked for were read.</summary>
    public static bool EndsEarly(List<FeedEntry> entries) => PageBytes.EndsEarly(entries, BytesOf);

    private static long BytesOf(FeedEntry entry) =>
        entry.Order.ContentJson.Length + (entry.Step.Before?.ContentJson.Length ?? 0);

    private Task<List<FeedEntry>> ReadSealedAsync(
        long after, long upTo, int count, string[]? kinds, string? team, CancellationToken stop) =>
        database.LookUpAsync(
        SelectAfter,
        parameters =>
        {
            parameters.Add(Parameters.Of(after));
            parameters.Add(Parameters.Of(upTo));
            parameters.Add(Parameters.Of(count));
            parameters.Add(Parameters.OfNullable(kinds));
            parameters.Add(Parameters.Of(team));
        },
        reader => PageBytes.ReadAsync(reader, Read, BytesOf, stop),
        stop);

    /// <summary>The order as it stands now is not shown, and what is personal of it not opened.</summary>
    private async ValueTask<FeedEntry> OpenAsync(FeedEntry entry)
    {
        var id = entry.Order.Id;
        var revision = await vault.OpenAsync(id, entry.Step.Revision);
        var before = entry.Step.Before is { } earlier ? await vault.OpenAsync(id, earlier) : null;
        return entry with
        {
            Order = entry.Order with { Personal = revision.Personal },
            Step = new RevisionStep(revision, before),
        };
    }

    private static FeedEntry Read(NpgsqlDataReader row)
    {
        const int orderAt = 1;
        const int revisionAt = orderAt + OrderStore.ColumnCount;
        const int beforeAt = revisionAt + RevisionStore.ColumnCount;
        var revision = RevisionStore.Read(row, revisionAt);
        var before = row.IsDBNull(beforeAt) ? null : RevisionStore.Read(row, beforeAt);
        return new FeedEntry(
            row.GetInt64(0), revision.On(OrderStore.Read(row, orderAt)), new RevisionStep(revision, before));
    }
}
