using System.Diagnostics;

namespace Orderly.EndToEndTests.Production;

/// <summary>What the answers of one kind took within an interval, in milliseconds.</summary>
internal sealed record DayLatency(int Count, double Median, double P99, double Max);

/// <summary>Collects what each answer took, from when it was due, and tells it interval by interval.</summary>
internal sealed class DayClock
{
    private readonly Lock _lock = new();
    private readonly Dictionary<DayWork, List<double>> _current = [];
    private long _total;

    public long Total => Interlocked.Read(ref _total);

    public void Record(DayWork work, long since)
    {
        var took = Math.Max(0, Stopwatch.GetElapsedTime(since).TotalMilliseconds);
        Interlocked.Increment(ref _total);
        lock (_lock)
        {
            if (!_current.TryGetValue(work, out var all))
            {
                _current[work] = all = [];
            }

            all.Add(took);
        }
    }

    /// <summary>What was recorded since the last call.</summary>
    public IReadOnlyDictionary<DayWork, DayLatency> Cut()
    {
        Dictionary<DayWork, List<double>> interval;
        lock (_lock)
        {
            interval = new(_current);
            _current.Clear();
        }

        return interval.ToDictionary(entry => entry.Key, entry => Summarise(entry.Value));
    }

    private static DayLatency Summarise(List<double> took)
    {
        took.Sort();
        return new DayLatency(took.Count, took[took.Count / 2], took[took.Count * 99 / 100], took[^1]);
    }
}
