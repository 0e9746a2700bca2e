namespace Orderly.EndToEndTests.Production;

/// <summary>What a day in production is, and how much of it there is.</summary>
internal sealed record DayOptions
{
    /// <summary>At this rate the servers, the database and the load together use about one core of two.</summary>
    public const int RateDefault = 300;

    private const int IntervalsMin = 12;
    private const int SecondsOfMinute = 60;
    private const int SamplesPerInterval = 12;
    private const int SampleMillisecondsMin = 400;

    public double Minutes { get; init; } = 30;

    /// <summary>Requests a second, whether or not those before are answered.</summary>
    public int Rate { get; init; } = RateDefault;

    public int Seed { get; init; } = 1;

    /// <summary>How many followers of the feed there are, by polls and as streams: so many of each.</summary>
    public int FollowersOfEach { get; init; } = 2;

    /// <summary>How long the feed may take to show all, once the clients have stopped.</summary>
    public int CatchUpTimeoutSeconds { get; init; } = 60;

    public Action<string> Report { get; init; } = _ => { };

    public TimeSpan Duration => TimeSpan.FromMinutes(Minutes);

    /// <summary>A minute; less where the run is a short one.</summary>
    public TimeSpan Interval => TimeSpan.FromSeconds(
        Math.Min(SecondsOfMinute, Math.Max(1, Math.Floor(Minutes * SecondsOfMinute / IntervalsMin))));

    public TimeSpan SampleEvery => TimeSpan.FromMilliseconds(
        Math.Max(SampleMillisecondsMin, Interval.TotalMilliseconds / SamplesPerInterval));

    /// <summary>How long it takes from nobody to the whole rate, evenly: callers do not come all at once.</summary>
    public TimeSpan Morning => TimeSpan.FromSeconds(Math.Min(SecondsOfMinute, Duration.TotalSeconds / 4));

    /// <summary>How many requests are due after that time.</summary>
    public long DueAfter(TimeSpan time)
    {
        var (seconds, morning) = (time.TotalSeconds, Morning.TotalSeconds);
        return (long)(Rate * (seconds < morning ? seconds * seconds / (2 * morning) : seconds - (morning / 2)));
    }

    /// <summary>When a request is due, counted from 0.</summary>
    public TimeSpan WhenDue(long number)
    {
        var (full, morning) = ((double)number / Rate, Morning.TotalSeconds);
        return TimeSpan.FromSeconds(full < morning / 2 ? Math.Sqrt(2 * full * morning) : full + (morning / 2));
    }

    /// <summary>The rows of the import: what the clients create in half a minute, and no more than 20,000.</summary>
    public int ImportRows => Math.Clamp((int)(Minutes * SecondsOfMinute * Rate / 20), 100, 20_000);

    /// <summary>When the import starts, from the start.</summary>
    public TimeSpan ImportAt => Duration * 0.35;

    /// <summary>When the export starts, from the start.</summary>
    public TimeSpan ExportAt => Duration * 0.5;
}
