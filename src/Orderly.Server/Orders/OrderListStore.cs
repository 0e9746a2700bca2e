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
///                                               (SecondTryMilliseconds)
/// </code>
/// The planner believes that what fits is spread evenly along the sort, and so may walk past all orders in search of
/// some that are all at the other end. The second way can't be led astray like that.
/// </summary>
internal sealed class OrderListStore(
    ReadDataSource reads, ListDataSource lists, OrderStatisticsStore statistics, OrderVault vault)
{
    private const int SecondTryMilliseconds = 1_500;
    private const int CountMilliseconds = 2_000;

    /// <summary>
    /// For statements that leave the planner one way only, and whose spans are read one after the other.
    /// </summary>
    private const string SetPlanning =
        "select set_config('plan_cache_mode', 'force_generic_plan', true), "
        + "set_config('max_parallel_workers_per_gather', '0', true)";

    private const string SetTimeLimit = "select set_config('statement_timeout', $1, true)";

    /// <summary>Whether there may be more orders, though fewer than asked for were read.</summary>
    public static bool EndsEarly(List<StoredOrder> found) => PageBytes.EndsEarly(found, BytesOf);

    private static long BytesOf(StoredOrder order) => order.ContentJson.Length;

    /// <summary>Orders behind a position; null where they can't be found within the time limit.</summary>
    public async Task<List<StoredOrder>?> FindAsync(
        OrderFilter filter, Sort sort, OrderPosition? after, int count, CancellationToken stop)
    {
        if (filter.IsAllLive)
        {
            // Nothing to choose: it goes along the index.
            return await ReadOrdersAsync(reads.Source, [OrderQueryStore.Page(filter, sort, after, count)], stop);
        }

        var way = ListWay.IsFor(filter, sort)
            ? ListWay.Choose(filter, sort, after, count, await statistics.GetAsync(stop))
            : null;
        try
        {
            if (await FirstTryAsync(way, filter, sort, after, count, stop) is { } found)
            {
                return found;
            }
        }
        catch (PostgresException exception) when (DatabaseFailure.IsTimeLimit(exception))
        {
            // It is looked for in the other way.
        }

        try
        {
            if (way is { ReadOfRange: > 0 })
            {
                var read = OrderQueryStore.ReadPage(filter, sort, after, count, way);
                var found = await ReadOrdersAsync(lists.Source, [TimeLimit(SecondTryMilliseconds), read], stop);
                if (found.Count == count || EndsEarly(found))
                {
                    return found;
                }
            }

            var gathered = OrderQueryStore.GatheredPage(filter, sort, after, count);
            return await ReadOrdersAsync(lists.Source, [TimeLimit(SecondTryMilliseconds), gathered], stop);
        }
        catch (PostgresException exception) when (DatabaseFailure.IsTimeLimit(exception))
        {
            return null;
        }
    }

    /// <summary>
    /// Null where all that fits should be gathered. Some is not left to the planner: it knows neither spans of time nor
    /// where along the sort the orders of a term or a range are.
    /// </summary>
    private async Task<List<StoredOrder>?> FirstTryAsync(
        ListWay? way, OrderFilter filter, Sort sort, OrderPosition? after, int count, CancellationToken stop)
    {
        if (way is { WalkedRows: > 0 })
        {
            var found = await ReadOrdersAsync(lists.Source, Walk(filter, sort, after, count, way), stop);
            if (found.Count == count || EndsEarly(found))
            {
                return found;
            }
        }

        if (way is { Spans: { } search })
        {
            var spanned = OrderQueryStore.SpannedPage(filter, sort, after, count, search);
            return await ReadOrdersAsync(lists.Source, [new NpgsqlBatchCommand(SetPlanning), spanned], stop);
        }

        return way is { ThenGathers: true }
            ? null
            : await ReadOrdersAsync(lists.Source, [OrderQueryStore.Page(filter, sort, after, count)], stop);
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
                [TimeLimit(CountMilliseconds), OrderQueryStore.Count(filter)], row => row.GetInt64(0), stop);
        }
        catch (PostgresException exception) when (DatabaseFailure.IsTimeLimit(exception))
        {
            return null;
        }
    }

    /// <summary>About how many orders fit, by the planner's statistics: quick, however many there are.</summary>
    public async Task<long> EstimateAsync(OrderFilter filter, CancellationToken stop)
    {
        var plan = await ReadLastAsync([OrderQueryStore.Estimate(filter)], row => row.GetString(0), stop);
        using var document = JsonDocument.Parse(plan);
        return (long)document.RootElement[0].GetProperty("Plan").GetProperty("Plan Rows").GetDouble();
    }

    /// <summary>For the statements behind it in the same batch.</summary>
    private static NpgsqlBatchCommand TimeLimit(int milliseconds)
    {
        var command = new NpgsqlBatchCommand(SetTimeLimit);
        command.Parameters.Add(Parameters.Of(
            milliseconds.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        return command;
    }

    private async Task<List<StoredOrder>> ReadOrdersAsync(
        NpgsqlDataSource source, NpgsqlBatchCommand[] commands, CancellationToken stop)
    {
        List<StoredOrder> orders;
        await using (var connection = await source.OpenConnectionAsync(stop))
        await using (var reader = await ExecuteAsync(connection, commands, stop))
        {
            orders = await PageBytes.ReadAsync(reader, row => OrderStore.Read(row), BytesOf, stop);
        }

        return await vault.OpenAsync(orders);
    }

    private async Task<T> ReadLastAsync<T>(
        NpgsqlBatchCommand[] commands, Func<NpgsqlDataReader, T> read, CancellationToken stop)
    {
        await using var connection = await lists.Source.OpenConnectionAsync(stop);
        await using var reader = await ExecuteAsync(connection, commands, stop);
        await reader.ReadAsync(stop);
        return read(reader);
    }

    /// <summary>The reader stands before the rows of the last statement.</summary>
    private static async Task<NpgsqlDataReader> ExecuteAsync(
        NpgsqlConnection connection, NpgsqlBatchCommand[] commands, CancellationToken stop)
    {
        await using var batch = new NpgsqlBatch(connection);
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
}
