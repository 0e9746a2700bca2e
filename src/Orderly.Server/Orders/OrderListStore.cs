using System.Text.Json;
using Npgsql;
using Orderly.Server.Database;
using Orderly.Server.Http;

namespace Orderly.Server.Orders;

/// <summary>
/// Reads pages of orders by any filter and sort, within a time limit.
/// <code>
///   ListWay, or planner's choice ── cut off ──► everything that fits, or the range ── cut off ──► too broad
///   (the connection's time limit)               and then its terms; then sorted
///                                               (what is left of SearchMilliseconds)
/// </code>
/// The planner believes that what fits is spread evenly along the sort, and so may walk past all orders in search of
/// some that are all at the other end. The second way can't be led astray like that.
/// </summary>
internal sealed class OrderListStore(
    ReadDataSource reads, ListDataSource lists, OrderStatisticsStore statistics, OrderVault vault, TimeProvider time)
{
    private const int SearchMilliseconds = 2_000;
    private const int CountMilliseconds = 2_000;

    /// <summary>Longer than any statement may take: then the way to the database is at fault, not the list.</summary>
    private const int SilenceSeconds = 4;

    /// <summary>
    /// For statements that leave the planner one way only, and whose spans are read one after the other.
    /// </summary>
    private const string SetPlanning =
        "select set_config('plan_cache_mode', 'force_generic_plan', true), "
        + "set_config('max_parallel_workers_per_gather', '0', true)";

    private const string SetTimeLimit = "select set_config('statement_timeout', $1, true)";

    /// <summary>How many lists with filters or counts may be read at a time; others would wait in vain.</summary>
    public int ListsMax => lists.ListsMax;

    /// <summary>Whether there may be more orders, though fewer than asked for were read.</summary>
    public static bool EndsEarly(List<StoredOrder> found) => PageBytes.EndsEarly(found, BytesOf);

    private static long BytesOf(StoredOrder order) => order.ContentJson.Length;

    /// <summary>Orders behind a position; null where they can't be found within the time limit.</summary>
    public async Task<List<StoredOrder>?> FindAsync(
        OrderFilter filter, Sort sort, OrderPosition? after, int count, CancellationToken stop)
    {
        // Where all are asked for there is nothing to choose: it goes along the index.
        var found = filter.IsAllLive
            ? await reads.Source.ReadAsync(
                connection => ReadOrdersAsync(
                    connection, [OrderQueryStore.Page(filter, sort, after, count)], stop),
                stop)
            : await SearchAsync(filter, sort, after, count, stop);
        return found is null ? null : await vault.OpenAsync(found);
    }

    private async Task<List<StoredOrder>?> SearchAsync(
        OrderFilter filter, Sort sort, OrderPosition? after, int count, CancellationToken stop)
    {
        var way = ListWay.IsFor(filter, sort)
            ? ListWay.Choose(filter, sort, after, count, await statistics.GetAsync(stop))
            : null;
        return await lists.Source.ReadAsync(
            async connection =>
            {
                var began = time.GetTimestamp();
                return await TryAsync(connection, FirstTries(filter, sort, after, count, way), count, stop)
                    ?? await TryAsync(
                        connection,
                        SecondTries(filter, sort, after, count, way).Select(tried =>
                            tried with { Statements = [TimeLimit(LeftSince(began)), .. tried.Statements] }),
                        count, stop);
            },
            stop);
    }

    /// <summary>
    /// One after the other, until one finds a whole page, or all that there is; where none can, all that fits is
    /// gathered. Some is not left to the planner: it knows neither spans of time nor where along the sort the orders of
    /// a term or a range are.
    /// </summary>
    internal static IEnumerable<ListTry> FirstTries(
        OrderFilter filter, Sort sort, OrderPosition? after, int count, ListWay? way)
    {
        if (way is { WalkedRows: > 0 })
        {
            yield return new(FindsAll: false, Walk(filter, sort, after, count, way));
        }

        if (way is { Spans: { } search })
        {
            yield return new(
                FindsAll: true,
                new NpgsqlBatchCommand(SetPlanning), OrderQueryStore.SpannedPage(filter, sort, after, count, search));
        }
        else if (way is not { ThenGathers: true })
        {
            yield return new(FindsAll: true, OrderQueryStore.Page(filter, sort, after, count));
        }
    }

    /// <summary>What is left where the first tries were cut off, or did not find all.</summary>
    private static IEnumerable<ListTry> SecondTries(
        OrderFilter filter, Sort sort, OrderPosition? after, int count, ListWay? way)
    {
        if (way is { ReadOfRange: > 0 })
        {
            yield return new(FindsAll: false, OrderQueryStore.ReadPage(filter, sort, after, count, way));
        }

        yield return new(FindsAll: true, OrderQueryStore.GatheredPage(filter, sort, after, count));
    }

    /// <summary>Null where none found all, or one was cut off.</summary>
    private static async Task<List<StoredOrder>?> TryAsync(
        NpgsqlConnection connection, IEnumerable<ListTry> tries, int count, CancellationToken stop)
    {
        try
        {
            foreach (var (findsAll, statements) in tries)
            {
                var found = await ReadOrdersAsync(connection, statements, stop);
                if (findsAll || found.Count == count || EndsEarly(found))
                {
                    return found;
                }
            }
        }
        catch (PostgresException exception) when (DatabaseFailure.IsTimeLimit(exception))
        {
            // It may be found in another way.
        }

        return null;
    }

    /// <summary>Indexes that are compared are the planner's: it knows how many entries of each there are.</summary>
    internal static NpgsqlBatchCommand[] Walk(
        OrderFilter filter, Sort sort, OrderPosition? after, int count, ListWay way)
    {
        var walked = OrderQueryStore.WalkedPage(filter, sort, after, count, way);
        return way.ComparedTerm is not null ? [walked] : [new NpgsqlBatchCommand(SetPlanning), walked];
    }

    /// <summary>How many orders fit; null where they can't be counted within the time limit.</summary>
    public async Task<long?> CountAsync(OrderFilter filter, CancellationToken stop)
    {
        try
        {
            return await ReadLastAsync(
                () => [TimeLimit(CountMilliseconds), OrderQueryStore.Count(filter)], row => row.GetInt64(0), stop);
        }
        catch (PostgresException exception) when (DatabaseFailure.IsTimeLimit(exception))
        {
            return null;
        }
    }

    /// <summary>About how many orders fit, by the planner's statistics: quick, however many there are.</summary>
    public async Task<long> EstimateAsync(OrderFilter filter, CancellationToken stop)
    {
        var plan = await ReadLastAsync(() => [OrderQueryStore.Estimate(filter)], row => row.GetString(0), stop);
        using var document = JsonDocument.Parse(plan);
        return (long)document.RootElement[0].GetProperty("Plan").GetProperty("Plan Rows").GetDouble();
    }

    private int LeftSince(long began) =>
        Math.Max(1, SearchMilliseconds - (int)time.GetElapsedTime(began).TotalMilliseconds);

    /// <summary>For the statements behind it in the same batch.</summary>
    private static NpgsqlBatchCommand TimeLimit(int milliseconds)
    {
        var command = new NpgsqlBatchCommand(SetTimeLimit);
        command.Parameters.Add(Parameters.Of(
            milliseconds.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        return command;
    }

    private static async Task<List<StoredOrder>> ReadOrdersAsync(
        NpgsqlConnection connection, NpgsqlBatchCommand[] commands, CancellationToken stop)
    {
        await using var reader = await ExecuteAsync(connection, commands, stop);
        return await PageBytes.ReadAsync(reader, row => OrderStore.Read(row), BytesOf, stop);
    }

    private Task<T> ReadLastAsync<T>(
        Func<NpgsqlBatchCommand[]> commands, Func<NpgsqlDataReader, T> read, CancellationToken stop) =>
        lists.Source.ReadAsync(
            async connection =>
            {
                await using var reader = await ExecuteAsync(connection, commands(), stop);
                await reader.ReadAsync(stop);
                return read(reader);
            },
            stop);

    /// <summary>The reader stands before the rows of the last statement.</summary>
    private static async Task<NpgsqlDataReader> ExecuteAsync(
        NpgsqlConnection connection, NpgsqlBatchCommand[] commands, CancellationToken stop)
    {
        await using var batch = new NpgsqlBatch(connection) { Timeout = SilenceSeconds };
        foreach (var command in commands)
        {
            batch.BatchCommands.Add(command);
        }

        var reader = await batch.ExecuteReaderAsync(stop);
        for (var i = 1; i < commands.Length; i++)
        {
            await reader.NextResultAsync(stop);
        }

        return reader;
    }

    /// <summary>Statements of one way to a page, of which the last finds it.</summary>
    /// <param name="FindsAll">Whether there is nothing more where it finds less than a page.</param>
    /// <param name="Statements">To be sent together.</param>
    internal sealed record ListTry(bool FindsAll, params NpgsqlBatchCommand[] Statements);
}
