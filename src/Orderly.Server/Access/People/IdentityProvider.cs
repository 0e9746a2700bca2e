using Orderly.Contract.Problems;
using Orderly.Server.Configuration;
using Orderly.Server.Http;
using Orderly.Server.Observability;

namespace Orderly.Server.Access.People;

/// <summary>
/// The provider's keys, kept here and asked for anew in the background, so that no request waits for the provider
/// while it is known what it signs with. It may be down for a day; then tokens are no longer taken, since a key that
/// was withdrawn meanwhile would be.
/// </summary>
internal sealed class IdentityProvider : BackgroundService
{
    private const int RefreshSeconds = 600;
    private const int RetrySeconds = 10;
    private const int FetchTimeoutSeconds = 5;
    private const int RequestWaitSeconds = 2;
    private const int KeysAgeMaxHours = 24;
    private const int DocumentLengthMaxBytes = 1024 * 1024;

    private readonly PeopleSettings _settings;
    private readonly TimeProvider _time;
    private readonly ILogger<IdentityProvider> _log;
    private readonly HttpClient _http;
    private readonly Lock _turn = new();
    private Task _fetch = Task.CompletedTask;
    private long? _triedAt;
    private volatile Kept? _kept;

    public IdentityProvider(PeopleSettings settings, TimeProvider time, ILogger<IdentityProvider> log)
    {
        _settings = settings;
        _time = time;
        _log = log;
        _http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false, // the addresses are those that were configured and described, and no others
            UseCookies = false,
            PooledConnectionLifetime = TimeSpan.FromSeconds(RefreshSeconds),
        })
        {
            Timeout = TimeSpan.FromSeconds(FetchTimeoutSeconds),
            MaxResponseContentBufferSize = DocumentLengthMaxBytes,
        };
    }

    /// <summary>
    /// The keys, among which is the one that is asked for unless the provider does not have it. It is asked at most
    /// every so often, whatever tokens name.
    /// </summary>
    public async ValueTask<Result<ProviderKeys>> FindAsync(string? id, string algorithm, CancellationToken stop)
    {
        var keys = Current();
        if (keys?.Find(id, algorithm) is not null)
        {
            return keys;
        }

        var fetch = FetchUnlessTriedWithin(keys is null ? RetrySeconds : _settings.KeyRefreshSeconds);
        try
        {
            await fetch.WaitAsync(TimeSpan.FromSeconds(RequestWaitSeconds), _time, stop);
        }
        catch (TimeoutException)
        {
            // It goes on in the background, for the requests after this one.
        }

        return Current() is { } known
            ? known
            : new Problem(ProblemCode.ProviderUnavailable,
                "The identity provider can't be asked at the moment, so nobody's token can be checked. Keys are "
                + "taken as ever.")
            {
                RetryAfterSeconds = RetrySeconds,
            };
    }

    public override void Dispose()
    {
        _http.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await FetchUnlessTriedWithin(seconds: 1).WaitAsync(stoppingToken);
                var isFresh = _kept is { } kept && _time.GetElapsedTime(kept.Since).TotalSeconds < RefreshSeconds;
                await Task.Delay(
                    TimeSpan.FromSeconds(isFresh ? RefreshSeconds : RetrySeconds), _time, stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            // Told to stop.
        }
    }

    private ProviderKeys? Current() =>
        _kept is { } kept && _time.GetElapsedTime(kept.Since).TotalHours < KeysAgeMaxHours ? kept.Keys : null;

    /// <summary>One at a time, for all who wait for it.</summary>
    private Task FetchUnlessTriedWithin(int seconds)
    {
        lock (_turn)
        {
            if (_fetch.IsCompleted
                && (_triedAt is not { } last || _time.GetElapsedTime(last).TotalSeconds >= seconds))
            {
                _triedAt = _time.GetTimestamp();
                _fetch = Task.Run(FetchAsync);
            }

            return _fetch;
        }
    }

    private async Task FetchAsync()
    {
        var since = _time.GetTimestamp();
        try
        {
            var (issuer, address) = ProviderKeys.ReadDescription(
                await _http.GetByteArrayAsync(_settings.Metadata), _settings);
            _kept = new Kept(ProviderKeys.Read(issuer, await _http.GetByteArrayAsync(address)), since);
        }
        catch (Exception exception)
            when (exception is HttpRequestException or OperationCanceledException or ProviderException)
        {
            LogEvents.ProviderUnavailable(_log, exception.Message);
        }
    }

    private sealed record Kept(ProviderKeys Keys, long Since);
}
