using Npgsql;
using Orderly.EmbeddedPostgres;

namespace Orderly.Bench.Load;

/// <summary>A durable PostgreSQL cluster of the benchmark's own, as the service's embedded one.</summary>
internal sealed class PrivatePostgres : IAsyncDisposable
{
    // Every target has a pool of its own, and pgbench opens one connection a client.
    private const string ConnectionsMax = "250";

    private readonly EmbeddedCluster cluster;

    private PrivatePostgres(EmbeddedCluster started, DirectoryInfo directory)
    {
        cluster = started;
        Directory = directory;
    }

    public DirectoryInfo Directory { get; }

    public static async Task<PrivatePostgres> Start(DirectoryInfo directory)
    {
        try
        {
            return new PrivatePostgres(await EmbeddedCluster.StartAsync(new EmbeddedClusterOptions
            {
                Directory = directory.FullName,
                Database = "bench",
                Durable = true,
                Settings = new Dictionary<string, string>(StringComparer.Ordinal)
                {
                    ["max_connections"] = ConnectionsMax,
                },
            }), directory);
        }
        catch (EmbeddedPostgresException e)
        {
            throw new BenchException(e.Message);
        }
    }

    public NpgsqlConnectionStringBuilder ConnectionString(string database) =>
        new(cluster.ConnectionString) { Database = database };

    /// <summary>Processor time of the cluster so far, in seconds.</summary>
    public double? ProcessorSeconds() => ProcessorUse.OfFamily(cluster.PostmasterPid);

    public ValueTask DisposeAsync() => cluster.DisposeAsync();
}
