using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Orderly.Bench.Load;

/// <summary>
/// One HTTP/1.1 response as it arrives, in one buffer that is used again. Chunks are moved together in place, so that
/// the body is one span. RFC 9112, sections 6 and 7.
/// </summary>
internal sealed class HttpResponse
{
    private const int BufferBytesFirst = 64 * 1024;
    private const int BufferBytesMax = 16 * 1024 * 1024;

    private byte[] buffer = new byte[BufferBytesFirst];
    private int received;
    private int headEnd;
    private int bodyEnd;
    private int scanned;
    private int contentLength;
    private bool chunked;

    public int Status { get; private set; }

    public ReadOnlySpan<byte> Head => buffer.AsSpan(0, headEnd);

    public ReadOnlySpan<byte> Body => buffer.AsSpan(headEnd, bodyEnd - headEnd);

    public void Clear()
    {
        received = headEnd = bodyEnd = scanned = contentLength = 0;
        chunked = false;
        Status = 0;
    }

    /// <summary>Where the next bytes go.</summary>
    public Memory<byte> Free()
    {
        if (received == buffer.Length)
        {
            if (received >= BufferBytesMax) throw new InvalidDataException("The response is larger than 16 MiB.");
            Array.Resize(ref buffer, buffer.Length * 2);
        }
        return buffer.AsMemory(received);
    }

    /// <summary>Takes note of bytes that have arrived. True: the response is complete.</summary>
    public bool Advance(int count)
    {
        received += count;
        if (headEnd == 0 && !TryReadHead()) return false;
        return chunked ? TryReadChunks() : TryReadFixed();
    }

    private bool TryReadHead()
    {
        var end = buffer.AsSpan(0, received).IndexOf("\r\n\r\n"u8);
        if (end < 0) return false;
        headEnd = bodyEnd = scanned = end + 4;
        var head = buffer.AsSpan(0, end + 2);
        if (!head.StartsWith("HTTP/1.1 "u8) || !Utf8Parser.TryParse(head[9..], out int status, out _))
            throw new InvalidDataException("The answer is not HTTP/1.1.");
        Status = status;
        head = head[(head.IndexOf("\r\n"u8) + 2)..];
        while (head.Length > 0)
        {
            var lineEnd = head.IndexOf("\r\n"u8);
            ReadHeader(head[..lineEnd]);
            head = head[(lineEnd + 2)..];
        }
        return true;
    }

    private void ReadHeader(ReadOnlySpan<byte> line)
    {
        if (ValueOf(line, "content-length:"u8, out var length))
        {
            if (!Utf8Parser.TryParse(length, out contentLength, out _))
                throw new InvalidDataException("Content-Length is not a number.");
        }
        else if (ValueOf(line, "transfer-encoding:"u8, out var encoding))
        {
            chunked = Ascii.EqualsIgnoreCase(encoding, "chunked"u8);
        }
    }

    private static bool ValueOf(ReadOnlySpan<byte> line, ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        var found = line.Length > name.Length && Ascii.EqualsIgnoreCase(line[..name.Length], name);
        value = found ? line[name.Length..].Trim((byte)' ') : default;
        return found;
    }

    private bool TryReadFixed()
    {
        if (received - headEnd < contentLength) return false;
        bodyEnd = headEnd + contentLength;
        return true;
    }

    private bool TryReadChunks()
    {
        while (true)
        {
            var rest = buffer.AsSpan(scanned, received - scanned);
            var lineEnd = rest.IndexOf("\r\n"u8);
            if (lineEnd < 0) return false;
            var digits = rest[..lineEnd];
            if (!int.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var size))
                throw new InvalidDataException("The length of a chunk is not a number.");
            if (rest.Length < lineEnd + 2 + size + 2) return false;
            rest.Slice(lineEnd + 2, size).CopyTo(buffer.AsSpan(bodyEnd));
            bodyEnd += size;
            scanned += lineEnd + 2 + size + 2;
            if (size == 0) return true;
        }
    }
}
