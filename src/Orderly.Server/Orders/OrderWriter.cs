using Orderly.Server.Changes;
using Orderly.Server.Database;
using Orderly.Server.Observability;

namespace Orderly.Server.Orders;

/// <summary>
/// The one writer of orders. Writes that come in together are committed together, each answered only after the
/// commit; one that fails never fails its neighbours.
/// </summary>
internal sealed class OrderWriter : IAsyncDisposable
{
    private const int GroupSizeMax = 64;
    private const int QueueLengthMax = 8_192;
    private const int AttemptsMax = 4;
    private const int RetryDelayMilliseconds = 50;

    private readonly WriteDataSource _database;
    private readonly FeedSequencer _feed;
    private readonly TimeProvider _time;
    private readonly ILogger<OrderWriter> _log;
    private readonly Grouper<OrderWrite, WriteOutcome> _grouper;

    public OrderWriter(
        WriteDataSource database, FeedSequencer feed, TimeProvider time, ILogger<OrderWriter> log)
    {
        _database = database;
        _feed = feed;
        _time = time;
        _log = log;
        _grouper = new Grouper<OrderWrite, WriteOutcome>(lanes: 1, GroupSizeMax, QueueLengthMax, StoreGroupAsync);
    }

    /// <summary>Stores a write, with whatever else is there to be stored.</summary>
    public Task<WriteOutcome> StoreAsync(OrderWrite write) => _grouper.SubmitAsync(write);

    public ValueTask DisposeAsync() => _grouper.DisposeAsync();

    /// <summary>
    /// A statement that the database refuses takes the whole group with it, so the group is tried again one by one:
    /// then it fails alone.
    /// </summary>
    private async Task StoreGroupAsync(IReadOnlyList<Grouped<OrderWrite, WriteOutcome>> group)
    {
        try
        {
            Answer(group, await StoreWithRetryAsync([.. group.Select(entry => entry.Work)]));
        }
        catch (Exception exception) when (group.Count > 1 && DatabaseFailure.IsRefusal(exception))
        {
            LogEvents.GroupSplit(_log, group.Count, DatabaseFailure.StateOf(exception));
            foreach (var entry in group)
            {
                await StoreAloneAsync(entry);
            }
        }
    }

    private async Task StoreAloneAsync(Grouped<OrderWrite, WriteOutcome> entry)
    {
        try
        {
            Answer([entry], await StoreWithRetryAsync([entry.Work]));
        }
        catch (Exception exception) when (DatabaseFailure.IsDatabase(exception))
        {
            entry.Fail(exception);
        }
    }

    /// <summary>
    /// A connection that breaks leaves open whether the group was committed. Trying again is safe, since every
    /// statement of a write that is stored already does nothing; its receipt is then found by its write id.
    /// </summary>
    private async Task<Dictionary<Guid, WriteReceipt>> StoreWithRetryAsync(OrderWrite[] writes)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var receipts = await OrderWriteStore.StoreAsync(_database, writes, isRepeated: attempt > 1);
                _feed.Wake();
                return receipts;
            }
            catch (Exception exception) when (attempt < AttemptsMax && DatabaseFailure.IsTransient(exception))
            {
                LogEvents.GroupRetried(_log, attempt, writes.Length, exception.Message);
                await Task.Delay(TimeSpan.FromMilliseconds(RetryDelayMilliseconds * attempt), _time);
            }
        }
    }

    private static void Answer(
        IReadOnlyList<Grouped<OrderWrite, WriteOutcome>> group, Dictionary<Guid, WriteReceipt> receipts)
    {
        foreach (var entry in group)
        {
            entry.Complete(receipts.TryGetValue(entry.Work.WriteId, out var receipt)
                ? new WriteOutcome(receipt)
                : WriteOutcome.NotStored);
        }
    }
}
