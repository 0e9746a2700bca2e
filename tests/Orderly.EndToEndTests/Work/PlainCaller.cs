using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Orderly.EndToEndTests.Running;

namespace Orderly.EndToEndTests.Work;

/// <summary>What became of one request, seen from below HTTP.</summary>
internal enum Fate
{
    /// <summary>A complete answer came.</summary>
    Answered,

    /// <summary>The connection was refused, so that nothing was sent, and another server can be asked.</summary>
    Refused,

    /// <summary>It was sent, or a part of it, and no complete answer came.</summary>
    Lost,
}

/// <summary>An answer, or none.</summary>
internal sealed record PlainAnswer(Fate Fate, int Status, JsonElement Body, string? Failure);

/// <summary>
/// One caller on one connection at a time, kept open as long as the server lets it or for one request, that never
/// tries anything again by itself: a real HTTP client hides what is lost on the way.
/// </summary>
internal sealed class PlainCaller(bool keepsConnection) : IDisposable
{
    private const int BufferSizeBytes = 64 * 1024;
    private const int TimeoutSeconds = 20;

    private readonly byte[] _buffer = new byte[BufferSizeBytes];
    private Socket? _socket;
    private int _port;

    public async Task<PlainAnswer> SendAsync(int port, string method, string path, string json, string extra = "")
    {
        if (_socket is null || _port != port)
        {
            _socket?.Dispose();
            _socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            _port = port;
            try
            {
                await _socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port));
            }
            catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionRefused)
            {
                Close();
                return new PlainAnswer(Fate.Refused, 0, default, exception.Message);
            }
            catch (SocketException exception)
            {
                Close();
                return new PlainAnswer(Fate.Lost, 0, default, $"{method} {path}: {exception.Message}");
            }
        }

        try
        {
            using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(TimeoutSeconds));
            var length = Encoding.UTF8.GetByteCount(json);
            await _socket.SendAsync(Encoding.UTF8.GetBytes(
                $"{method} {path} HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: {ServerProcess.Key}\r\n{extra}"
                + $"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{json}"), timeout.Token);
            return await ReceiveAsync(timeout.Token);
        }
        catch (Exception exception) when (exception is SocketException or IOException or OperationCanceledException)
        {
            Close();
            return new PlainAnswer(Fate.Lost, 0, default, $"{method} {path}: {exception.Message}");
        }
    }

    public void Dispose() => Close();

    private async Task<PlainAnswer> ReceiveAsync(CancellationToken stop)
    {
        var filled = 0;
        int end;
        while ((end = _buffer.AsSpan(0, filled).IndexOf("\r\n\r\n"u8)) < 0)
        {
            filled += await FillAsync(filled, stop);
        }

        var head = Encoding.ASCII.GetString(_buffer, 0, end).Split("\r\n");
        var status = int.Parse(head[0].Split(' ')[1], CultureInfo.InvariantCulture);
        var length = int.Parse(Header(head, "Content-Length") ?? "0", CultureInfo.InvariantCulture);
        while (filled < end + 4 + length)
        {
            filled += await FillAsync(filled, stop);
        }

        var body = length == 0 ? default
            : JsonSerializer.Deserialize<JsonElement>(_buffer.AsSpan(end + 4, length));
        if (!keepsConnection || string.Equals(Header(head, "Connection"), "close", StringComparison.OrdinalIgnoreCase))
        {
            Close();
        }

        return new PlainAnswer(Fate.Answered, status, body, Failure: null);
    }

    private async Task<int> FillAsync(int filled, CancellationToken stop) =>
        await _socket!.ReceiveAsync(_buffer.AsMemory(filled), stop) is var count and > 0
            ? count : throw new IOException($"The connection was closed after {filled} bytes of the answer.");

    private static string? Header(string[] head, string name) => head
        .FirstOrDefault(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))?[(name.Length + 1)..]
        .Trim();

    private void Close()
    {
        _socket?.Dispose();
        _socket = null;
    }
}
