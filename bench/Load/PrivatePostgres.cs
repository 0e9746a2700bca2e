using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Orderly.Bench.Load;

/// <summary>A durable PostgreSQL cluster of the benchmark's own, in a temporary directory, gone afterwards.</summary>
internal sealed class PrivatePostgres : IAsyncDisposable
{
    private const string User = "postgres";

    private readonly string bin;
    private readonly string data;

    private PrivatePostgres(string tools, string cluster, int port, string password)
    {
        bin = tools;
        data = cluster;
        Port = port;
        Password = password;
    }

    public int Port { get; }

    public string Password { get; }

    public static async Task<PrivatePostgres> Start(DirectoryInfo directory, string password)
    {
        var tools = PostgresTools.Directory();
        var cluster = directory.CreateSubdirectory("cluster").FullName;
        var passwordFile = Path.Combine(directory.FullName, "password");
        await File.WriteAllTextAsync(passwordFile, password);
        if (Environment.IsPrivilegedProcess)
            await ChildProcess.RunTool(new("chown", ["-R", User, directory.FullName]));
        await Unprivileged(Path.Combine(tools, "initdb"),
            "-D", cluster, "-U", "postgres", "--data-checksums", "-E", "UTF8", "--locale=C.UTF-8",
            "--auth=scram-sha-256", $"--pwfile={passwordFile}");
        var port = FreePort();
        var postgres = new PrivatePostgres(tools, cluster, port, password);
        var settings = string.Create(CultureInfo.InvariantCulture,
            $"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories='' -c max_connections=200");
        await Unprivileged(Path.Combine(tools, "pg_ctl"),
            "-D", cluster, "-o", settings, "-l", Path.Combine(directory.FullName, "log"), "-w", "start");
        return postgres;
    }

    public NpgsqlConnectionStringBuilder ConnectionString(string database) => new()
    {
        Host = "127.0.0.1",
        Port = Port,
        Username = "postgres",
        Password = Password,
        Database = database,
    };

    public async ValueTask DisposeAsync() =>
        await Unprivileged(Path.Combine(bin, "pg_ctl"), "-D", data, "-m", "immediate", "-w", "stop");

    /// <summary>PostgreSQL refuses to run as root.</summary>
    private static async Task Unprivileged(string tool, params string[] arguments)
    {
        string[] command = Environment.IsPrivilegedProcess
            ? ["setpriv", "--reuid", User, "--regid", User, "--clear-groups", tool, .. arguments]
            : [tool, .. arguments];
        await ChildProcess.RunTool(new(command[0], command[1..]) { WorkingDirectory = "/" });
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
