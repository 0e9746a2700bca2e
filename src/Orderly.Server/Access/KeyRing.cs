using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace Orderly.Server.Access;

/// <summary>
/// Checks keys against the stored digests, and remembers the valid ones for a moment, so that a revoked key is
/// refused on every server within <see cref="RememberedMilliseconds"/>.
/// </summary>
internal sealed class KeyRing(KeyStore store, TimeProvider time)
{
    private const int RememberedMilliseconds = 500;
    private const int RememberedMax = 10_000;
    private const int KeyLengthMax = 512;

    private readonly ConcurrentDictionary<Digest, (StoredKey Key, long Since)> _remembered = new();

    /// <summary>Who the key belongs to; null where it is not valid.</summary>
    public async ValueTask<Caller?> FindAsync(string key, CancellationToken stop)
    {
        if (key.Length is 0 or > KeyLengthMax)
        {
            return null;
        }

        var digest = Digest.Of(key);
        if (_remembered.TryGetValue(digest, out var remembered)
            && time.GetElapsedTime(remembered.Since).TotalMilliseconds < RememberedMilliseconds)
        {
            return remembered.Key.Caller;
        }

        // The index has compared the digest already; comparing it again in constant time costs nothing and leaves
        // no doubt.
        var bytes = digest.ToBytes();
        var found = await store.FindAsync(bytes, stop);
        if (found is null || !CryptographicOperations.FixedTimeEquals(found.Digest, bytes))
        {
            _remembered.TryRemove(digest, out _);
            return null;
        }

        if (_remembered.Count >= RememberedMax)
        {
            _remembered.Clear();
        }

        _remembered[digest] = (found, time.GetTimestamp());
        return found.Caller;
    }

    /// <summary>The SHA-256 of a key's text, as it is stored.</summary>
    public static byte[] DigestOf(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    /// <summary>A digest as a value, so that it can be looked up without making text of it.</summary>
    private readonly record struct Digest(UInt128 High, UInt128 Low)
    {
        public static Digest Of(string key)
        {
            var bytes = DigestOf(key);
            return new Digest(
                System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(bytes),
                System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(bytes.AsSpan(16)));
        }

        public byte[] ToBytes()
        {
            var bytes = new byte[SHA256.HashSizeInBytes];
            System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(bytes, High);
            System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(bytes.AsSpan(16), Low);
            return bytes;
        }
    }
}
