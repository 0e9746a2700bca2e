using Npgsql;
using Orderly.EmbeddedPostgres;
using Orderly.Server.Database;
using Orderly.Tests.Harness;

[assembly: AssemblyFixture(typeof(TestCluster))]

namespace Orderly.Tests.Harness;

/// <summary>
/// One PostgreSQL for the whole run, made when the first test asks for it, and a template in it that has been
/// migrated once. Each class that needs a database gets a copy of the template.
/// </summary>
public sealed class TestCluster : IAsyncDisposable
{
    private const string Template = "migrated";

    private readonly SemaphoreSlim _once = new(1, 1);
    private readonly string _directory = Path.Combine(Path.GetTempPath(), "orderly-tests-" + Path.GetRandomFileName());
    private EmbeddedCluster? _cluster;
    private int _databases;

    /// <summary>A migrated database of its own.</summary>
    public Task<TestDatabase> CloneAsync() => CreateAsync(Template);

    /// <summary>A database without a schema.</summary>
    public Task<TestDatabase> CreateEmptyAsync() => CreateAsync("template0");

    public async ValueTask DisposeAsync()
    {
        _once.Dispose();
        if (_cluster is not null)
        {
            await _cluster.DisposeAsync();
        }

        if (Directory.Exists(_directory))
        {
            Directory.Delete(_directory, recursive: true);
        }
    }

    private async Task<TestDatabase> CreateAsync(string template)
    {
        var cluster = await StartedAsync();
        var admin = new TestDatabase(cluster.ConnectionString);
        var name = $"test_{Interlocked.Increment(ref _databases)}";
        await admin.ExecuteAsync($"create database {name} template {template}");
        return new TestDatabase(In(cluster, name), admin);
    }

    private async Task<EmbeddedCluster> StartedAsync()
    {
        await _once.WaitAsync();
        try
        {
            return _cluster ??= await StartAsync();
        }
        finally
        {
            _once.Release();
        }
    }

    private async Task<EmbeddedCluster> StartAsync()
    {
        var cluster = await EmbeddedCluster.StartAsync(new EmbeddedClusterOptions
        {
            Directory = _directory,
            Durable = false,
            DeleteWhenStopped = true,
            Settings = new Dictionary<string, string>(StringComparer.Ordinal) { ["max_connections"] = "300" },
        });
        await new TestDatabase(cluster.ConnectionString).ExecuteAsync($"create database {Template}");
        await using var connection = new NpgsqlConnection(In(cluster, Template));
        await connection.OpenAsync();
        await Migrator.ApplyAsync(connection, CancellationToken.None);
        return cluster;
    }

    /// <summary>Without a pool: an idle connection would keep the template from being copied.</summary>
    private static string In(EmbeddedCluster cluster, string database) =>
        new NpgsqlConnectionStringBuilder(cluster.ConnectionString) { Database = database, Pooling = false }
            .ConnectionString;
}
