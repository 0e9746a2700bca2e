using System.Numerics;

namespace Orderly.Bench.Load;

/// <summary>Counts latencies in buckets of 1.6 % width, from 1 µs to over an hour, without allocating.</summary>
internal sealed class LatencyHistogram
{
    // Below 64 µs a bucket is 1 µs wide; above, each power of two is divided into 64 buckets.
    private const int SubBucketBits = 6;
    private const int SubBuckets = 1 << SubBucketBits;
    private const int ExponentMax = 32;

    private readonly long[] counts = new long[SubBuckets * (ExponentMax + 1)];

    public long Count { get; private set; }

    public long MaxMicroseconds { get; private set; }

    public void Add(long microseconds)
    {
        if (microseconds > MaxMicroseconds) MaxMicroseconds = microseconds;
        Count++;
        counts[Math.Min(Index(microseconds), counts.Length - 1)]++;
    }

    public void Add(LatencyHistogram other)
    {
        for (var i = 0; i < counts.Length; i++) counts[i] += other.counts[i];
        Count += other.Count;
        MaxMicroseconds = Math.Max(MaxMicroseconds, other.MaxMicroseconds);
    }

    /// <summary>The latency that this share (0 to 1) of all requests kept below.</summary>
    public double Milliseconds(double share)
    {
        var wanted = (long)Math.Ceiling(Count * share);
        long seen = 0;
        for (var i = 0; i < counts.Length; i++)
        {
            seen += counts[i];
            if (seen >= wanted && seen > 0) return Math.Min(UpperBound(i), MaxMicroseconds) / 1000.0;
        }
        return 0;
    }

    private static int Index(long value)
    {
        if (value < SubBuckets) return (int)Math.Max(value, 0);
        var exponent = BitOperations.Log2((ulong)value) - SubBucketBits;
        return ((exponent + 1) << SubBucketBits) + (int)((value >> exponent) - SubBuckets);
    }

    private static long UpperBound(int index)
    {
        if (index < SubBuckets) return index;
        var exponent = (index >> SubBucketBits) - 1;
        return ((long)((index & (SubBuckets - 1)) + SubBuckets + 1) << exponent) - 1;
    }
}
