using System.Buffers;
using System.Text;

namespace Orderly.Server.Http;

/// <summary>A growing buffer out of the shared pool, for a body whose length must be known before it is sent.</summary>
internal sealed class PooledBuffer(int sizeHint) : IBufferWriter<byte>, IDisposable
{
    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(sizeHint);

    public int WrittenCount { get; private set; }

    public ReadOnlySpan<byte> WrittenSpan => _bytes.AsSpan(0, WrittenCount);

    public ReadOnlyMemory<byte> WrittenMemory => _bytes.AsMemory(0, WrittenCount);

    public void Advance(int count) => WrittenCount += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _bytes.AsMemory(WrittenCount);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _bytes.AsSpan(WrittenCount);
    }

    public void Write(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(GetSpan(bytes.Length));
        Advance(bytes.Length);
    }

    /// <summary>Writes once more what was written already.</summary>
    public void Repeat(int start, int count)
    {
        Reserve(count);
        _bytes.AsSpan(start, count).CopyTo(_bytes.AsSpan(WrittenCount));
        Advance(count);
    }

    /// <summary>Begins anew, and keeps the memory.</summary>
    public void Clear() => WrittenCount = 0;

    public void WriteAscii(string text) => Advance(Encoding.ASCII.GetBytes(text, GetSpan(text.Length)));

    public void Dispose()
    {
        var bytes = _bytes;
        _bytes = [];
        ArrayPool<byte>.Shared.Return(bytes);
    }

    private void Reserve(int count)
    {
        var needed = WrittenCount + Math.Max(count, 256);
        if (needed <= _bytes.Length)
        {
            return;
        }

        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, _bytes.Length * 2));
        WrittenSpan.CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }
}
