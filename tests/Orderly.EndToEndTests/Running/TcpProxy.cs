using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Orderly.EndToEndTests.Running;

/// <summary>
/// A wire that can be cut: forwards TCP connections to a port on loopback, and does to them what networks do.
/// </summary>
internal sealed class TcpProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<ProxiedConnection, bool> _connections = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;
    private int _answersToLose;

    public TcpProxy()
    {
        _listener.Start(backlog: 512);
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>The port that connections go to from now on.</summary>
    public int Target { get; set; }

    /// <summary>How long everything takes on its way.</summary>
    public int DelayMilliseconds { get; set; }

    /// <summary>Breaks all connections with a reset, whatever they were about.</summary>
    public void ResetAll()
    {
        foreach (var connection in _connections.Keys)
        {
            connection.Reset();
        }
    }

    /// <summary>Tells the far side of all connections that nothing more will come.</summary>
    public void HalfCloseAll()
    {
        foreach (var connection in _connections.Keys)
        {
            connection.HalfClose();
        }
    }

    /// <summary>
    /// From now on nothing arrives on the connections that there are, and nobody is told: neither end hears of it, as
    /// behind a switch that lost its power. New connections work.
    /// </summary>
    public void SilenceAll()
    {
        foreach (var connection in _connections.Keys)
        {
            connection.IsSilent = true;
        }
    }

    /// <summary>
    /// The next so many answers do not arrive: the request went through, then the connection is reset.
    /// </summary>
    public void LoseAnswers(int count) => Volatile.Write(ref _answersToLose, count);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        ResetAll();
        await _accepting;
        _stop.Dispose();
    }

    internal bool TakeAnswerToLose()
    {
        while (Volatile.Read(ref _answersToLose) is var left and > 0)
        {
            if (Interlocked.CompareExchange(ref _answersToLose, left - 1, left) == left)
            {
                return true;
            }
        }

        return false;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptSocketAsync(_stop.Token);
                _ = Task.Run(() => ServeAsync(client));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException)
        {
            // The proxy is being stopped.
        }
    }

    private async Task ServeAsync(Socket client)
    {
        using var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        client.NoDelay = server.NoDelay = true;
        var connection = new ProxiedConnection(this, client, server);
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, Target, _stop.Token);
            _connections.TryAdd(connection, true);
            await connection.RunAsync();
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException
            or ObjectDisposedException)
        {
            connection.Reset();
        }
        finally
        {
            _connections.TryRemove(connection, out _);
            client.Dispose();
        }
    }
}

/// <summary>One connection with both its ends.</summary>
internal sealed class ProxiedConnection(TcpProxy proxy, Socket client, Socket server)
{
    private const int BufferBytes = 64 * 1024;

    /// <summary>Takes what comes, and forwards nothing.</summary>
    public bool IsSilent { get; set; }

    /// <summary>Forwards both ways until both are at their end.</summary>
    public Task RunAsync() => Task.WhenAll(
        ForwardAsync(client, server, isAnswer: false), ForwardAsync(server, client, isAnswer: true));

    public void Reset()
    {
        Abort(client);
        Abort(server);
    }

    public void HalfClose()
    {
        try
        {
            server.Shutdown(SocketShutdown.Send);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // It has ended already.
        }
    }

    private async Task ForwardAsync(Socket from, Socket to, bool isAnswer)
    {
        var buffer = new byte[BufferBytes];
        try
        {
            while (await from.ReceiveAsync(buffer) is var count and > 0)
            {
                if (IsSilent)
                {
                    continue;
                }

                if (proxy.DelayMilliseconds > 0)
                {
                    await Task.Delay(proxy.DelayMilliseconds);
                }

                if (isAnswer && proxy.TakeAnswerToLose())
                {
                    Reset();
                    return;
                }

                for (var sent = 0; sent < count;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, count - sent));
                }
            }

            if (!IsSilent)
            {
                to.Shutdown(SocketShutdown.Send);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            Reset();
        }
    }

    /// <summary>Without lingering a close is a reset.</summary>
    private static void Abort(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(enable: true, seconds: 0);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // It has ended already.
        }

        socket.Dispose();
    }
}
