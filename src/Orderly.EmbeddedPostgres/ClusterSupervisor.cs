namespace Orderly.EmbeddedPostgres;

/// <summary>
/// Watches the postmaster and starts it again when it dies. The delay before each attempt doubles while attempts
/// fail or starts do not last, and goes back to the first one after a stable while.
/// </summary>
internal sealed class ClusterSupervisor(Postmaster postmaster, Action<string> report, Action<int> restarted,
    TimeProvider clock)
{
    private const int watchMilliseconds = 100;
    private const int restartDelayFirstMilliseconds = 50;
    private const int restartDelayMaxSeconds = 30;
    private const int stableAfterSeconds = 60;
    private const int restartAttemptsMax = 1000;

    /// <summary>Ends when it is cancelled, or after too many attempts that brought no stable server.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        try
        {
            var attempts = 0;
            while (attempts < restartAttemptsMax)
            {
                var began = clock.GetTimestamp();
                while (postmaster.IsAlive)
                    await Task.Delay(TimeSpan.FromMilliseconds(watchMilliseconds), clock, ct);
                if (clock.GetElapsedTime(began).TotalSeconds > stableAfterSeconds)
                    attempts = 0;
                report($"PostgreSQL (process {postmaster.ProcessId}) died; starting it again");
                await RestartAsync(attempts++, ct);
            }

            report($"PostgreSQL was started {restartAttemptsMax} times and did not stay up; giving up");
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The cluster is being stopped.
        }
    }

    internal static TimeSpan DelayBefore(int attempt)
    {
        var delay = TimeSpan.FromMilliseconds(restartDelayFirstMilliseconds) * Math.Pow(2, Math.Min(attempt, 16));
        var longest = TimeSpan.FromSeconds(restartDelayMaxSeconds);
        return delay < longest ? delay : longest;
    }

    private async Task RestartAsync(int attempt, CancellationToken ct)
    {
        await Task.Delay(DelayBefore(attempt), clock, ct);
        try
        {
            // An administrator may have restarted it by hand.
            if (!await postmaster.TryAdoptAsync(settingsAreTheSame: true, ct))
                await postmaster.StartAsync(ct);
            report($"PostgreSQL runs again (process {postmaster.ProcessId})");
            restarted(postmaster.ProcessId);
        }
        catch (EmbeddedPostgresException e)
        {
            report($"{e.Message} Trying again in {DelayBefore(attempt + 1).TotalSeconds:0.#} s");
        }
    }
}
