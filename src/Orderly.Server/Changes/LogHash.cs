using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Orderly.Server.Changes;

/// <summary>
/// The hashes of the log as <c>0002_verifiable_log.sql</c> defines them, computed anew from the values as PostgreSQL
/// sends them. The two sides are compared by a property test.
/// </summary>
internal sealed class LogHash
{
    public const int LengthBytes = 32;
    private const int SaltLengthBytes = 16;
    private const int BufferLengthBytes = 8 * 1024;
    private const byte LeafPrefix = 0;

    /// <summary>What stands for the hash before the first version.</summary>
    public static readonly byte[] BeforeFirst = new byte[LengthBytes];

    private byte[] _buffer = new byte[BufferLengthBytes];
    private int _length;

    /// <summary>Random, so that a commitment tells nothing of short or guessable data once the salt is gone.</summary>
    public static byte[] NewSalt() => RandomNumberGenerator.GetBytes(SaltLengthBytes);

    /// <summary>Begins plain bytes.</summary>
    public void Begin() => _length = 0;

    public void AddBytes(ReadOnlySpan<byte> value) => value.CopyTo(Reserve(value.Length));

    /// <summary>Begins the bytes of a row in PostgreSQL's binary form.</summary>
    public void BeginRow(int columns)
    {
        _length = 0;
        AddInt32(columns);
    }

    /// <summary>Begins the bytes of a leaf (RFC 6962, section 2.1).</summary>
    public void BeginLeaf(int columns)
    {
        _length = 0;
        Reserve(1)[0] = LeafPrefix;
        AddInt32(columns);
    }

    public void Add(PostgresType type, ReadOnlySpan<byte> value)
    {
        AddInt32((int)type);
        AddInt32(value.Length);
        value.CopyTo(Reserve(value.Length));
    }

    public void AddNull(PostgresType type)
    {
        AddInt32((int)type);
        AddInt32(-1);
    }

    public void AddOrNull(PostgresType type, byte[]? value)
    {
        if (value is null)
        {
            AddNull(type);
        }
        else
        {
            Add(type, value);
        }
    }

    public void Add(int value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        Add(PostgresType.Int4, bytes);
    }

    /// <summary>The SHA-256 of what was added.</summary>
    public void Finish(Span<byte> hash) => SHA256.HashData(_buffer.AsSpan(0, _length), hash);

    private void AddInt32(int value) => BinaryPrimitives.WriteInt32BigEndian(Reserve(sizeof(int)), value);

    private Span<byte> Reserve(int length)
    {
        if (_length + length > _buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + length));
        }

        var place = _buffer.AsSpan(_length, length);
        _length += length;
        return place;
    }
}

/// <summary>The ids of PostgreSQL's own types, which stand in its binary form of a row and never change.</summary>
internal enum PostgresType
{
    Bool = 16,
    Bytea = 17,
    Int8 = 20,
    Int4 = 23,
    TimestampTz = 1184,
    Uuid = 2950,
}
