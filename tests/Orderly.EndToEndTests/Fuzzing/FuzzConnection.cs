using System.Buffers;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Orderly.EndToEndTests.Fuzzing;

/// <summary>
/// A connection that sends bytes as they are and reads one answer: an HTTP client would repair or refuse what is
/// to be sent here.
/// </summary>
internal sealed class FuzzConnection(Uri address, TimeSpan patience) : IAsyncDisposable
{
    private const int ChunkBytes = 32 * 1024;

    /// <summary>What is read of a body; a stream may be longer than anybody wants to wait for.</summary>
    private const int BodyReadMaxBytes = 2 * 1024 * 1024;

    private readonly byte[] _chunk = new byte[ChunkBytes];
    private TcpClient? _client;
    private NetworkStream? _stream;
    private int _have;
    private int _at;

    /// <summary>Sends a request and reads its answer. The next goes over the same connection if it can.</summary>
    /// <param name="isLast">Whether what follows the answer can't be trusted.</param>
    public async Task<FuzzAnswer> ExchangeAsync(byte[] message, bool isHead, bool isLast)
    {
        using var stop = new CancellationTokenSource(patience);
        try
        {
            if (_client is null)
            {
                _client = new TcpClient { NoDelay = true };
                await _client.ConnectAsync(address.Host, address.Port, stop.Token);
                _stream = _client.GetStream();
                (_have, _at) = (0, 0);
            }

            var sending = SendAsync(_client, _stream!, message, isLast, stop.Token);
            var answer = await ReadAsync(isHead, stop.Token);
            if (isLast || !answer.IsWhole || !sending.IsCompletedSuccessfully || !await sending
                || answer.Header("Connection") == "close")
            {
                Close();
            }

            return answer;
        }
        catch (Exception error) when (error is IOException or SocketException or OperationCanceledException
            or FormatException)
        {
            Close();
            return new FuzzAnswer(0, [], [], isWhole: false, $"{error.GetType().Name}: {error.Message}");
        }
    }

    public ValueTask DisposeAsync()
    {
        Close();
        return ValueTask.CompletedTask;
    }

    /// <summary>A server may answer and close before it has read all; that alone is no failure.</summary>
    private static async Task<bool> SendAsync(
        TcpClient client, NetworkStream stream, byte[] message, bool isLast, CancellationToken stop)
    {
        try
        {
            await stream.WriteAsync(message, stop);
            if (isLast)
            {
                // Nothing more comes: the server need not wait for what its reading of the message lacks.
                client.Client.Shutdown(SocketShutdown.Send);
            }

            return true;
        }
        catch (Exception error) when (error is IOException or SocketException
            or OperationCanceledException or ObjectDisposedException)
        {
            return false;
        }
    }

    private async Task<FuzzAnswer> ReadAsync(bool isHead, CancellationToken stop)
    {
        var words = (await LineAsync(stop)).Split(' ', 3);
        if (words.Length < 2 || !words[0].StartsWith("HTTP/1.", StringComparison.Ordinal))
        {
            throw new FormatException("The answer is no HTTP.");
        }

        var status = int.Parse(words[1], CultureInfo.InvariantCulture);
        var headers = new List<(string Name, string Value)>();
        while (await LineAsync(stop) is { Length: > 0 } line)
        {
            var colon = line.IndexOf(':');
            headers.Add((line[..colon], line[(colon + 1)..].Trim()));
        }

        if (status == 100)
        {
            return await ReadAsync(isHead, stop);
        }

        var answer = new FuzzAnswer(status, headers, [], isWhole: true, failure: null);
        if (isHead || status is 204 or 304)
        {
            return answer;
        }

        if (answer.MediaType == "text/event-stream")
        {
            return new FuzzAnswer(status, headers, [], isWhole: false, failure: null);
        }

        var body = new MemoryStream();
        var isWhole = answer.Header("Content-Length") is { } length
            ? await CopyAsync(body, int.Parse(length, CultureInfo.InvariantCulture), stop)
            : answer.Header("Transfer-Encoding") == "chunked" && await ChunksAsync(body, stop);
        return new FuzzAnswer(status, headers, body.ToArray(), isWhole, failure: null);
    }

    private async Task<bool> ChunksAsync(MemoryStream body, CancellationToken stop)
    {
        while (int.Parse(await LineAsync(stop), NumberStyles.HexNumber, CultureInfo.InvariantCulture)
            is > 0 and var size)
        {
            if (!await CopyAsync(body, size, stop))
            {
                return false;
            }

            await LineAsync(stop);
        }

        await LineAsync(stop);
        return true;
    }

    private async Task<bool> CopyAsync(MemoryStream body, int count, CancellationToken stop)
    {
        while (count > 0 && body.Length < BodyReadMaxBytes)
        {
            await FillAsync(stop);
            var some = Math.Min(count, _have - _at);
            body.Write(_chunk, _at, some);
            _at += some;
            count -= some;
        }

        return count == 0;
    }

    private async Task<string> LineAsync(CancellationToken stop)
    {
        var line = new ArrayBufferWriter<byte>();
        while (true)
        {
            await FillAsync(stop);
            var end = _chunk.AsSpan(_at, _have - _at).IndexOf((byte)'\n');
            line.Write(_chunk.AsSpan(_at, end < 0 ? _have - _at : end));
            _at = end < 0 ? _have : _at + end + 1;
            if (end >= 0)
            {
                return Encoding.Latin1.GetString(line.WrittenSpan).TrimEnd('\r');
            }
        }
    }

    private async Task FillAsync(CancellationToken stop)
    {
        if (_at < _have)
        {
            return;
        }

        (_at, _have) = (0, await _stream!.ReadAsync(_chunk, stop));
        if (_have == 0)
        {
            throw new IOException("The server closed the connection before the answer was whole.");
        }
    }

    private void Close()
    {
        _client?.Dispose();
        _client = null;
    }
}
