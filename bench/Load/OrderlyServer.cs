using System.Diagnostics;
using Npgsql;

namespace Orderly.Bench.Load;

/// <summary>How Orderly is started to be measured: as its container image does.</summary>
internal static class OrderlyServer
{
    private const string AnyPort = "http://127.0.0.1:0";
    private const int ReadyTimeoutSeconds = 60;

    /// <param name="published">The folder with the published server.</param>
    /// <param name="database">The database that it serves.</param>
    /// <param name="data">Its own folder.</param>
    /// <param name="url">Where it listens.</param>
    public static ProcessStartInfo StartInfo(
        string published, NpgsqlConnectionStringBuilder database, string data, string url) =>
        new("dotnet", [Path.Combine(published, "Orderly.Server.dll")])
        {
            WorkingDirectory = published,
            Environment =
            {
                ["ConnectionStrings__Orderly"] = database.ConnectionString,
                ["Orderly__BootstrapKey"] = HttpTarget.Key,
                ["Orderly__DataDirectory"] = data,
                ["Orderly__SampleData"] = "false",
                ["DOTNET_GCgen0size"] = "0x800000",
                ["urls"] = url,
            },
        };

    /// <summary>A server that is ready, and a caller of it.</summary>
    public static async Task<(ChildProcess Server, HttpClient Http)> Start(
        string published, NpgsqlConnectionStringBuilder database, string data)
    {
        var (server, address) = await ChildProcess.StartServer(
            StartInfo(published, database, data, AnyPort), TimeSpan.FromSeconds(ReadyTimeoutSeconds));
        var http = new HttpClient { BaseAddress = address };
        http.DefaultRequestHeaders.Add("X-Api-Key", HttpTarget.Key);
        return (server, http);
    }
}
