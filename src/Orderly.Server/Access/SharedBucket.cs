using System.Globalization;
using Microsoft.Extensions.Primitives;
using Orderly.Contract.Access;
using Orderly.Server.Database;

namespace Orderly.Server.Access;

/// <summary>
/// One key's bucket of one kind, shared with all servers. Each takes from its own copy and reports what it took, in
/// the background and a share of the quota at a time, and is told how much all have taken. A key that uses little is
/// never reported. Nobody may have more unreported than <see cref="OwedShare"/> of the quota, so with a few servers the
/// quota holds within a tenth; only who owes that much waits, for a moment. Where the database does not answer in
/// that time, each server goes on with its own copy.
/// <code>
///   take ──► owed ≥ 1/80 of the quota ──► report in the background ──► own copy is no fuller than the shared one
///              owed ≥ 1/40 ──► wait for that report, at most 100 ms
/// </code>
/// </summary>
internal sealed class SharedBucket(
    string keyId, string kind, RateLimitRule rule, RateUsageStore store, TimeProvider time)
{
    private const int ReportedShare = 80;
    private const int OwedShare = 40;
    private const int WaitMilliseconds = 100;
    private const int FailurePauseSeconds = 1;

    private readonly TokenBucket _bucket = new(rule, time);
    private readonly int _reportAt = Math.Max(1, rule.Quota / ReportedShare);
    private readonly int _waitAt = Math.Max(1, rule.Quota / OwedShare);
    private readonly Lock _lock = new();
    private int _owed;
    private Task? _report;
    private long _failedAt;
    private Told _told = new(-1, -1, StringValues.Empty);

    public RateLimitRule Rule => rule;

    /// <summary>What it limits: reads, writes or streams.</summary>
    public string Kind => kind;

    /// <summary>The policy as callers are told it (draft-ietf-httpapi-ratelimit-headers, 3).</summary>
    public StringValues Policy { get; } = string.Create(
        CultureInfo.InvariantCulture, $"\"default\";q={rule.Quota};w={rule.WindowSeconds}");

    public ValueTask<TokenTaken> TakeAsync()
    {
        var owed = Volatile.Read(ref _owed);
        if (owed < _reportAt)
        {
            return new(Take());
        }

        var report = Report();
        return owed < _waitAt || report.IsCompleted ? new(Take()) : new(TakeAfterAsync(report));
    }

    /// <summary>What is left, as callers are told it. The same text as before where nothing has changed.</summary>
    public StringValues Tell(TokenTaken taken)
    {
        var told = Volatile.Read(ref _told);
        if (told.Remaining != taken.Remaining || told.FullAfterSeconds != taken.FullAfterSeconds)
        {
            told = new Told(taken.Remaining, taken.FullAfterSeconds, string.Create(
                CultureInfo.InvariantCulture, $"\"default\";r={taken.Remaining};t={taken.FullAfterSeconds}"));
            Volatile.Write(ref _told, told);
        }

        return told.Text;
    }

    private TokenTaken Take()
    {
        var taken = _bucket.Take();
        if (taken.IsTaken)
        {
            Interlocked.Increment(ref _owed);
        }

        return taken;
    }

    private async Task<TokenTaken> TakeAfterAsync(Task report)
    {
        await Task.WhenAny(report, Task.Delay(TimeSpan.FromMilliseconds(WaitMilliseconds), time));
        return Take();
    }

    /// <summary>The report that runs, or begins now; none where the last one has just failed.</summary>
    private Task Report()
    {
        lock (_lock)
        {
            if (_report is not null)
            {
                return _report;
            }

            if (_failedAt != 0 && time.GetElapsedTime(_failedAt).TotalSeconds < FailurePauseSeconds)
            {
                return Task.CompletedTask;
            }

            return _report = Task.Run(ReportAsync);
        }
    }

    private async Task ReportAsync()
    {
        var owed = Interlocked.Exchange(ref _owed, 0);
        var asked = time.GetTimestamp();
        try
        {
            var full = await store.AddAsync(
                keyId, kind, _bucket.GrowthOf(owed), TimeSpan.FromSeconds(rule.WindowSeconds));

            // Counted from when it was asked: the way to the database and back is not at the caller's cost.
            _bucket.FillNotBefore(full + _bucket.GrowthOf(Volatile.Read(ref _owed)) - time.GetElapsedTime(asked));
            _failedAt = 0;
        }
        catch (Exception exception) when (DatabaseFailure.IsDatabase(exception) || exception is TimeoutException)
        {
            Interlocked.Add(ref _owed, owed);
            _failedAt = time.GetTimestamp();
        }
        finally
        {
            lock (_lock)
            {
                _report = null;
            }
        }
    }

    private sealed record Told(int Remaining, int FullAfterSeconds, StringValues Text);
}
