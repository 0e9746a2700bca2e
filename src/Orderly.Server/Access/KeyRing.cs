using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Orderly.Server.Database;
using Orderly.Server.Observability;

namespace Orderly.Server.Access;

/// <summary>
/// Checks keys against the stored digests, and remembers the valid ones for a moment, so that a revoked key is
/// refused on every server within <see cref="RememberedMilliseconds"/>. A key in use is looked up anew before that, in
/// the background, so that no request waits for it.
/// </summary>
internal sealed class KeyRing(KeyStore store, KeyUsage use, RateLimits limits, TimeProvider time)
{
    private const int RememberedMilliseconds = 500;
    private const int RenewedMilliseconds = 250;
    private const int RememberedMax = 10_000;
    private const int LastKnownMinutesMax = 60;
    private const int KeyLengthMax = 512;

    private readonly ConcurrentDictionary<Digest, Remembered> _remembered = new();
    private volatile HashSet<Digest> _bootstrap = [];
    private long _lookups;

    /// <summary>How often the database was asked so far.</summary>
    public long Lookups => Interlocked.Read(ref _lookups);

    /// <summary>The key with this secret; null where there is no valid one.</summary>
    public ValueTask<KnownKey?> FindAsync(string key, CancellationToken stop)
    {
        if (key.Length is 0 or > KeyLengthMax)
        {
            return new(result: null);
        }

        var digest = Digest.Of(key);
        if (_remembered.TryGetValue(digest, out var remembered) && remembered.Holds(Age(remembered)))
        {
            if (Age(remembered).TotalMilliseconds >= RenewedMilliseconds && remembered.TryRenew())
            {
                _ = RenewAsync(digest);
            }

            use.Note(remembered.Key.Caller.KeyId);
            return new(remembered.Key);
        }

        return KeyText.IsMistyped(key) && !_bootstrap.Contains(digest)
            ? new(result: null)
            : new(LookUpAsync(digest, stop));
    }

    /// <summary>
    /// The same, for what tells how the service is: while the database is lost, a key counts as it was last known.
    /// </summary>
    public async ValueTask<KnownKey?> FindDespiteLossAsync(string key, CancellationToken stop)
    {
        try
        {
            return await FindAsync(key, stop);
        }
        catch (Exception exception) when (DatabaseFailure.IsLost(exception) && FindLastKnown(key) is not null)
        {
            return FindLastKnown(key);
        }
    }

    /// <summary>
    /// The bootstrap key may be any text, as its configuration has it, so its secrets are known by their digests.
    /// </summary>
    public void ExemptBootstrap(IEnumerable<byte[]> digests) => _bootstrap = [.. digests.Select(Digest.From)];

    /// <summary>Whether this text, whatever it looks like, is the configured key.</summary>
    public bool IsBootstrap(string key) => key.Length <= KeyLengthMax && _bootstrap.Contains(Digest.Of(key));

    /// <summary>Looks every key up anew, since one was changed.</summary>
    public void Forget() => _remembered.Clear();

    /// <summary>The SHA-256 of a key's text, as it is stored.</summary>
    public static byte[] DigestOf(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    private KnownKey? FindLastKnown(string key) =>
        _remembered.TryGetValue(Digest.Of(key), out var last) && !(last.Key.ValidFor <= Age(last))
        && Age(last).TotalMinutes < LastKnownMinutesMax
            ? last.Key
            : null;

    private TimeSpan Age(Remembered remembered) => time.GetElapsedTime(remembered.Since);

    private async Task<KnownKey?> LookUpAsync(Digest digest, CancellationToken stop)
    {
        // The answer is as old as the question.
        var since = time.GetTimestamp();
        var bytes = digest.ToBytes();
        Interlocked.Increment(ref _lookups);
        Meters.KeyLookups.Add(1);
        var found = await store.FindAsync(bytes, stop);

        // The index has compared the digest already; comparing it again in constant time costs nothing and leaves
        // no doubt.
        if (found is null || !CryptographicOperations.FixedTimeEquals(found.Digest, bytes))
        {
            _remembered.TryRemove(digest, out _);
            return null;
        }

        if (_remembered.Count >= RememberedMax)
        {
            _remembered.Clear();
        }

        var known = found with { Buckets = limits.Of(found.Caller.KeyId, found.RateLimit) };
        _remembered[digest] = new Remembered(known, since);
        use.Note(known.Caller.KeyId);
        return known;
    }

    private async Task RenewAsync(Digest digest)
    {
        try
        {
            await LookUpAsync(digest, CancellationToken.None);
        }
        catch (Exception exception) when (DatabaseFailure.IsDatabase(exception) || exception is TimeoutException)
        {
            // What is remembered runs out in a moment; who asks then is told why.
        }
    }

    private sealed class Remembered(KnownKey key, long since)
    {
        private int _renewed;

        public KnownKey Key { get; } = key;

        public long Since { get; } = since;

        public bool Holds(TimeSpan age) => age.TotalMilliseconds < RememberedMilliseconds && !(Key.ValidFor <= age);

        public bool TryRenew() => Interlocked.Exchange(ref _renewed, 1) == 0;
    }

    /// <summary>A digest as a value, so that it can be looked up without making text of it.</summary>
    private readonly record struct Digest(UInt128 High, UInt128 Low)
    {
        public static Digest Of(string key)
        {
            Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
            Span<byte> utf8 = stackalloc byte[Encoding.UTF8.GetMaxByteCount(KeyLengthMax)];
            SHA256.HashData(utf8[..Encoding.UTF8.GetBytes(key, utf8)], digest);
            return From(digest);
        }

        public static Digest From(byte[] digest) => From(digest.AsSpan());

        public byte[] ToBytes()
        {
            var bytes = new byte[SHA256.HashSizeInBytes];
            BinaryPrimitives.WriteUInt128BigEndian(bytes, High);
            BinaryPrimitives.WriteUInt128BigEndian(bytes.AsSpan(16), Low);
            return bytes;
        }

        private static Digest From(ReadOnlySpan<byte> digest) => new(
            BinaryPrimitives.ReadUInt128BigEndian(digest), BinaryPrimitives.ReadUInt128BigEndian(digest[16..]));
    }
}
