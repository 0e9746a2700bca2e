using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Npgsql;
using Orderly.EmbeddedPostgres;
using Orderly.Server.Configuration;
using Orderly.Server.Startup;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Startup;

/// <summary>A PostgreSQL that has a certificate for 127.0.0.1.</summary>
public sealed class EncryptedCluster : IAsyncLifetime
{
    private readonly DirectoryInfo _files = Directory.CreateTempSubdirectory("orderly-ssl-");
    private EmbeddedCluster? _cluster;

    public TestAuthority Authority { get; } = new("The authority of the database");

    /// <summary>Writes a CA to a file, for <c>Root Certificate</c>.</summary>
    public string Write(TestAuthority authority)
    {
        var path = Path.Combine(_files.FullName, Path.GetRandomFileName() + ".pem");
        File.WriteAllText(path, authority.Pem);
        return path;
    }

    public string ConnectionString(string host, string rootCertificate) =>
        new NpgsqlConnectionStringBuilder(_cluster!.ConnectionString)
        {
            Host = host, Port = _cluster.Port, SslMode = SslMode.VerifyFull, RootCertificate = rootCertificate,
        }.ConnectionString;

    public async ValueTask InitializeAsync()
    {
        _cluster = await EmbeddedCluster.StartAsync(new EmbeddedClusterOptions
        {
            Directory = Path.Combine(Path.GetTempPath(), "orderly-ssl-" + Path.GetRandomFileName()),
            Durable = false, DeleteWhenStopped = true, Port = FreePort(),
        });
        var database = new TestDatabase(_cluster.ConnectionString);
        var data = await database.SingleAsync<string>("select setting from pg_settings where name = 'data_directory'");
        using var leaf = Authority.Issue();
        await WriteForAsync(data, "server.crt", leaf.ExportCertificatePem());
        await WriteForAsync(data, "server.key", leaf.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        await database.ExecuteAsync("alter system set ssl = on");
        await database.ExecuteAsync("select pg_reload_conf()");
    }

    public async ValueTask DisposeAsync()
    {
        Authority.Dispose();
        _files.Delete(recursive: true);
        if (_cluster is not null)
        {
            await _cluster.DisposeAsync();
        }
    }

    /// <summary>PostgreSQL takes a key that belongs to its own user alone.</summary>
    private static async Task WriteForAsync(string directory, string name, string text)
    {
        var path = Path.Combine(directory, name);
        await File.WriteAllTextAsync(path, text);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        using var own = Process.Start("chown", ["--reference=" + directory, path]);
        await own.WaitForExitAsync();
        own.ExitCode.ShouldBe(0);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

/// <summary>A configured database is spoken to as its connection string demands, or not at all.</summary>
public sealed class EncryptedDatabaseTests(EncryptedCluster cluster) : IClassFixture<EncryptedCluster>
{
    private static async Task OpenAsync(string connectionString)
    {
        var settings = new ServerSettings
        {
            DataDirectory = "", Urls = "", StartTimeout = TimeSpan.FromMinutes(1), ConnectionString = connectionString,
        };
        await using var location = await DatabaseLocation.OpenAsync(
            settings, TimeProvider.System, _ => { }, TestContext.Current.CancellationToken);
    }

    private static async Task<string> RefusedAsync(string connectionString)
    {
        var watch = Stopwatch.StartNew();
        var message = (await Should.ThrowAsync<DatabaseStartException>(() => OpenAsync(connectionString))).Message;
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(30), "no waiting mends it");
        message.ShouldNotContain("\n");
        return message;
    }

    [Fact]
    public async Task The_database_of_the_right_issuer_and_name_is_used()
    {
        var connectionString = cluster.ConnectionString("127.0.0.1", cluster.Write(cluster.Authority));
        await OpenAsync(connectionString);
        (await new TestDatabase(connectionString).SingleAsync<bool>(
            "select ssl from pg_stat_ssl where pid = pg_backend_pid()")).ShouldBeTrue();
    }

    [Fact]
    public async Task One_of_another_issuer_is_not()
    {
        using var other = new TestAuthority("Another authority");
        (await RefusedAsync(cluster.ConnectionString("127.0.0.1", cluster.Write(other))))
            .ShouldContain("certificate");
    }

    [Fact]
    public async Task One_of_another_name_is_not() =>
        (await RefusedAsync(cluster.ConnectionString("localhost", cluster.Write(cluster.Authority))))
            .ShouldContain("certificate");
}
