using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Orderly.Server.Http.Edge;

/// <summary>
/// Before the server stops: takes no more connections, and lets callers leave those that they have. Kestrel by itself
/// closes a connection that is between two requests at once, and so loses the request that is on its way there.
/// <code>
///   SIGTERM ──► begins no connection ──► takes those begun ──► refuses all ──► Kestrel stops, once all
///               and each answer says                                           have left or a second later
///               "Connection: close"
/// </code>
/// </summary>
internal sealed class GracefulStop(TimeProvider time) : IHostedLifecycleService
{
    private const int LeaveTimeoutMilliseconds = 1_000;
    private const int AcceptTimeoutMilliseconds = 1_000;
    private const int PollMilliseconds = 2;

    // A handshake that was answered ends within a round trip; who asks for one meanwhile asks again after a second.
    private const int HandshakeMilliseconds = 10;

    // A connection that was taken is counted once a thread is free.
    private const int CountMilliseconds = 50;

    private readonly ConcurrentBag<Socket> _listening = [];
    private volatile bool _isStopping;
    private int _connections;

    /// <summary>Makes the socket that connections are taken at.</summary>
    public Socket Listen(EndPoint endPoint)
    {
        var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint);
        _listening.Add(socket);
        return socket;
    }

    /// <summary>Counts the connections of an address.</summary>
    public void Count(ListenOptions listen) => listen.Use(next => async connection =>
    {
        Interlocked.Increment(ref _connections);
        try
        {
            await next(connection);
        }
        finally
        {
            Interlocked.Decrement(ref _connections);
        }
    });

    /// <summary>Tells the caller, once the server stops, that this is the last answer here.</summary>
    public Task SayAsync(HttpContext http, RequestDelegate next)
    {
        if (_isStopping && HttpProtocol.IsHttp11(http.Request.Protocol))
        {
            http.Response.Headers.Connection = "close";
        }

        return next(http);
    }

    /// <summary>Comes before Kestrel is stopped.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        _isStopping = true;
        foreach (var socket in _listening)
        {
            // Who is connected as far as the kernel is concerned must not be thrown out with the socket.
            HandshakeFilter.Attach(socket);
            await UntilAsync(
                () => !socket.Poll(TimeSpan.Zero, SelectMode.SelectRead), HandshakeMilliseconds,
                AcceptTimeoutMilliseconds);
            socket.Dispose();
        }

        await UntilAsync(
            () => Volatile.Read(ref _connections) == 0, CountMilliseconds,
            CountMilliseconds + LeaveTimeoutMilliseconds);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Waits until something has been so for a while.</summary>
    private async Task UntilAsync(Func<bool> isSo, int whileMilliseconds, int timeoutMilliseconds)
    {
        var start = time.GetTimestamp();
        var since = start;
        while (time.GetElapsedTime(since).TotalMilliseconds < whileMilliseconds
            && time.GetElapsedTime(start).TotalMilliseconds < timeoutMilliseconds)
        {
            await Task.Delay(PollMilliseconds, CancellationToken.None);
            if (!isSo()) since = time.GetTimestamp();
        }
    }
}
