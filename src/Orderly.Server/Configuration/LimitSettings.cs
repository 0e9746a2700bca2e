namespace Orderly.Server.Configuration;

/// <summary>How much callers may do in a time. Section <c>Limits</c>.</summary>
internal sealed record LimitSettings
{
    public const int QuotaMax = 1_000_000_000;
    public const int WindowSecondsMax = 86_400;

    /// <summary>Requests that read, per key and window.</summary>
    public int Reads { get; init; } = 3_000_000;

    /// <summary>Requests that write, per key and window.</summary>
    public int Writes { get; init; } = 1_500_000;

    /// <summary>Streams opened, per key and window.</summary>
    public int Streams { get; init; } = 600;

    /// <summary>Wrong keys, per address and window, before they are told to wait.</summary>
    public int BadKeys { get; init; } = 300;

    /// <summary>The window of these quotas.</summary>
    public int WindowSeconds { get; init; } = 60;

    /// <summary>Requests in work at a time; more are refused at once.</summary>
    public int ConcurrentRequests { get; init; } = 1_000;

    /// <summary>Streams and waiting reads at a time, which hold a connection but no work.</summary>
    public int ConcurrentStreams { get; init; } = 10_000;
}
