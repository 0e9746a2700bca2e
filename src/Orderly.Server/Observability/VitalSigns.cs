using Orderly.Server.Database;

namespace Orderly.Server.Observability;

/// <summary>Looks at the database every few seconds, for the metrics, and logs when it is lost and back.</summary>
internal sealed class VitalSigns(DatabaseCheck database, TimeProvider time, ILogger<VitalSigns> log)
    : BackgroundService
{
    private const int LookSeconds = 5;
    private const int LostLookSeconds = 1;

    private long? _lostAt;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        Meters.BeginAtZero();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                Tell(await database.LookAsync(stoppingToken));
            }
            catch (Exception exception) when (DatabaseFailure.IsDatabase(exception) || exception is TimeoutException)
            {
                TellLost(exception);
            }

            await Task.Delay(
                    TimeSpan.FromSeconds(_lostAt is null ? LookSeconds : LostLookSeconds), time, stoppingToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Tell(DatabaseState state)
    {
        if (_lostAt is { } since)
        {
            LogEvents.DatabaseBack(log, Math.Round(time.GetElapsedTime(since).TotalSeconds, 1));
            _lostAt = null;
        }

        Meters.DatabaseUp.Record(1);
        Meters.DatabaseWritable.Record(state.IsReadOnly ? 0 : 1);
        Meters.FeedPending.Record(state.FeedPending);
        Meters.FeedLag.Record(state.FeedLag.TotalSeconds);
        Meters.DatabaseConnections.Record(state.Connections);
        Meters.DatabaseConnectionsMax.Record(state.ConnectionsMax);
        Meters.DatabaseSize.Record(state.SizeBytes);
        Meters.OldestTransaction.Record(state.OldestTransaction.TotalSeconds);
        Meters.TransactionIdAge.Record(state.TransactionIdAge);
    }

    private void TellLost(Exception exception)
    {
        Meters.DatabaseUp.Record(0);
        if (_lostAt is null)
        {
            _lostAt = time.GetTimestamp();
            LogEvents.DatabaseLost(log, exception.Message);
        }
    }
}
