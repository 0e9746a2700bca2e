using System.Threading.Channels;
using Orderly.Server.Database;
using Orderly.Server.Observability;

namespace Orderly.Server.Transfer;

/// <summary>
/// Renews the planner's statistics after a large import. It takes seconds in a large table, and nobody waits for it: a
/// list that is planned with the old ones meanwhile is right, only perhaps slower.
/// </summary>
internal sealed class StatisticsRefresh(ImportStore store, ILogger<StatisticsRefresh> log) : BackgroundService
{
    private const int AfterRows = 10_000;

    private readonly Channel<bool> _wanted =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private long _rows;

    /// <summary>Counts what an import stored.</summary>
    public void Follow(long rows)
    {
        if (Interlocked.Add(ref _rows, rows) < AfterRows)
        {
            return;
        }

        Interlocked.Exchange(ref _rows, 0);
        _wanted.Writer.TryWrite(true);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var _ in _wanted.Reader.ReadAllAsync(stoppingToken))
            {
                await RefreshAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return;
        }
    }

    private async Task RefreshAsync(CancellationToken stop)
    {
        try
        {
            await store.AnalyzeAsync(stop);
        }
        catch (Exception exception) when (DatabaseFailure.IsDatabase(exception) || exception is TimeoutException)
        {
            LogEvents.StatisticsFailed(log, exception.Message);
        }
    }
}
