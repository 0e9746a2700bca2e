using Orderly.Contract.Access;

namespace Orderly.Server.Access;

/// <summary>How a request for one token went.</summary>
/// <param name="Remaining">How many more could be had at once.</param>
/// <param name="FullAfterSeconds">After how long the bucket is full again.</param>
/// <param name="RetryAfterSeconds">Where none was had: after how long one can be.</param>
internal readonly record struct TokenTaken(bool IsTaken, int Remaining, int FullAfterSeconds, int RetryAfterSeconds);

/// <summary>
/// A bucket of as many tokens as the quota, which fills up once in a window. All of its state is the time at which it
/// will be full again (the generic cell rate algorithm, ITU-T I.371), so that taking a token is one exchange of a
/// number and no lock.
/// </summary>
internal sealed class TokenBucket
{
    /// <summary>Fine enough for the largest quota in a second, coarse enough for four years of uptime.</summary>
    private const long UnitsPerSecond = 64_000_000_000;

    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly long _unitsPerTick;
    private readonly long _unitsPerToken;
    private readonly long _window;
    private long _fullAt;

    public TokenBucket(RateLimitRule rule, TimeProvider time)
    {
        Rule = rule;
        _time = time;
        _start = time.GetTimestamp();
        _unitsPerTick = UnitsPerSecond / time.TimestampFrequency;
        _window = rule.WindowSeconds * UnitsPerSecond;
        _unitsPerToken = Math.Max(1, _window / rule.Quota);
    }

    public RateLimitRule Rule { get; }

    public TokenTaken Take()
    {
        var now = Now();
        while (true)
        {
            var fullAt = Volatile.Read(ref _fullAt);
            var next = Math.Max(fullAt, now) + _unitsPerToken;
            if (next > now + _window)
            {
                return new TokenTaken(
                    IsTaken: false, Remaining: 0, Seconds(fullAt - now), Math.Max(1, Seconds(next - now - _window)));
            }

            if (Interlocked.CompareExchange(ref _fullAt, next, fullAt) == fullAt)
            {
                return new TokenTaken(
                    IsTaken: true, (int)((now + _window - next) / _unitsPerToken), Seconds(next - now),
                    RetryAfterSeconds: 0);
            }
        }
    }

    /// <summary>How long these tokens take to grow.</summary>
    public TimeSpan GrowthOf(int tokens) => TimeSpan.FromSeconds((double)tokens * _unitsPerToken / UnitsPerSecond);

    /// <summary>It is full no earlier than after that time: others have taken tokens, too.</summary>
    public void FillNotBefore(TimeSpan after)
    {
        var least = Now() + (long)(after.TotalSeconds * UnitsPerSecond);
        while (true)
        {
            var fullAt = Volatile.Read(ref _fullAt);
            if (fullAt >= least || Interlocked.CompareExchange(ref _fullAt, least, fullAt) == fullAt)
            {
                return;
            }
        }
    }

    private static int Seconds(long units) => (int)((Math.Max(0, units) + UnitsPerSecond - 1) / UnitsPerSecond);

    private long Now() => (_time.GetTimestamp() - _start) * _unitsPerTick;
}
