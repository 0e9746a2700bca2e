using Orderly.Server.Configuration;
using Orderly.Server.Database;
using Orderly.Server.Observability;

namespace Orderly.Server.Changes;

/// <summary>
/// Gives the entries of the log their places in the feed, dense and without gaps, once they are committed. Every
/// server runs one; the one that has the lock works, the others try again now and then.
/// <code>
///   wake (a write of ours) or poll (a write of another server) ──► lock ──► move what is visible ──► commit
///                         ▲                                          │
///                         └────── idle delay, or stand-by delay ◄────┘  lock not had
/// </code>
/// </summary>
internal sealed class FeedSequencer(
    WriteDataSource database, Checkpointer checkpoints, ChangeSettings settings, TimeProvider time,
    ILogger<FeedSequencer> log)
    : BackgroundService
{
    private const int TickMilliseconds = 20;
    private const int PollMilliseconds = 50;
    private const int StandByMilliseconds = 500;
    private const int FailureDelaySeconds = 1;
    private const int VacuumAfterMoved = 50_000;
    private const int ForgetPauseSeconds = 1;

    private TaskCompletionSource _awake = Asleep();
    private int _movedSinceVacuum;
    private long _forgotAt;

    /// <summary>Says that something was written, so that it is in the feed soon.</summary>
    public void Wake() => Volatile.Read(ref _awake).TrySetResult();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await RunAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // A fault of one move must not leave the server without a feed, nor end it.
            catch (Exception exception)
            {
                Meters.SequencerFailures.Add(1);
                Meters.Sequencer.Record(0);
                LogEvents.SequencerFailed(log, FailureDelaySeconds, $"{exception.GetType().Name} {exception.Message}");
                database.Forget();
                await Task.Delay(TimeSpan.FromSeconds(FailureDelaySeconds), time, stoppingToken)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
#pragma warning restore CA1031
        }
    }

    /// <summary>Goes on until something fails. One tick takes all that came since the last.</summary>
    private async Task RunAsync(CancellationToken stop)
    {
        await using var session = await database.OpenAsync(stop);
        while (true)
        {
            var moved = await FeedStore.MoveAsync(session, stop);
            Meters.Sequencer.Record(moved is null ? 0 : 1);
            _movedSinceVacuum += moved ?? 0;
            if (_movedSinceVacuum >= VacuumAfterMoved)
            {
                _movedSinceVacuum = 0;
                await FeedStore.VacuumAsync(session, stop);
            }

            if (moved is { } count)
            {
                Meters.FeedMoved.Add(count);
                await checkpoints.RunAsync(session, count, stop);
            }

            await ForgetAsync(session, stop);
            if (moved is null)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(TickMilliseconds), time, stop);
                await SleepAsync(StandByMilliseconds, stop);
            }
            else if (moved == 0)
            {
                await SleepAsync(PollMilliseconds, stop);
            }
            else
            {
                await Task.Delay(TimeSpan.FromMilliseconds(TickMilliseconds), time, stop);
            }
        }
    }

    private async Task ForgetAsync(DatabaseSession session, CancellationToken stop)
    {
        if (settings.Retention is { } retention && time.GetElapsedTime(_forgotAt).TotalSeconds >= ForgetPauseSeconds)
        {
            _forgotAt = time.GetTimestamp();
            await FeedStore.ForgetAsync(session, retention, stop);
        }
    }

    /// <summary>Until there is something to do, or it is time to look for what other servers wrote.</summary>
    private async Task SleepAsync(int milliseconds, CancellationToken stop)
    {
        await Task.WhenAny(_awake.Task, Task.Delay(TimeSpan.FromMilliseconds(milliseconds), time, stop));
        stop.ThrowIfCancellationRequested();
        Volatile.Write(ref _awake, Asleep());
    }

    private static TaskCompletionSource Asleep() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
