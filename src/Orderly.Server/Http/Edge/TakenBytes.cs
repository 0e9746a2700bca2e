using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;

namespace Orderly.Server.Http.Edge;

/// <summary>How much of what was sent to a caller has come to the other end: what its kernel acknowledged.</summary>
internal static class TakenBytes
{
    private const int TcpLevel = 6; // IPPROTO_TCP
    private const int TcpInfo = 11; // TCP_INFO
    private const int AcknowledgedOffset = 120; // tcpi_bytes_acked, of eight bytes
    private const int UnsentOffset = 144; // tcpi_notsent_bytes, of four bytes; since Linux 4.6

    /// <summary>
    /// Counts them for the answer to this request, from now on; null where nothing is known: elsewhere than on Linux,
    /// on sockets that are not TCP, and in HTTP/2, where a connection carries several answers.
    /// </summary>
    public static Func<long>? CounterFor(HttpContext http)
    {
        if (!OperatingSystem.IsLinux() || !HttpProtocol.IsHttp11(http.Request.Protocol)
            || http.Features.Get<IConnectionSocketFeature>()?.Socket is not { ProtocolType: ProtocolType.Tcp } socket)
        {
            return null;
        }

        var before = Read(socket).Acknowledged;
        return () => Read(socket) is { Unsent: > 0 } now ? now.Acknowledged - before : 0;
    }

    /// <summary>While nothing waits to be sent, what is waited for is not the other end.</summary>
    private static (long Acknowledged, int Unsent) Read(Socket socket)
    {
        Span<byte> info = stackalloc byte[UnsentOffset + sizeof(int)];
        try
        {
            return socket.GetRawSocketOption(TcpLevel, TcpInfo, info) == info.Length
                ? (BitConverter.ToInt64(info[AcknowledgedOffset..]), BitConverter.ToInt32(info[UnsentOffset..]))
                : default;
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return default; // the connection has gone
        }
    }
}
