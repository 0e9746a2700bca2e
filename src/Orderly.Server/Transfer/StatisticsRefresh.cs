using System.Threading.Channels;
using Orderly.Server.Database;
using Orderly.Server.Observability;

namespace Orderly.Server.Transfer;

/// <summary>
/// Renews the planner's statistics after large imports. It takes seconds in a large table, and nobody waits for it: a
/// list that is planned with the old ones meanwhile is right, only perhaps slower. How many orders there are the
/// planner knows from the size of the table, and of what kind they are changes little: not before half as many again
/// came.
/// </summary>
internal sealed class StatisticsRefresh(ImportStore store, ILogger<StatisticsRefresh> log) : BackgroundService
{
    private const int RowsMin = 10_000;
    private const int ShareOfKnown = 2;

    private readonly Channel<bool> _wanted =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>What imports stored since the statistics were renewed.</summary>
    private long _rows;

    /// <summary>Counts what an import stored.</summary>
    public void Follow(long rows)
    {
        if (Interlocked.Add(ref _rows, rows) >= RowsMin)
        {
            _wanted.Writer.TryWrite(true);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var _ in _wanted.Reader.ReadAllAsync(stoppingToken))
            {
                await RenewAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return;
        }
    }

    /// <summary>Whether they were renewed.</summary>
    internal async Task<bool> RenewAsync(CancellationToken stop)
    {
        try
        {
            var rows = Volatile.Read(ref _rows);
            if (rows < Math.Max(RowsMin, await store.CountKnownAsync(stop) / ShareOfKnown))
            {
                return false;
            }

            await store.AnalyzeAsync(stop);
            Interlocked.Add(ref _rows, -rows);
            return true;
        }
        catch (Exception exception) when (DatabaseFailure.IsDatabase(exception) || exception is TimeoutException)
        {
            LogEvents.StatisticsFailed(log, exception.Message);
            return false;
        }
    }
}
