using System.Collections.Concurrent;
using Orderly.Server.Database;
using Orderly.Server.Observability;

namespace Orderly.Server.Access;

/// <summary>
/// Notes which keys are used, and writes that down now and then: never on a request's way, and at most once a minute
/// for each key.
/// </summary>
internal sealed class KeyUsage(KeyStore store, TimeProvider time, ILogger<KeyUsage> log) : BackgroundService
{
    private const int PauseSeconds = 5;

    private readonly ConcurrentDictionary<string, bool> _used = new(StringComparer.Ordinal);

    public void Note(string keyId)
    {
        if (!_used.ContainsKey(keyId))
        {
            _used[keyId] = true;
        }
    }

    /// <summary>Writes down what was noted.</summary>
    public async Task RecordAsync(CancellationToken stop)
    {
        string[] used = [.. _used.Keys];
        if (used.Length == 0)
        {
            return;
        }

        foreach (var keyId in used)
        {
            _used.TryRemove(keyId, out _);
        }

        await store.RecordUseAsync(used, stop);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(TimeSpan.FromSeconds(PauseSeconds), time, stoppingToken);
                await RecordAsync(stoppingToken);
            }
            catch (Exception exception) when (DatabaseFailure.IsDatabase(exception) || exception is TimeoutException)
            {
                LogEvents.KeyUseNotRecorded(log, exception.Message);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }
}
