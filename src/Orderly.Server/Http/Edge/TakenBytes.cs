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
    /// Counts them for the connection of this request; 0 where nothing is known: elsewhere than on Linux, on sockets
    /// that are not TCP, and while nothing waits to be sent. Then it is not the connection that an answer waits for,
    /// but its reader, who in HTTP/2 can stand still while other answers on the connection go on.
    /// </summary>
    public static Func<long> CounterFor(HttpContext http) =>
        OperatingSystem.IsLinux()
            && http.Features.Get<IConnectionSocketFeature>()?.Socket is { ProtocolType: ProtocolType.Tcp } socket
            ? () => Count(socket)
            : () => 0;

    private static long Count(Socket socket)
    {
        Span<byte> info = stackalloc byte[UnsentOffset + sizeof(int)];
        try
        {
            return socket.GetRawSocketOption(TcpLevel, TcpInfo, info) == info.Length
                && BitConverter.ToInt32(info[UnsentOffset..]) > 0
                ? BitConverter.ToInt64(info[AcknowledgedOffset..])
                : 0;
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return 0; // the connection has gone
        }
    }
}
