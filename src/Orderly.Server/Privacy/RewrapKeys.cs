using Orderly.Server.Configuration;
using Orderly.Server.Database;
using Orderly.Server.Observability;

namespace Orderly.Server.Privacy;

/// <summary>What became of the data keys that were wrapped with an older version.</summary>
/// <param name="Unreadable">Those that could not be unwrapped, and stay as they are.</param>
internal sealed record RewrapResult(long Rewrapped, long Unreadable);

/// <summary>
/// Takes over a new version of the key-encryption key from the key file, and wraps the data keys of all orders anew
/// with it, a batch at a time and beside all other work. Nothing but data keys is written.
/// </summary>
internal sealed class RewrapKeys(
    KeyRegister register, IKeyProvider keys, RewrapStore store, TimeProvider time, ILogger<RewrapKeys> log)
    : BackgroundService
{
    public const int BatchSize = 500;
    private const int PollSeconds = 5;
    private const int BatchPauseMilliseconds = 20;

    /// <summary>Wraps all data keys with the current version.</summary>
    public async Task<RewrapResult> RunAsync(Action<long> progress, CancellationToken stop)
    {
        long rewrapped = 0, unreadable = 0;
        OrderKey? last = null;
        var version = keys.CurrentVersion;
        while (await store.ListOldAsync(version, last, BatchSize, stop) is { Count: > 0 } batch)
        {
            last = batch[^1];
            var replaced = new List<(OrderKey Old, WrappedKey New)>(batch.Count);
            foreach (var old in batch)
            {
                if (await keys.UnwrapAsync(old.Key, old.OrderId) is { } dataKey)
                {
                    replaced.Add((old, await keys.WrapAsync(dataKey, old.OrderId)));
                }
                else
                {
                    unreadable++;
                    LogEvents.PersonalDataUnreadable(log, old.OrderId);
                }
            }

            // A version that came meanwhile is not mixed with the one that this batch is stored as.
            replaced.RemoveAll(key => key.New.Version != version);
            rewrapped += await store.ReplaceAsync(replaced, version, stop);
            progress(rewrapped);
            await Task.Delay(TimeSpan.FromMilliseconds(BatchPauseMilliseconds), time, stop);
        }

        return new RewrapResult(rewrapped, unreadable);
    }

    /// <summary>Takes over what is new in the key file, and rewraps where that is needed.</summary>
    public async Task RefreshAsync(bool isFirst, CancellationToken stop)
    {
        var isNewer = await register.RefreshAsync(stop);
        if (isNewer)
        {
            LogEvents.KeyVersionUsed(log, keys.CurrentVersion);
        }

        if (isNewer || isFirst)
        {
            var result = await RunAsync(count => LogEvents.KeysRewrapped(log, count, keys.CurrentVersion), stop);
            if (result.Rewrapped > 0)
            {
                LogEvents.RewrapFinished(log, result.Rewrapped, result.Unreadable, keys.CurrentVersion);
            }
        }
    }

    /// <summary>What fails is tried again; until then the versions of before are used on.</summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var isFirst = true;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await RefreshAsync(isFirst, stoppingToken);
                isFirst = false;
                await Task.Delay(TimeSpan.FromSeconds(PollSeconds), time, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (exception is SettingsException or TimeoutException
                || DatabaseFailure.IsDatabase(exception))
            {
                isFirst = true; // what was begun is to be done to its end
                LogEvents.KeyRefreshFailed(log, PollSeconds, exception.Message);
                await Task.Delay(TimeSpan.FromSeconds(PollSeconds), time, stoppingToken)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}
