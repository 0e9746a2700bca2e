using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Orderly.Server.Changes;

/// <summary>
/// Tells whether two streams in different orders have the same entries the same number of times, in constant memory:
/// the sum of a keyed hash of each. The key is new for each verification, so no one can prepare a log for it.
/// </summary>
internal sealed class LogFingerprint
{
    private const int KeyLengthBytes = 32;
    private const int EntryLengthBytes = 20;

    private readonly byte[] _input = new byte[KeyLengthBytes + EntryLengthBytes];
    private readonly byte[] _hash = new byte[LogHash.LengthBytes];
    private ulong _low;
    private ulong _high;

    private LogFingerprint(ReadOnlySpan<byte> key) => key.CopyTo(_input);

    public long Count { get; private set; }

    /// <summary>Two that can be compared.</summary>
    public static (LogFingerprint, LogFingerprint) Pair()
    {
        var key = RandomNumberGenerator.GetBytes(KeyLengthBytes);
        return (new LogFingerprint(key), new LogFingerprint(key));
    }

    /// <param name="orderId">16 bytes.</param>
    /// <param name="version">4 bytes.</param>
    public void Add(ReadOnlySpan<byte> orderId, ReadOnlySpan<byte> version)
    {
        orderId.CopyTo(_input.AsSpan(KeyLengthBytes));
        version.CopyTo(_input.AsSpan(KeyLengthBytes + orderId.Length));
        SHA256.HashData(_input, _hash);
        _low += BinaryPrimitives.ReadUInt64LittleEndian(_hash);
        _high += BinaryPrimitives.ReadUInt64LittleEndian(_hash.AsSpan(sizeof(ulong)));
        Count++;
    }

    public bool Matches(LogFingerprint other) =>
        Count == other.Count && _low == other._low && _high == other._high;
}
