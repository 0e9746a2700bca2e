using Orderly.Server.Database;
using Orderly.Server.Observability;

namespace Orderly.Server.Changes;

/// <summary>Forgets used keys after a day, a batch at a time, so that no delete holds others up.</summary>
internal sealed class IdempotencyExpiry(
    IdempotencyStore store, TimeProvider time, ILogger<IdempotencyExpiry> log) : BackgroundService
{
    private const int RetentionHours = 24;
    private const int BatchSize = 1_000;
    private const int PauseSeconds = 60;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(PauseSeconds), time);
        while (await WaitAsync(timer, stoppingToken))
        {
            try
            {
                while (await store.DeleteExpiredAsync(
                    TimeSpan.FromHours(RetentionHours), BatchSize, stoppingToken) == BatchSize)
                {
                    await Task.Yield();
                }
            }
            catch (Exception exception) when (DatabaseFailure.IsDatabase(exception) || exception is TimeoutException)
            {
                LogEvents.ExpiryFailed(log, exception.Message);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private static async ValueTask<bool> WaitAsync(PeriodicTimer timer, CancellationToken stop)
    {
        try
        {
            return await timer.WaitForNextTickAsync(stop);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
