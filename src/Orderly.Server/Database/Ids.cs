using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Orderly.Server.Database;

/// <summary>
/// Makes ids: UUID version 7 (RFC 9562, 5.7), which grow with time and so keep indexes compact. Randomness is taken
/// from the system in larger pieces: a call to it for each id shows in the cost of a write.
/// </summary>
internal sealed class Ids(TimeProvider time)
{
    private const int TimestampLength = 6;
    private const int IdLength = 16;
    private const int RandomLength = IdLength - TimestampLength;
    private const int IdsPerRefill = 128;

    [ThreadStatic]
    private static byte[]? _random;

    [ThreadStatic]
    private static int _used;

    public Guid Next()
    {
        Span<byte> id = stackalloc byte[IdLength];
        Span<byte> milliseconds = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(milliseconds, time.GetUtcNow().ToUnixTimeMilliseconds());
        milliseconds[^TimestampLength..].CopyTo(id);
        TakeRandom(id[TimestampLength..]);
        id[6] = (byte)((id[6] & 0x0F) | 0x70); // version 7
        id[8] = (byte)((id[8] & 0x3F) | 0x80); // variant of RFC 9562
        return new Guid(id, bigEndian: true);
    }

    private static void TakeRandom(Span<byte> target)
    {
        var random = _random;
        if (random is null || _used == random.Length)
        {
            random = _random ??= new byte[RandomLength * IdsPerRefill];
            RandomNumberGenerator.Fill(random);
            _used = 0;
        }

        random.AsSpan(_used, RandomLength).CopyTo(target);
        _used += RandomLength;
    }
}
