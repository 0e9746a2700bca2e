using System.Collections.Concurrent;
using Orderly.Contract.Access;
using Orderly.Server.Configuration;
using Orderly.Server.Http;

namespace Orderly.Server.Access;

/// <summary>What a request counts as.</summary>
internal enum RequestKind
{
    Read,
    Write,
    Stream,
}

/// <summary>The buckets of one key.</summary>
internal sealed record KeyBuckets(SharedBucket Reads, SharedBucket Writes, SharedBucket Streams)
{
    public SharedBucket Of(RequestKind kind) => kind switch
    {
        RequestKind.Read => Reads,
        RequestKind.Write => Writes,
        RequestKind.Stream => Streams,
    };
}

/// <summary>How much each key may do in a time.</summary>
internal sealed class RateLimits(LimitSettings settings, RateUsageStore store, TimeProvider time)
{
    private const int KeysMax = 100_000;

    private readonly ConcurrentDictionary<string, KeyBuckets> _keys = new(StringComparer.Ordinal);

    /// <summary>The buckets of a key, by its own limits where it has some. Those of an unchanged rule stay.</summary>
    public KeyBuckets Of(string keyId, KeyRateLimit? limit)
    {
        if (_keys.Count >= KeysMax)
        {
            _keys.Clear();
        }

        var before = _keys.GetValueOrDefault(keyId);
        var reads = Bucket(before?.Reads, "reads", limit?.Reads, settings.Reads);
        var writes = Bucket(before?.Writes, "writes", limit?.Writes, settings.Writes);
        var streams = Bucket(before?.Streams, "streams", limit?.Streams, settings.Streams);
        if (before is not null && before.Reads == reads && before.Writes == writes && before.Streams == streams)
        {
            return before;
        }

        var buckets = new KeyBuckets(reads, writes, streams);
        return before is null ? _keys.GetOrAdd(keyId, buckets) : _keys[keyId] = buckets;

        SharedBucket Bucket(SharedBucket? known, string kind, RateLimitRule? own, int quota)
        {
            var rule = own ?? new RateLimitRule { Quota = quota, WindowSeconds = settings.WindowSeconds };
            return known is not null && known.Rule == rule
                ? known
                : new SharedBucket(keyId, kind, rule, store, time);
        }
    }

    public static RequestKind KindOf(HttpRequest request)
    {
        if (!HttpMethods.IsGet(request.Method))
        {
            return HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method)
                ? RequestKind.Read
                : RequestKind.Write;
        }

        return ListFormat.IsStreamAsked(request) ? RequestKind.Stream : RequestKind.Read;
    }
}
