using Orderly.Server.Database;
using Orderly.Server.Observability;

namespace Orderly.Server.Changes;

/// <summary>How far the feed reaches at the moment.</summary>
internal sealed record FeedBounds(long Last, long Forgotten);

/// <summary>
/// Tells those who wait for the feed that it has grown. All of them share one look at the database every few
/// milliseconds, and nobody looks while nobody waits; so it works the same whichever server wrote, and no connection
/// has to be kept for it.
/// </summary>
internal sealed class FeedWatch(ReadDataSource database, TimeProvider time, ILogger<FeedWatch> log)
{
    private const int LookMilliseconds = 25;

    private readonly Lock _lock = new();
    private Task<FeedBounds>? _look;

    public Task<FeedBounds> BoundsAsync() => FeedStore.ReadBoundsAsync(database);

    /// <summary>
    /// Waits until the feed reaches beyond the position. False: it did not in that time, or the server stops. A look
    /// that fails is not the end of it: whoever waits is served as soon as the database is there again.
    /// </summary>
    public async Task<bool> WaitBeyondAsync(
        long position, TimeSpan timeout, CancellationToken stop, CancellationToken stopping)
    {
        var start = time.GetTimestamp();
        while (true)
        {
            try
            {
                var bounds = await NextLook().WaitAsync(stop);
                if (bounds.Last > position)
                {
                    return true;
                }

                if (stopping.IsCancellationRequested || time.GetElapsedTime(start) >= timeout)
                {
                    return false;
                }
            }
            catch (Exception exception)
                when (DatabaseFailure.IsLost(exception) && !stopping.IsCancellationRequested
                    && time.GetElapsedTime(start) < timeout)
            {
                LogEvents.LookFailed(log, exception.Message);
            }
        }
    }

    /// <summary>The look that is about to be taken, which began after the caller asked.</summary>
    private Task<FeedBounds> NextLook()
    {
        lock (_lock)
        {
            return _look ??= LookAsync();
        }
    }

    private async Task<FeedBounds> LookAsync()
    {
        await Task.Delay(TimeSpan.FromMilliseconds(LookMilliseconds), time);
        lock (_lock)
        {
            _look = null;
        }

        return await BoundsAsync();
    }
}
