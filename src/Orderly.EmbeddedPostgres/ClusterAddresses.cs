using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Orderly.EmbeddedPostgres;

/// <summary>Where clients reach the cluster: a unix socket's directory or 127.0.0.1, and the port of both.</summary>
internal sealed record ClusterAddress(string Host, int Port, bool ListensOnTcp)
{
    public const string Loopback = "127.0.0.1";
}

/// <summary>Chooses between the unix socket and the loopback address.</summary>
internal static class ClusterAddresses
{
    private const int defaultPort = 5432;

    // sockaddr_un.sun_path holds 108 bytes on Linux and 104 on macOS, the closing zero included.
    private const int socketPathBytesMaxLinux = 107;
    private const int socketPathBytesMaxMacOS = 103;

    /// <summary>A running cluster keeps its port, so that it can be taken over.</summary>
    public static ClusterAddress Choose(ClusterHome home, int? configuredPort, int? runningPort)
    {
        var port = configuredPort ?? defaultPort;
        if (SocketIsPossible(home.SocketDirectory, port))
            return new ClusterAddress(home.SocketDirectory, port, configuredPort is not null);
        return new ClusterAddress(ClusterAddress.Loopback, configuredPort ?? runningPort ?? FreePort(),
            ListensOnTcp: true);
    }

    public static void RequireFree(int port)
    {
        if (!IsFree(port))
            throw PortTaken(port);
    }

    public static EmbeddedPostgresException PortTaken(int port) => new(
        $"Port {port} on {ClusterAddress.Loopback}, which the embedded PostgreSQL is set to use (Port), is taken by "
        + "another program: stop that one, set another port, or set none to use a unix socket only.");

    // A comma separates hosts and socket directories, so a path with one can't be told apart from two.
    private static bool SocketIsPossible(string socketDirectory, int port) =>
        !socketDirectory.Contains(',', StringComparison.Ordinal)
        && Encoding.UTF8.GetByteCount($"{socketDirectory}/.s.PGSQL.{port}")
            <= (OperatingSystem.IsMacOS() ? socketPathBytesMaxMacOS : socketPathBytesMaxLinux);

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
