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
    /// <summary>After how long a caller is told that there is no answer, whatever became of the write.</summary>
    public const int AnswerSeconds = 6;
    private const int LaneSeconds = AnswerSeconds + 2;
    private const int GroupSizeMax = 64;
    private const int QueueLengthMax = 8_192;
    private const int AttemptsMax = 4;
    private const int RetryDelayMilliseconds = 50;
    private const int EndAttemptsMax = 60;
    private const int EndPauseMilliseconds = 500;

    private readonly WriteDataSource _database;
    private readonly FeedSequencer _feed;
    private readonly OrderVault _vault;
    private readonly TimeProvider _time;
    private readonly ILogger<OrderWriter> _log;
    private readonly Grouper<OrderWrite, WriteOutcome> _grouper;
    private readonly List<Task> _abandoned = [];
    private readonly CancellationTokenSource _stopping = new();

    public OrderWriter(
        WriteDataSource database, FeedSequencer feed, OrderVault vault, TimeProvider time, ILogger<OrderWriter> log)
    {
        _vault = vault;
        _database = database;
        _feed = feed;
        _time = time;
        _log = log;
        _grouper = new Grouper<OrderWrite, WriteOutcome>(
            new GrouperLimits(Lanes: 1, GroupSizeMax, QueueLengthMax, AnswerSeconds)
            {
                Work = "writes", HasHelpers = true,
            },
            time,
            () => new UncertainWriteException("The database has not answered yet."), StoreGroupAsync);
    }

    /// <summary>Stores a write, with whatever else is there to be stored.</summary>
    public async Task<WriteOutcome> StoreAsync(OrderWrite write) =>
        await _grouper.SubmitAsync(await _vault.SealAsync(write));

    public async ValueTask DisposeAsync()
    {
        await _grouper.DisposeAsync();
        await _stopping.CancelAsync();
        await Task.WhenAll(_abandoned);
        _stopping.Dispose();
    }

    /// <summary>
    /// A statement that the database refuses takes the whole group with it, so the group is tried again one by one:
    /// then it fails alone.
    /// </summary>
    private async Task StoreGroupAsync(IReadOnlyList<Grouped<OrderWrite, WriteOutcome>> group, int lane)
    {
        var began = new List<int>();
        try
        {
            Answer(group, await StoreWithRetryAsync([.. group.Select(entry => entry.Work)], lane, began));
        }
        catch (Exception exception) when (DatabaseFailure.IsRefusal(exception)
            && !DatabaseFailure.IsWithoutEffect(exception))
        {
            if (group.Count == 1)
            {
                group[0].Fail(exception);
                return;
            }

            Meters.GroupSplits.Add(1);
            LogEvents.GroupSplit(_log, group.Count, DatabaseFailure.StateOf(exception));
            foreach (var entry in group)
            {
                await StoreAloneAsync(entry, lane, began);
            }
        }
    }

    private async Task StoreAloneAsync(Grouped<OrderWrite, WriteOutcome> entry, int lane, List<int> began)
    {
        try
        {
            Answer([entry], await StoreWithRetryAsync([entry.Work], lane, began));
        }
        catch (Exception exception) when (
            DatabaseFailure.IsDatabase(exception) || exception is UncertainWriteException)
        {
            entry.Fail(exception);
        }
    }

    /// <summary>
    /// A connection that breaks leaves open whether the group was committed. Trying again is safe, since the attempt
    /// before is ended first, and what it stored is then found by its write id. It is not tried again once its callers
    /// have been told that its outcome is not known, nor where the database keeps silent: a second attempt would only
    /// wait for the first.
    /// </summary>
    /// <param name="began">
    /// The backends that attempts at these writes have begun on; each is gone before the next attempt begins.
    /// </param>
    private async Task<Dictionary<Guid, WriteReceipt>> StoreWithRetryAsync(
        OrderWrite[] writes, int lane, List<int> began)
    {
        var since = _time.GetTimestamp();
        for (var attempt = 1; ; attempt++)
        {
            var isFirst = began.Count == 0;
            try
            {
                // Npgsql ends a statement that takes too long; whatever keeps it from that must not keep the lane.
                var receipts = await OrderWriteStore.StoreAsync(_database, lane, writes, began, AnswerSeconds)
                    .WaitAsync(TimeSpan.FromSeconds(LaneSeconds), _time);
                _feed.Wake();
                return receipts;
            }
            catch (Exception exception) when (lane > 0 && began.Count == 0 && DatabaseFailure.IsDatabase(exception))
            {
                LogEvents.HelperIdle(_log, lane, exception.Message);
                throw new NotBegunException(exception); // the first lane has a connection
            }
            catch (Exception exception) when (attempt < AttemptsMax && DatabaseFailure.IsTransient(exception)
                && _time.GetElapsedTime(since).TotalSeconds < AnswerSeconds)
            {
                Meters.GroupRetries.Add(1);
                LogEvents.GroupRetried(_log, attempt, writes.Length, exception.Message);
                await Task.Delay(TimeSpan.FromMilliseconds(RetryDelayMilliseconds * attempt), _time);
            }
            catch (Exception exception) when (began.Count > 0 && DatabaseFailure.IsLost(exception)
                && !(isFirst && DatabaseFailure.IsWithoutEffect(exception)))
            {
                _database.Forget(); // the others may be as silent as this one
                EndAbandoned([.. began]);
                throw new UncertainWriteException(exception);
            }
        }
    }

    /// <summary>
    /// What is left behind must not be stored later, by a backend that stood still: its callers will have looked, and
    /// perhaps sent it again, or been refused.
    /// </summary>
    private void EndAbandoned(List<int> backends)
    {
        lock (_abandoned)
        {
            _abandoned.RemoveAll(ending => ending.IsCompleted);
            using (ExecutionContext.SuppressFlow())
            {
                _abandoned.Add(Task.Run(() => EndAsync(backends)));
            }
        }
    }

    private async Task EndAsync(List<int> backends)
    {
        for (var attempt = 1; attempt <= EndAttemptsMax && !_stopping.IsCancellationRequested; attempt++)
        {
            try
            {
                await OrderWriteStore.EndAsync(_database, backends, AnswerSeconds, _stopping.Token);
                return;
            }
            catch (Exception exception) when (
                DatabaseFailure.IsDatabase(exception) || exception is OperationCanceledException)
            {
                // They are ended once the database can be reached and they go on.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(EndPauseMilliseconds), _time);
        }
    }

    private static void Answer(
        IReadOnlyList<Grouped<OrderWrite, WriteOutcome>> group, Dictionary<Guid, WriteReceipt> receipts)
    {
        foreach (var entry in group)
        {
            var isStored = receipts.TryGetValue(entry.Work.WriteId, out var receipt);
            entry.Complete(isStored ? new WriteOutcome(receipt) : WriteOutcome.NotStored);
            if (isStored)
            {
                Meters.Versions.Add(1, Meters.Label("kind", entry.Work.Kind.ToText()));
            }
        }
    }
}
