using System.Collections.Concurrent;
using Npgsql;
using Orderly.EmbeddedPostgres;

namespace Orderly.Tests.EmbeddedPostgres;

/// <summary>A directory below /tmp for one test, with a cluster that is removed whatever the test does.</summary>
public sealed class TemporaryClusters : IAsyncDisposable
{
    private readonly List<EmbeddedCluster> clusters = [];

    public string Root { get; } = Path.Combine("/tmp", "embedded-" + Path.GetRandomFileName());

    public string Home => Path.Combine(Root, "postgres");

    public string Data => Path.Combine(Home, "data");

    public ConcurrentQueue<string> Lines { get; } = new();

    public EmbeddedClusterOptions Options =>
        new() { Directory = Root, Durable = false, Progress = Lines.Enqueue, AllowDownload = false };

    public async Task<EmbeddedCluster> StartAsync(EmbeddedClusterOptions? options = null)
    {
        var cluster = await EmbeddedCluster.StartAsync(options ?? Options, TestContext.Current.CancellationToken);
        clusters.Add(cluster);
        return cluster;
    }

    public async Task<EmbeddedPostgresException> StartFailsAsync(EmbeddedClusterOptions? options = null)
    {
        var failure = await Should.ThrowAsync<EmbeddedPostgresException>(() => StartAsync(options));
        failure.Message.ShouldNotContain("\n");
        return failure;
    }

    /// <summary>A new connection each time: a pooled one would hide that the server is another one.</summary>
    public static async Task<T> AskAsync<T>(EmbeddedCluster cluster, string sql)
    {
        await using var connection = new NpgsqlConnection(cluster.ConnectionString + ";Pooling=false");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var cluster in clusters)
            await cluster.DisposeAsync();
        // A test that failed may have left a killed owner's server process.
        var home = new ClusterHome(Home);
        if (PostmasterFile.Read(home) is { } file && ClusterProcesses.IsPostgresOf(home, file.ProcessId))
            await (await EmbeddedCluster.StartAsync(Options)).DisposeAsync();
        if (Directory.Exists(Root))
            Directory.Delete(Root, recursive: true);
    }
}
