using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Orderly.EndToEndTests.Running;
using Orderly.EndToEndTests.Work;
using Orderly.Tests.Harness;

namespace Orderly.EndToEndTests;

/// <summary>
/// A real Prometheus scrapes a real server with the configuration that is shipped, loads the alerts, and answers what
/// the dashboard asks.
/// </summary>
[Collection(Soak.OneAtATime)]
public sealed class PrometheusTests(ITestOutputHelper output)
{
    private const string Program = "prometheus";
    private const int PatienceSeconds = 40;

    /// <summary>What no series is there for, since it did not happen: nothing fails or is refused here.</summary>
    private static readonly string[] NotThereWhileAllIsWell =
        ["orderly_problems_total", "orderly_overloads_total", "orderly_ratelimit_refusals_total"];

    private static string Deploy => Path.GetFullPath(Path.Combine(BackupScripts.Directory, ".."));

    [Fact]
    public async Task What_is_shipped_for_Prometheus_and_Grafana_works_with_a_real_Prometheus()
    {
        Assert.SkipUnless(IsInstalled(), "Prometheus is not installed.");
        await using var server = await LoneServer.StartAsync();
        using var client = new OrderlyClient(server.Address, bug: null);
        var key = await client.SendAsync(
            HttpMethod.Post, "/keys", """{"name": "prometheus", "scopes": ["audit:read"], "reach": "all"}""");
        var files = Directory.CreateDirectory(Path.Combine(server.Directory, "prometheus")).FullName;
        await WriteConfigurationAsync(files, server.Address, key.Body.GetProperty("key").GetString()!);
        var port = FreePort();
        using var process = Start(files, port);
        try
        {
            using var prometheus = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
            for (var i = 0; i < 20; i++)
            {
                (await client.SendAsync(HttpMethod.Post, "/orders", Order)).Status.ShouldBe(201);
                (await client.GetAsync("/orders?limit=1")).Status.ShouldBe(200);
            }

            // Rates need two scrapes.
            await Patience.UntilAsync(
                async () => await ValueAsync(prometheus, "count_over_time(orderly_database_up[1m])") >= 3,
                PatienceSeconds);
            (await ValueAsync(prometheus, "orderly_database_up{job=\"orderly\"}")).ShouldBe(1);
            (await ValueAsync(prometheus, "up{job=\"orderly\"}")).ShouldBe(1);
            (await ValueAsync(prometheus, "sum(http_server_request_duration_seconds_count{http_route=~\"/orders/?\"})"))
                .ShouldBe(40);
            await CheckAlertsAsync(prometheus);
            await CheckDashboardAsync(prometheus);
        }
        finally
        {
            Signals.Send(process.Id, Signals.Terminate);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
    }

    private const string Order =
        """{"datetime": "2026-11-24T09:30:00Z", "totalfee": 5, "services": ["deep-clean"]}""";

    /// <summary>As shipped, but for address and interval, and what goes before it in a whole configuration.</summary>
    private static async Task WriteConfigurationAsync(string files, Uri server, string key)
    {
        var shipped = await File.ReadAllTextAsync(Path.Combine(Deploy, "prometheus", "scrape.yml"));
        shipped.ShouldContain("127.0.0.1:5080");
        shipped.ShouldContain("scrape_interval: 15s");
        await File.WriteAllTextAsync(Path.Combine(files, "prometheus.yml"), "global: { evaluation_interval: 1s }\n"
            + shipped.Replace("127.0.0.1:5080", server.Authority)
                .Replace("scrape_interval: 15s", "scrape_interval: 1s"));
        await File.WriteAllTextAsync(Path.Combine(files, "orderly-metrics-key"), key);
        File.Copy(Path.Combine(Deploy, "prometheus", "alerts.yml"), Path.Combine(files, "alerts.yml"));
    }

    private static Process Start(string files, int port)
    {
        var process = new Process
        {
            StartInfo = new ProcessStartInfo(Program,
            [
                "--config.file=prometheus.yml", "--storage.tsdb.path=data",
                $"--web.listen-address=127.0.0.1:{port}",
            ])
            {
                WorkingDirectory = files, UseShellExecute = false, RedirectStandardError = true,
                RedirectStandardOutput = true,
            },
        };
        process.ErrorDataReceived += (_, _) => { };
        process.OutputDataReceived += (_, _) => { };
        process.Start();
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        return process;
    }

    /// <summary>Every alert was evaluated without a fault, and none fires while all is well.</summary>
    private static async Task CheckAlertsAsync(HttpClient prometheus)
    {
        List<JsonElement> rules = [];
        await Patience.UntilAsync(
            async () =>
            {
                var answer = JsonSerializer.Deserialize<JsonElement>(
                    await prometheus.GetStringAsync(new Uri("/api/v1/rules", UriKind.Relative)));
                rules = [.. answer.GetProperty("data").GetProperty("groups").EnumerateArray()
                    .SelectMany(group => group.GetProperty("rules").EnumerateArray())];
                return rules.Count > 0
                    && rules.TrueForAll(rule => rule.GetProperty("health").GetString() != "unknown");
            },
            PatienceSeconds);
        rules.Count.ShouldBeGreaterThan(10);
        foreach (var rule in rules)
        {
            rule.GetProperty("health").GetString().ShouldBe("ok", rule.ToString());
            rule.GetProperty("state").GetString().ShouldBe("inactive", rule.ToString());
        }
    }

    /// <summary>Every question of the dashboard is understood, and has an answer where there is one.</summary>
    private async Task CheckDashboardAsync(HttpClient prometheus)
    {
        var dashboard = JsonSerializer.Deserialize<JsonElement>(
            await File.ReadAllTextAsync(Path.Combine(Deploy, "grafana", "orderly.json")));
        var questions = Questions(dashboard).ToList();
        questions.Count.ShouldBeGreaterThan(20);
        foreach (var question in questions)
        {
            var (status, series) = await AskAsync(prometheus,
                question.Replace("$job", "orderly").Replace("$__rate_interval", "10s"));
            status.ShouldBe(HttpStatusCode.OK, question);
            output.WriteLine($"{series.Count} series: {question}");
            if (!NotThereWhileAllIsWell.Any(question.Contains))
            {
                series.ShouldNotBeEmpty(question);
            }
        }
    }

    private static IEnumerable<string> Questions(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(member =>
            member.NameEquals("expr") ? [member.Value.GetString()!] : Questions(member.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(Questions),
        _ => [],
    };

    private static async Task<double> ValueAsync(HttpClient prometheus, string question)
    {
        var (_, series) = await AskAsync(prometheus, question);
        return series.Count == 1
            ? double.Parse(series[0].GetProperty("value")[1].GetString()!,
                System.Globalization.CultureInfo.InvariantCulture)
            : double.NaN;
    }

    private static async Task<(HttpStatusCode Status, List<JsonElement> Series)> AskAsync(
        HttpClient prometheus, string question)
    {
        try
        {
            using var answer = await prometheus.GetAsync(
                new Uri("/api/v1/query?query=" + Uri.EscapeDataString(question), UriKind.Relative));
            if (answer.StatusCode == HttpStatusCode.ServiceUnavailable)
            {
                return (answer.StatusCode, []); // it listens, and reads what it has stored
            }

            var body = JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync());
            return (answer.StatusCode, answer.IsSuccessStatusCode
                ? [.. body.GetProperty("data").GetProperty("result").EnumerateArray()] : []);
        }
        catch (HttpRequestException)
        {
            return (HttpStatusCode.ServiceUnavailable, []); // it is starting
        }
    }

    private static bool IsInstalled() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Any(folder => File.Exists(Path.Combine(folder, Program)));

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
