using System.Net;
using System.Net.Sockets;
using Npgsql;
using Orderly.EmbeddedPostgres;

namespace Orderly.EndToEndTests.Running;

/// <summary>
/// Two servers on one durable PostgreSQL, with a proxy on every way.
/// <code>
///   clients ──► proxy ──► server A ──► proxy ──┐
///                                              ├──► PostgreSQL
///   clients ──► proxy ──► server B ──► proxy ──┘
/// </code>
/// </summary>
internal sealed class Installation : IAsyncDisposable
{
    private const int CommandTimeoutSeconds = 120;

    private readonly string _directory;
    private readonly EmbeddedCluster _cluster;
    private readonly List<TcpProxy> _databaseProxies = [];
    private readonly List<ServerProcess> _servers = [];

    private Installation(string directory, EmbeddedCluster cluster)
    {
        _directory = directory;
        _cluster = cluster;
    }

    public IReadOnlyList<ServerProcess> Servers => _servers;

    /// <summary>The way of each server to the database.</summary>
    public IReadOnlyList<TcpProxy> DatabaseProxies => _databaseProxies;

    public int PostmasterPid => _cluster.PostmasterPid;

    /// <summary>The way past all proxies.</summary>
    public string ConnectionString => Direct();

    /// <param name="prepare">Statements that are run before the second server starts: where a bug is planted.</param>
    public static Task<Installation> StartAsync(IReadOnlyList<string> prepare) =>
        StartAsync(prepare, ServerProcess.Built);

    /// <summary>With servers of another version.</summary>
    public static async Task<Installation> StartAsync(IReadOnlyList<string> prepare, string assembly)
    {
        var directory = Path.Combine(Path.GetTempPath(), "orderly-e2e-" + Path.GetRandomFileName());
        var port = FreePort();
        var cluster = await EmbeddedCluster.StartAsync(new EmbeddedClusterOptions
        {
            Directory = directory,
            Durable = true,
            Port = port,
            AllowDownload = true,
        });
        var installation = new Installation(directory, cluster);
        try
        {
            await installation.StartServersAsync(port, prepare, assembly);
            return installation;
        }
        catch
        {
            await installation.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs a query on a connection of its own, past all proxies.</summary>
    public async Task<List<T>> QueryAsync<T>(string sql, Func<NpgsqlDataReader, T> read)
    {
        await using var connection = new NpgsqlConnection(Direct());
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<T>();
        while (await reader.ReadAsync())
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(Direct());
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
        {
            await server.DisposeAsync();
        }

        foreach (var proxy in _databaseProxies)
        {
            await proxy.DisposeAsync();
        }

        await _cluster.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task StartServersAsync(int port, IReadOnlyList<string> prepare, string assembly)
    {
        foreach (var name in new[] { "A", "B" })
        {
            var proxy = new TcpProxy { Target = port };
            _databaseProxies.Add(proxy);
            var through = new NpgsqlConnectionStringBuilder(_cluster.ConnectionString)
            {
                Host = "127.0.0.1",
                Port = proxy.Port,
                ApplicationName = "orderly-" + name,
            };
            _servers.Add(await ServerProcess.StartAsync(name, _directory, through.ConnectionString, assembly));
            foreach (var sql in _servers.Count == 1 ? prepare : [])
            {
                await ExecuteAsync(sql);
            }
        }
    }

    private string Direct() => new NpgsqlConnectionStringBuilder(_cluster.ConnectionString)
    {
        Pooling = false,
        CommandTimeout = CommandTimeoutSeconds,
    }.ConnectionString;

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
