using System.Buffers.Binary;

namespace Orderly.Server.Database;

/// <summary>
/// Reads the rows of a <c>copy … to stdout (format binary)</c> one after the other, in constant memory and without
/// making objects of the values: a field is the bytes that PostgreSQL sent.
/// </summary>
internal sealed class CopyRows(Stream stream)
{
    private const int BufferLengthBytes = 256 * 1024;
    private const int SignatureLengthBytes = 11;
    private const int FlagsLengthBytes = 4;

    private byte[] _buffer = new byte[BufferLengthBytes];
    private (int Start, int Length)[] _fields = [];
    private bool _begun;
    private int _start;
    private int _end;
    private int _at;

    /// <summary>Goes to the next row. False: there are no more.</summary>
    public bool Read()
    {
        if (!_begun)
        {
            SkipHeader();
        }

        _start = _at;
        var count = ReadInt16();
        if (count < 0)
        {
            return false;
        }

        if (_fields.Length != count)
        {
            _fields = new (int, int)[count];
        }

        // Places are told from the start of the row, since filling the buffer moves the row to its beginning.
        for (var i = 0; i < count; i++)
        {
            var length = ReadInt32();
            _fields[i] = (_at - _start, length);
            Need(Math.Max(length, 0));
            _at += Math.Max(length, 0);
        }

        return true;
    }

    public bool IsNull(int field) => _fields[field].Length < 0;

    /// <summary>The value's bytes, valid until the next row is read; empty for null.</summary>
    public ReadOnlySpan<byte> Bytes(int field) =>
        _buffer.AsSpan(_start + _fields[field].Start, Math.Max(_fields[field].Length, 0));

    public int Int32(int field) => BinaryPrimitives.ReadInt32BigEndian(Bytes(field));

    public long Int64(int field) => BinaryPrimitives.ReadInt64BigEndian(Bytes(field));

    public bool Bool(int field) => Bytes(field)[0] != 0;

    public Guid Guid(int field) => new(Bytes(field), bigEndian: true);

    private void SkipHeader()
    {
        _begun = true;
        Need(SignatureLengthBytes + FlagsLengthBytes);
        _at += SignatureLengthBytes + FlagsLengthBytes;
        var extension = ReadInt32();
        Need(extension);
        _at += extension;
    }

    private short ReadInt16()
    {
        Need(sizeof(short));
        _at += sizeof(short);
        return BinaryPrimitives.ReadInt16BigEndian(_buffer.AsSpan(_at - sizeof(short)));
    }

    private int ReadInt32()
    {
        Need(sizeof(int));
        _at += sizeof(int);
        return BinaryPrimitives.ReadInt32BigEndian(_buffer.AsSpan(_at - sizeof(int)));
    }

    /// <summary>Sees to it that so many bytes are there, keeping the row that is being read.</summary>
    private void Need(int count)
    {
        if (_end - _at >= count)
        {
            return;
        }

        var kept = _end - _start;
        var place = _at - _start + count > _buffer.Length
            ? new byte[Math.Max(_buffer.Length * 2, _at - _start + count)]
            : _buffer;
        Buffer.BlockCopy(_buffer, _start, place, 0, kept);
        _buffer = place;
        _at -= _start;
        _start = 0;
        _end = kept;
        while (_end - _at < count)
        {
            var read = stream.Read(_buffer.AsSpan(_end));
            _end += read > 0 ? read : throw new EndOfStreamException("The database stopped in the middle of a row.");
        }
    }
}
