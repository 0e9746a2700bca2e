using System.Diagnostics;
using System.Net.Sockets;
using Orderly.EmbeddedPostgres;

namespace Orderly.Tests.EmbeddedPostgres;

/// <summary>
/// Another process that owns a cluster, so that it can be killed: this test program again, told to run only the
/// explicit test below, which reports over a unix socket.
/// </summary>
internal sealed class ClusterOwner : IAsyncDisposable
{
    public const string DirectoryVariable = "ORDERLY_TEST_CLUSTER_DIRECTORY";
    public const string SocketVariable = "ORDERLY_TEST_CLUSTER_SOCKET";
    private readonly Process process;
    private readonly Socket socket;
    private readonly StreamReader reports;

    private ClusterOwner(Process process, Socket socket)
    {
        this.process = process;
        this.socket = socket;
        reports = new StreamReader(new NetworkStream(socket));
    }

    public int ProcessId => process.Id;

    public static async Task<ClusterOwner> StartAsync(TemporaryClusters temporary)
    {
        var ct = TestContext.Current.CancellationToken;
        var path = temporary.Root + ".sock";
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        try
        {
            var start = new ProcessStartInfo("dotnet",
                [typeof(ClusterOwner).Assembly.Location, "-explicit", "only", "-noLogo", "-method",
                 $"{typeof(ClusterOwnerProgram).FullName}.{nameof(ClusterOwnerProgram.Owns_a_cluster_until_killed)}"])
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
            };
            start.Environment[DirectoryVariable] = temporary.Root;
            start.Environment[SocketVariable] = path;
            var started = Process.Start(start).ShouldNotBeNull();
            started.OutputDataReceived += (_, line) => temporary.Lines.Enqueue($"owner: {line.Data}");
            started.BeginOutputReadLine();
            return new ClusterOwner(started, await listener.AcceptAsync(ct));
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Reads reports up to one that starts so, and returns what follows.</summary>
    public async Task<string> ReportedAsync(string start)
    {
        while (await reports.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            if (line.StartsWith(start, StringComparison.Ordinal))
                return line[start.Length..].Trim();
        }

        throw new InvalidOperationException($"The owner ended before it reported '{start}'.");
    }

    public async Task KillAsync(bool withChildren = false)
    {
        process.Kill(withChildren);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
            await KillAsync(withChildren: true);
        reports.Dispose();
        socket.Dispose();
        process.Dispose();
    }
}

public sealed class ClusterOwnerProgram
{
    [Fact(Explicit = true)]
    public async Task Owns_a_cluster_until_killed()
    {
        var directory = Environment.GetEnvironmentVariable(ClusterOwner.DirectoryVariable);
        var path = Environment.GetEnvironmentVariable(ClusterOwner.SocketVariable);
        Assert.SkipWhen(directory is null || path is null, "This is not a test but the program of another process.");
        var ct = TestContext.Current.CancellationToken;
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), ct);
        await using var stream = new NetworkStream(socket);
        await using var writer = new StreamWriter(stream) { AutoFlush = true };

        await using var cluster = await EmbeddedCluster.StartAsync(
            new EmbeddedClusterOptions { Directory = directory, Durable = false, Progress = writer.WriteLine }, ct);
        await writer.WriteLineAsync($"owns {cluster.PostmasterPid}");
        // Ends when the test that started us does.
        (await stream.ReadAsync(new byte[1], ct)).ShouldBe(0);
    }
}
