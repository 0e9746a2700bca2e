using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace Orderly.Server.Changes;

/// <summary>
/// Tells whether two streams in different orders have the same entries the same number of times, in constant memory:
/// the sum of a keyed hash (SipHash-2-4) of each. The key is new for each verification, so no one can prepare a log
/// for it.
/// </summary>
internal sealed class LogFingerprint
{
    private const ulong EntryLength = 20;

    private readonly ulong _key0;
    private readonly ulong _key1;
    private ulong _sum;

    private LogFingerprint(ReadOnlySpan<byte> key)
    {
        _key0 = BinaryPrimitives.ReadUInt64LittleEndian(key);
        _key1 = BinaryPrimitives.ReadUInt64LittleEndian(key[sizeof(ulong)..]);
    }

    public long Count { get; private set; }

    /// <summary>Two that can be compared.</summary>
    public static (LogFingerprint, LogFingerprint) Pair()
    {
        var key = RandomNumberGenerator.GetBytes(2 * sizeof(ulong));
        return (new LogFingerprint(key), new LogFingerprint(key));
    }

    /// <param name="orderId">16 bytes.</param>
    /// <param name="version">4 bytes.</param>
    public void Add(ReadOnlySpan<byte> orderId, ReadOnlySpan<byte> version)
    {
        _sum += Hash(
            BinaryPrimitives.ReadUInt64LittleEndian(orderId),
            BinaryPrimitives.ReadUInt64LittleEndian(orderId[sizeof(ulong)..]),
            BinaryPrimitives.ReadUInt32LittleEndian(version) | (EntryLength << 56));
        Count++;
    }

    public bool Matches(LogFingerprint other) => Count == other.Count && _sum == other._sum;

    private ulong Hash(ulong first, ulong second, ulong last)
    {
        var (a, b, c, d) = (
            _key0 ^ 0x736f6d6570736575, _key1 ^ 0x646f72616e646f6d,
            _key0 ^ 0x6c7967656e657261, _key1 ^ 0x7465646279746573);
        ReadOnlySpan<ulong> words = [first, second, last];
        foreach (var word in words)
        {
            d ^= word;
            Round(ref a, ref b, ref c, ref d);
            Round(ref a, ref b, ref c, ref d);
            a ^= word;
        }

        c ^= 0xff;
        Round(ref a, ref b, ref c, ref d);
        Round(ref a, ref b, ref c, ref d);
        Round(ref a, ref b, ref c, ref d);
        Round(ref a, ref b, ref c, ref d);
        return a ^ b ^ c ^ d;
    }

    private static void Round(ref ulong a, ref ulong b, ref ulong c, ref ulong d)
    {
        a += b;
        b = BitOperations.RotateLeft(b, 13) ^ a;
        a = BitOperations.RotateLeft(a, 32);
        c += d;
        d = BitOperations.RotateLeft(d, 16) ^ c;
        a += d;
        d = BitOperations.RotateLeft(d, 21) ^ a;
        c += b;
        b = BitOperations.RotateLeft(b, 17) ^ c;
        c = BitOperations.RotateLeft(c, 32);
    }
}
