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

    /// <summary>Of each case, before anything is measured: the servers compile their code meanwhile.</summary>
    private const int CompilingRequests = 5;

    private const int RequestsMax = 40;
    private const int CaseSecondsMax = 6;
    private const int DeepPages = 10;
    private const int PageSizeMax = 500;

    // Every filter alone, each sort, the usual pairs, and what is hard on purpose.
    private static readonly string[] Cases =
    [
        "", "sort=createdAt", "sort=-datetime", "sort=-updatedAt", "sort=totalfee", "sort=-number",
        "status=placed", "status=completed", "status=confirmed", "status=placed,confirmed", "team=team-0",
        "team=team-29", "service=service-0", "service=service-150", "metadata.region=eu", "metadata.customer=c-77",
        "q=service", "q=eu", "q=po", "q=77", "q=oldsale", "q=service+asia+77", "reference=PO-9000", "number=5000",
        "customer.email=nobody@example.com", "totalfee[gte]=500", "totalfee[gte]=500&sort=totalfee", "totalfee=99.99",
        "datetime[gte]=2022-03-01T00:00:00Z&datetime[lt]=2022-03-02T00:00:00Z",
        "datetime[gte]=2022-03-01T00:00:00Z&datetime[lt]=2022-04-01T00:00:00Z",
        "datetime[gte]=2022-03-01T00:00:00Z&datetime[lt]=2022-04-01T00:00:00Z&sort=datetime",
        "createdAt[gte]=2022-03-01T00:00:00Z&createdAt[lt]=2022-04-01T00:00:00Z",
        "updatedAt[gte]=2024-12-01T00:00:00Z&sort=updatedAt",
        "status=completed&createdAt[gte]=2022-03-01T00:00:00Z&createdAt[lt]=2022-04-01T00:00:00Z",
        "status=confirmed&createdAt[gte]=2022-03-01T00:00:00Z&createdAt[lt]=2022-04-01T00:00:00Z",
        "status=completed&datetime[gte]=2022-03-01T00:00:00Z&datetime[lt]=2022-04-01T00:00:00Z",
        "team=team-0&status=placed", "team=team-20&status=cancelled", "service=service-0&status=placed",
        "service=service-150&status=cancelled", "metadata.region=eu&status=cancelled",
        "metadata.customer=c-77&status=completed", "q=service&status=cancelled", "q=150&status=placed",
        "service=service-150&sort=totalfee", "status=placed&sort=totalfee", "team=team-29&sort=totalfee",
        "team=team-20&status=cancelled&sort=-updatedAt", "q=oldsale&status=completed",
        "service=service-0&datetime[gte]=2022-03-01T00:00:00Z&datetime[lt]=2022-04-01T00:00:00Z",
        "service=service-150&datetime[gte]=2022-03-01T00:00:00Z&datetime[lt]=2022-04-01T00:00:00Z",
        "service=service-0&datetime[gte]=2022-03-01T00:00:00Z&datetime[lt]=2022-04-01T00:00:00Z&sort=datetime",
        "service=service-0&totalfee[gte]=400", "service=service-150&totalfee[gte]=400",
        "team=team-0&datetime[gte]=2022-03-01T00:00:00Z&datetime[lt]=2022-04-01T00:00:00Z",
        "service=service-0&updatedAt[gte]=2024-12-01T00:00:00Z",
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
        await using var few = await Serve(postgres, published, FewOrders);
        await using var many = await Serve(postgres, published, options.Orders);
        var timings = await Measure(few, many);
        var report = new StringBuilder();
        report.AppendLine(CultureInfo.InvariantCulture, $"`{command}`").AppendLine().AppendLine(machine).AppendLine();
        report.AppendLine(CultureInfo.InvariantCulture,
            $"Milliseconds of one `GET /orders` (limit 50), median and slowest of up to {RequestsMax}, in turns.")
            .AppendLine();
        report.AppendLine(CultureInfo.InvariantCulture,
            $"| query | rows | {FewOrders:N0} orders | slowest | rows | {options.Orders:N0} orders | slowest |");
        report.AppendLine("|---|---:|---:|---:|---:|---:|---:|");
        foreach (var (query, small, large) in timings)
        {
            report.AppendLine(CultureInfo.InvariantCulture, $"| `{query}` | {small} | {large} |");
        }
        return report.ToString();
    }

    private async Task<Served> Serve(PrivatePostgres postgres, string published, int count)
    {
        var database = await FilledDatabase.Open(
            postgres, published, options.ServerDataIn(directory), count, options.Within);
        var (server, http) = await OrderlyServer.Start(published, database, options.ServerDataIn(directory));
        return new Served(server, http, count);
    }

    private static async Task<List<(string Query, Timing Few, Timing Many)>> Measure(Served few, Served many)
    {
        foreach (var query in Cases)
        {
            await Compare("/orders?" + query, "/orders?" + query, few, many, CompilingRequests);
        }
        var timings = new List<(string Query, Timing Few, Timing Many)>();
        foreach (var query in Cases)
        {
            await Measure(query, "/orders?" + query, "/orders?" + query);
        }
        foreach (var query in (string[])["", "sort=totalfee", "status=completed", "q=eu", "service=service-50"])
        {
            await Measure($"{query} 5,000 rows deep",
                await DeepPage(few.Http, query, DeepPages), await DeepPage(many.Http, query, DeepPages));
        }
        await Measure("9 of 10 orders deep", await DeepPage(few.Http, "", few.Orders / 10 * 9 / PageSizeMax),
            await DeepPage(many.Http, "", many.Orders / 10 * 9 / PageSizeMax));
        return timings;

        async Task Measure(string query, string fewPath, string manyPath)
        {
            var (small, large) = await Compare(fewPath, manyPath, few, many, RequestsMax);
            timings.Add((query, small, large));
            await Console.Error.WriteLineAsync($"{query}: {small} | {large}");
        }
    }

    /// <summary>In turns, so that both meet the same machine.</summary>
    private static async Task<(Timing Few, Timing Many)> Compare(
        string fewPath, string manyPath, Served few, Served many, int requests)
    {
        var (small, large) = (new Timing(), new Timing());
        var started = Stopwatch.GetTimestamp();
        for (var i = -WarmUpRequests; i < requests; i++)
        {
            await Time(few.Http, fewPath, small, counts: i >= 0);
            await Time(many.Http, manyPath, large, counts: i >= 0);
            if (i >= 0 && Stopwatch.GetElapsedTime(started).TotalSeconds > CaseSecondsMax) break;
        }
        return (small, large);
    }

    private static async Task Time(HttpClient http, string path, Timing timing, bool counts)
    {
        if (timing.IsRefused) return;
        var start = Stopwatch.GetTimestamp();
        using var answer = await http.GetAsync(new Uri(path, UriKind.Relative));
        var body = await answer.Content.ReadAsByteArrayAsync();
        var milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        timing.IsRefused = answer.StatusCode == HttpStatusCode.UnprocessableEntity;
        if (timing.IsRefused) return;
        answer.EnsureSuccessStatusCode();
        if (counts) timing.Milliseconds.Add(milliseconds);
        using var page = JsonDocument.Parse(body);
        timing.Rows = page.RootElement.GetProperty("data").GetArrayLength();
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

    /// <summary>A server on a database with so many orders.</summary>
    private sealed record Served(ChildProcess Server, HttpClient Http, int Orders) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            Http.Dispose();
            await Server.DisposeAsync();
        }
    }

    private sealed class Timing
    {
        public List<double> Milliseconds { get; } = [];

        public int Rows { get; set; }

        /// <summary>As too broad.</summary>
        public bool IsRefused { get; set; }

        public override string ToString()
        {
            if (IsRefused || Milliseconds.Count == 0) return "refused | – | –";
            var sorted = Milliseconds.Order().ToList();
            return string.Create(
                CultureInfo.InvariantCulture, $"{Rows} | {sorted[sorted.Count / 2]:N1} | {sorted[^1]:N1}");
        }
    }
}
