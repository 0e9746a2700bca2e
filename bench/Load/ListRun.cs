using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Npgsql;

namespace Orderly.Bench.Load;

/// <summary>
/// Compares lists of few orders with the same lists of many: what a page costs must not grow with what is stored.
/// </summary>
internal sealed class ListRun(BulkOptions options, DirectoryInfo directory)
{
    public const string Command = "lists";
    private const int FewOrders = 10_000;
    private const int WarmUpRequests = 3;
    private const int RequestsMax = 40;
    private const int CaseSecondsMax = 6;
    private const int DeepPages = 10;
    private const int PageSizeMax = 500;
    private const int ReadyTimeoutSeconds = 60;
    private const string Key = "bench-key-of-the-load-benchmark-000000";

    // Every filter alone, each sort, the usual pairs, and what is hard on purpose. $N is the number of orders.
    private static readonly string[] Cases =
    [
        "", "sort=createdAt", "sort=-datetime", "sort=-updatedAt", "sort=totalfee", "sort=-number",
        "status=placed", "status=completed", "status=confirmed", "status=placed,confirmed", "team=team-0",
        "team=team-29", "service=service-0", "service=service-150", "metadata.region=eu", "metadata.customer=c-77",
        "q=service", "q=eu", "q=po", "q=77", "q=oldsale", "q=service+asia+77", "reference=PO-9000", "number=5000",
        "customer.email=nobody@example.com", "totalfee[gte]=500", "totalfee[gte]=500&sort=totalfee", "totalfee=99.99",
        "datetime[gte]=2022-03-01T00:00:00Z&datetime[lt]=2022-03-02T00:00:00Z",
        "datetime[gte]=2022-03-01T00:00:00Z&datetime[lt]=2022-04-01T00:00:00Z&sort=datetime",
        "createdAt[gte]=2022-03-01T00:00:00Z&createdAt[lt]=2022-04-01T00:00:00Z",
        "updatedAt[gte]=2024-12-01T00:00:00Z&sort=updatedAt",
        "status=completed&createdAt[gte]=2022-03-01T00:00:00Z&createdAt[lt]=2022-04-01T00:00:00Z",
        "status=confirmed&createdAt[gte]=2022-03-01T00:00:00Z&createdAt[lt]=2022-04-01T00:00:00Z",
        "team=team-0&status=placed", "team=team-20&status=cancelled", "service=service-0&status=placed",
        "service=service-150&status=cancelled", "metadata.region=eu&status=cancelled",
        "metadata.customer=c-77&status=completed", "q=service&status=cancelled", "q=150&status=placed",
        "service=service-150&sort=totalfee", "status=placed&sort=totalfee", "q=oldsale&status=completed",
        "createdAt[lt]=2020-06-01T00:00:00Z&sort=-totalfee", "deleted=only", "deleted=include",
        "count=estimate&limit=1", "count=estimate&limit=1&service=service-0&status=completed",
        "count=exact&limit=1&metadata.customer=c-77", "count=exact&limit=1&team=team-20&status=cancelled",
        "count=exact&limit=1",
    ];

    public static BulkOptions Parse(string[] arguments) => BulkOptions.Parse(arguments, 1_000_000, FewOrders);

    public async Task<string> Run(string command)
    {
        await using var postgres = await PrivatePostgres.Start(options.ClusterIn(directory));
        var machine = await MachineDescription.Of(postgres);
        var published = await Repository.Publish("src/Orderly.Server/Orderly.Server.csproj", directory, "server");
        var few = await Measure(postgres, published, FewOrders);
        var many = await Measure(postgres, published, options.Orders);
        var report = new StringBuilder();
        report.AppendLine(CultureInfo.InvariantCulture, $"`{command}`").AppendLine().AppendLine(machine).AppendLine();
        report.AppendLine(CultureInfo.InvariantCulture,
            $"Milliseconds of one `GET /orders` (limit 50), median and slowest of up to {RequestsMax}.").AppendLine();
        report.AppendLine(CultureInfo.InvariantCulture,
            $"| query | rows | {FewOrders:N0} orders | slowest | rows | {options.Orders:N0} orders | slowest |");
        report.AppendLine("|---|---:|---:|---:|---:|---:|---:|");
        foreach (var (query, small) in few)
        {
            report.AppendLine(CultureInfo.InvariantCulture, $"| `{query}` | {small} | {many[query]} |");
        }
        return report.ToString();
    }

    private async Task<Dictionary<string, Timing>> Measure(PrivatePostgres postgres, string published, int count)
    {
        var database = await FilledDatabase.Open(postgres, published, options.ServerDataIn(directory), count);
        var start = new ProcessStartInfo("dotnet", [Path.Combine(published, "Orderly.Server.dll")])
        {
            WorkingDirectory = published,
            Environment =
            {
                ["ConnectionStrings__Orderly"] = database.ConnectionString,
                ["Orderly__BootstrapKey"] = Key,
                ["Orderly__DataDirectory"] = options.ServerDataIn(directory),
                ["Orderly__SampleData"] = "false",
                ["urls"] = "http://127.0.0.1:0",
            },
        };
        var (server, address) = await ChildProcess.StartServer(start, TimeSpan.FromSeconds(ReadyTimeoutSeconds));
        await using var running = server;
        using var http = new HttpClient { BaseAddress = address };
        http.DefaultRequestHeaders.Add("X-Api-Key", Key);
        var timings = new Dictionary<string, Timing>(StringComparer.Ordinal);
        foreach (var query in Cases)
        {
            timings[query] = await Time(http, "/orders?" + query);
            await Console.Error.WriteLineAsync($"{query}: {timings[query]}");
        }
        foreach (var query in (string[])["", "sort=totalfee", "status=completed", "q=eu", "service=service-50"])
        {
            timings[$"{query} 5,000 rows deep"] = await Time(http, await DeepPage(http, query, DeepPages));
        }
        timings["9 of 10 orders deep"] = await Time(http, await DeepPage(http, "", count / 10 * 9 / PageSizeMax));
        return timings;
    }

    private static async Task<Timing> Time(HttpClient http, string path)
    {
        var milliseconds = new List<double>();
        var (rows, started) = (0, Stopwatch.GetTimestamp());
        for (var i = -WarmUpRequests; i < RequestsMax; i++)
        {
            var start = Stopwatch.GetTimestamp();
            using var answer = await http.GetAsync(new Uri(path, UriKind.Relative));
            var body = await answer.Content.ReadAsByteArrayAsync();
            if (answer.StatusCode == HttpStatusCode.UnprocessableEntity) return new Timing(-1, -1, -1);
            answer.EnsureSuccessStatusCode();
            if (i >= 0) milliseconds.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            using var page = JsonDocument.Parse(body);
            rows = page.RootElement.GetProperty("data").GetArrayLength();
            if (i >= 0 && Stopwatch.GetElapsedTime(started).TotalSeconds > CaseSecondsMax) break;
        }
        milliseconds.Sort();
        return new Timing(rows, milliseconds[milliseconds.Count / 2], milliseconds[^1]);
    }

    private static async Task<string> DeepPage(HttpClient http, string query, int pages)
    {
        var path = $"/orders?limit=500&fields=id&{query}".TrimEnd('&');
        for (var i = 0; i < pages; i++)
        {
            using var answer = await http.GetAsync(new Uri(path, UriKind.Relative));
            if (!answer.Headers.TryGetValues("Link", out var links)) break;
            path = links.First().Split('<', '>')[1];
        }
        return path.Replace("limit=500", "limit=50", StringComparison.Ordinal)
            .Replace("fields=id&", "", StringComparison.Ordinal).Replace("&fields=id", "", StringComparison.Ordinal);
    }

    /// <summary>-1: refused as too broad.</summary>
    private sealed record Timing(int Rows, double Median, double Slowest)
    {
        public override string ToString() => Rows < 0
            ? "refused | – | –"
            : string.Create(CultureInfo.InvariantCulture, $"{Rows} | {Median:N1} | {Slowest:N1}");
    }
}
