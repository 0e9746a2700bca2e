using System.Text.Json;
using Orderly.EndToEndTests.Running;
using Orderly.EndToEndTests.Work;
using Orderly.Tests.Harness;

namespace Orderly.EndToEndTests;

/// <summary>What a real server writes to its standard output.</summary>
[Collection(Soak.OneAtATime)]
public sealed class LogLineTests(LogLineTests.Usual usual) : IClassFixture<LogLineTests.Usual>
{
    private const int PatienceSeconds = 20;
    private const string Planted = "planted4711";
    private const string Email = Planted + "@example.com";

    /// <summary>The events of a request that was answered: in time, or late, as on a machine that is busy.</summary>
    private static readonly string[] AnsweredEvents = ["Answered", "AnsweredLate"];

    [Fact]
    public async Task Every_line_is_JSON_and_each_of_a_request_names_it()
    {
        var server = usual.Server;
        using var client = new OrderlyClient(server.Address, bug: null);
        (await client.SendAsync(HttpMethod.Get, "/orders?limit=1", json: null, ("X-Request-Id", "checkout-4711")))
            .Status.ShouldBe(200);
        await Patience.UntilAsync(
            () => Task.FromResult(server.LogLines.Any(
                line => line.Contains("checkout-4711", StringComparison.Ordinal))),
            PatienceSeconds);

        var lines = server.LogLines.Select(line => JsonSerializer.Deserialize<JsonElement>(line)).ToList();
        lines.ShouldAllBe(line => line.GetProperty("id").GetInt32() > 0);
        var request = lines.Single(line => line.TryGetProperty("requestId", out var id)
            && id.GetString() == "checkout-4711");
        request.GetProperty("traceId").GetString()!.ShouldMatch("^[0-9a-f]{32}$");
        request.GetProperty("event").GetString().ShouldBeOneOf(AnsweredEvents);
        request.GetProperty("fields").GetProperty("route").GetString().ShouldBe("/orders");
        request.GetProperty("fields").GetProperty("rows").GetInt32().ShouldBe(1);
        server.Lines.Where(line => !line.StartsWith('{'))
            .ShouldAllBe(line => line.StartsWith("Orderly is ready on ") || !line.Contains('{'));
    }

    [Fact]
    public async Task A_level_is_changed_without_a_restart()
    {
        var server = usual.Server;
        using var client = new OrderlyClient(server.Address, bug: null);
        await Patience.UntilAsync(() => AskAndCountAsync(server, client, isHeard: true), PatienceSeconds);
        var settings = Path.Combine(server.Directory, "appsettings.json");

        await File.WriteAllTextAsync(
            settings, """{"Logging": {"LogLevel": {"Orderly.Requests": "Warning"}}}""",
            TestContext.Current.CancellationToken);
        await Patience.UntilAsync(() => AskAndCountAsync(server, client, isHeard: false), PatienceSeconds);

        await File.WriteAllTextAsync(settings, "{", TestContext.Current.CancellationToken);
        await Patience.UntilAsync(
            () => Task.FromResult(server.LogLines.Any(
                line => line.Contains("\"SettingsUnreadable\"", StringComparison.Ordinal)
                    && line.Contains(settings, StringComparison.Ordinal))),
            PatienceSeconds);

        await File.WriteAllTextAsync(
            settings, """{"Logging": {"LogLevel": {"Orderly.Requests": "Information"}}}""",
            TestContext.Current.CancellationToken);
        await Patience.UntilAsync(() => AskAndCountAsync(server, client, isHeard: true), PatienceSeconds);
    }

    /// <summary>A write to PostgreSQL's files, which may be below, must not wake the server.</summary>
    [Fact]
    public void No_folder_is_watched_by_the_kernel()
    {
        var descriptors = Directory.GetFiles($"/proc/{usual.Server.ProcessId}/fdinfo");

        descriptors.ShouldNotBeEmpty();
        descriptors.Where(File.Exists).SelectMany(File.ReadLines)
            .Where(line => line.StartsWith("inotify", StringComparison.Ordinal)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Nothing_personal_or_secret_is_in_any_line_at_any_level()
    {
        await using var server = await LoneServer.StartAsync(
            ("Logging__LogLevel__Default", "Trace"), ("Logging__LogLevel__Microsoft", "Trace"),
            ("Logging__LogLevel__Npgsql", "Trace"));
        using var client = new OrderlyClient(server.Address, bug: null);
        var order = $$"""
            {"datetime": "2026-11-24T09:30:00Z", "totalfee": 5, "services": ["deep-clean"], "notes": "{{Planted}}",
             "customer": {"name": "{{Planted}}", "email": "{{Email}}", "phone": "{{Planted}}"},
             "metadata": {"{{Planted}}": "{{Planted}}"}, "reference": "{{Planted}}"}
            """;
        var placed = await client.SendAsync(HttpMethod.Post, "/orders", order, ("Idempotency-Key", Planted));
        var id = placed.Body.GetProperty("id").GetString();
        foreach (var (method, path, json) in ((HttpMethod, string, string?)[])
        [
            (HttpMethod.Post, "/orders", order),
            (HttpMethod.Post, "/orders", order.Replace("\"totalfee\": 5", $"\"{Planted}\": 5")),
            (HttpMethod.Post, "/orders", "{" + Planted),
            (HttpMethod.Post, "/orders/import", order),
            (HttpMethod.Patch, "/orders/" + id, $$"""{"notes": "{{Planted}}2"}"""),
            (HttpMethod.Put, "/orders/" + id, order),
            (HttpMethod.Post, $"/orders/{id}/status", $$"""{"status": "confirmed", "reason": "{{Planted}}"}"""),
            (HttpMethod.Get, "/orders/" + id, null),
            (HttpMethod.Get, $"/orders?customer.email={Email}", null),
            (HttpMethod.Get, $"/orders?customer.email={Email}&bad={Planted}", null),
            (HttpMethod.Get, $"/orders?q={Planted}", null),
            (HttpMethod.Get, $"/orders?metadata.{Planted}={Planted}", null),
            (HttpMethod.Get, $"/nowhere/{Email}", null),
            (HttpMethod.Get, $"/orders/{Email}", null),
            (HttpMethod.Get, "/changes", null),
            (HttpMethod.Post, "/keys", $$"""{"name": "{{Planted}}", "role": "viewer"}"""),
        ])
        {
            await client.SendAsync(method, path, json);
            await client.SendAsync(method, path, json,
                ("Authorization", "Bearer " + Planted), ("User-Agent", Planted), ("If-Match", $"\"{Planted}\""),
                ("Cookie", Planted), ("Accept", "text/csv"));
        }

        (await client.GetAsync("/health/live")).Status.ShouldBe(200);
        (await server.StopAsync()).ShouldBe(0);
        server.LogLines.Count.ShouldBeGreaterThan(100);
        server.Lines.Where(line => line.Contains(Planted, StringComparison.OrdinalIgnoreCase)
                || line.Contains(ServerProcess.Key, StringComparison.Ordinal) || line.Contains("Password="))
            .ShouldBeEmpty();
    }

    [Fact]
    public async Task Whatever_an_alert_wants_to_see_the_increase_of_is_there_from_the_start()
    {
        var server = usual.Server;
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Authorization = new("Bearer", ServerProcess.Key);
        var metrics = "";
        await Patience.UntilAsync(
            async () =>
            {
                metrics = await http.GetStringAsync(
                    new Uri(server.Address, "/metrics"), TestContext.Current.CancellationToken);
                return metrics.Contains("orderly_database_up", StringComparison.Ordinal);
            },
            PatienceSeconds);
        foreach (var counter in (string[])["group_splits", "personal_unreadable", "log_dropped"])
        {
            metrics.ShouldMatch($"(?m)^orderly_{counter}_total{{[^}}]*}} 0( |$)");
        }

        metrics.ShouldMatch("(?m)^orderly_problems_total{[^}]*code=\"internal-error\"[^}]*} 0( |$)");
    }

    private static async Task<bool> AskAndCountAsync(LoneServer server, OrderlyClient client, bool isHeard)
    {
        var before = Count(server);
        (await client.GetAsync("/orders?limit=1")).Status.ShouldBe(200);
        await Task.Delay(100, TestContext.Current.CancellationToken); // a line is written within 10 ms
        return Count(server) > before == isHeard;
    }

    private static int Count(LoneServer server) =>
        server.LogLines.Count(line => line.Contains("\"event\":\"Answered\"", StringComparison.Ordinal));

    /// <summary>A server with the usual levels.</summary>
    public sealed class Usual : IAsyncLifetime
    {
        internal LoneServer Server { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Server = await LoneServer.StartAsync();

        public ValueTask DisposeAsync() => Server.DisposeAsync();
    }
}
