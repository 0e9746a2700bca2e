using System.Net;
using Orderly.Server.Access.People;
using Orderly.Server.Database;
using Orderly.Server.Http;

namespace Orderly.Server.Access;

/// <summary>
/// Lets an answer that goes on for long last only as long as its caller may have it: the gate has asked once, before
/// it began.
/// </summary>
internal sealed class CallerWatch(KeyRing keys, TimeProvider time)
{
    /// <summary>Watches the caller of this request until the answer is disposed of, or is to stop.</summary>
    public WatchedCaller Begin(HttpContext http, CancellationToken stop) => new(http, keys, time, stop);
}

/// <summary>
/// The caller of an answer that goes on. A key that ends, or loses any of what it came with, ends the answer on every
/// server within a second; so does the end of a person's token. Other rights than before are for the next request.
/// <code>
///   every 400 ms, and before anything is sent: still let in, with all it could do? ── yes ──► goes on
///                                                 │ no                 the database is lost ──► asks again;
///                                                 ▼                    nothing can be read meanwhile
///                                          Stop is cancelled
/// </code>
/// </summary>
internal sealed class WatchedCaller : IAsyncDisposable
{
    /// <summary>With the time for which the key ring remembers a key this makes less than a second.</summary>
    private const int AskedEveryMilliseconds = 400;

    private readonly KeyRing _keys;
    private readonly TimeProvider _time;
    private readonly Caller _caller;
    private readonly string _key;
    private readonly IPAddress? _address;
    private readonly Endpoint? _endpoint;
    private readonly CancellationToken _aborted;
    private readonly CancellationTokenSource _stop;
    private readonly Task _watching;
    private volatile bool _hasLapsed;

    public WatchedCaller(HttpContext http, KeyRing keys, TimeProvider time, CancellationToken stop)
    {
        _keys = keys;
        _time = time;
        _caller = Caller.Of(http);
        _key = ApiKeyGate.ReadKey(http.Request) ?? "";
        _address = http.Connection.RemoteIpAddress;
        _endpoint = http.GetEndpoint();
        _aborted = http.RequestAborted;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(_aborted, stop);
        _watching = WatchAsync();
    }

    /// <summary>Cancelled when the answer has to end, for whatever reason.</summary>
    public CancellationToken Stop => _stop.Token;

    /// <summary>Whether it has to end since the caller may not have it any more.</summary>
    public bool HasLapsed => _hasLapsed;

    /// <summary>Whether the caller may have what is about to be sent.</summary>
    public async ValueTask<bool> MayGoOnAsync()
    {
        if (!_hasLapsed && !(await AskAsync(Stop)).IsRefused(out _, out var caller) && caller.CanAllOf(_caller))
        {
            return true;
        }

        _hasLapsed = true;
        return false;
    }

    /// <summary>What the gate would say now; null: it would let the caller in, with other rights than before.</summary>
    public async ValueTask<Problem?> RefusalAsync() =>
        (await AskAsync(_aborted)).IsRefused(out var problem, out _) ? problem : null;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching;
        _stop.Dispose();
    }

    private async ValueTask<Result<Caller>> AskAsync(CancellationToken stop)
    {
        if (_caller.Person is { } person)
        {
            return PersonClaims.HasEnded(new DateTimeOffset(person.ExpiresAt), _time.GetUtcNow())
                ? PersonClaims.RefuseEnded()
                : _caller;
        }

        if (await _keys.FindAsync(_key, stop) is not { } known)
        {
            return ApiKeyGate.UnknownKey();
        }

        return ApiKeyGate.Forbid(_address, _endpoint, known) is { } problem ? problem : known.Caller;
    }

    private async Task WatchAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(AskedEveryMilliseconds), _time);
        try
        {
            while (await timer.WaitForNextTickAsync(Stop) && await MayGoOnDespiteLossAsync())
            {
                // The answer goes on.
            }
        }
        catch (OperationCanceledException) when (Stop.IsCancellationRequested)
        {
            // The answer has ended.
        }
        finally
        {
            // Nothing goes on unwatched.
            await _stop.CancelAsync();
        }
    }

    private async ValueTask<bool> MayGoOnDespiteLossAsync()
    {
        try
        {
            return await MayGoOnAsync();
        }
        catch (Exception exception) when (DatabaseFailure.IsLost(exception))
        {
            return true;
        }
    }
}
