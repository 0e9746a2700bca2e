using System.Data;
using System.Runtime.CompilerServices;
using Npgsql;
using Orderly.Server.Database;
using Orderly.Server.Http;
using Orderly.Server.Orders;

namespace Orderly.Server.Transfer;

/// <summary>
/// Reads all orders that fit, from one snapshot, through a cursor: some thousand rows at a time, so that neither side
/// ever holds more, and whoever stops in the middle leaves no more than those behind.
/// </summary>
internal sealed class OrderStreamStore(StreamDataSource database, OrderVault vault)
{
    /// <summary>
    /// Rows that were fetched can take a slow reader long, but no longer than a stream may take at all; then this
    /// process stands still.
    /// </summary>
    private const string SetUp =
        "select set_config('transaction_read_only', 'on', true), "
        + "set_config('idle_in_transaction_session_timeout', '60min', true)";

    private const string Declare = "declare streamed no scroll cursor for ";
    private const string Fetch = "fetch 2000 from streamed";
    private const int FetchedRows = 2_000;

    /// <summary>Every order that fits, in order. Where the caller stops, so does the database.</summary>
    public async IAsyncEnumerable<StoredOrder> ReadAllAsync(
        OrderFilter filter, Sort sort, [EnumeratorCancellation] CancellationToken stop)
    {
        await using var connection = await database.Source.BeginAsync(
            connection => OpenCursorAsync(connection, OrderQueryStore.All(filter, sort), stop), stop);
        await using var fetch = new NpgsqlCommand(Fetch, connection);
        int fetched;
        do
        {
            fetched = 0;
            await using var reader = await fetch.ExecuteReaderAsync(stop);
            while (await reader.ReadAsync(stop))
            {
                fetched++;
                yield return await vault.OpenAsync(OrderStore.Read(reader));
            }
        }
        while (fetched == FetchedRows);
    }

    /// <summary>In a transaction, which ends with the use of its connection.</summary>
    private static async Task OpenCursorAsync(
        NpgsqlConnection connection, NpgsqlBatchCommand query, CancellationToken stop)
    {
        await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, stop);
        query.CommandText = Declare + query.CommandText;
        await using var batch = new NpgsqlBatch(connection) { Timeout = FirstUse.TimeoutSeconds };
        batch.BatchCommands.Add(new NpgsqlBatchCommand(SetUp));
        batch.BatchCommands.Add(query);
        await batch.ExecuteNonQueryAsync(stop);
    }
}
