using System.Text.RegularExpressions;
using Orderly.Contract.Problems;
using Orderly.Server.Observability;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Observability;

/// <summary>What Prometheus reads. Other servers of this process count into it, too, so it only grows.</summary>
[Collection(typeof(Alone))]
public sealed class MetricsTests(RunningServer server) : IClassFixture<RunningServer>
{
    [Fact]
    public async Task Requests_are_measured_by_route_and_status()
    {
        var before = Value(await ReadAsync(), Placed);

        await server.Api.PlaceAsync();

        var after = await ReadAsync();
        for (var i = 0; i < LooksMax && Value(after, Placed) < before + 1; i++)
        {
            await Task.Delay(50, TestContext.Current.CancellationToken); // a request is measured once it is answered
            after = await ReadAsync();
        }

        Value(after, Placed).ShouldBeGreaterThanOrEqualTo(before + 1);
        after.ShouldNotContain("url_scheme");
    }

    [Fact]
    public async Task Writes_reads_refusals_and_the_feed_are_counted()
    {
        var id = await server.Api.PlaceAsync();
        (await server.Api.GetAsync("/orders/" + id)).ShouldBe(200);
        (await server.Api.GetAsync("/orders?limit=0")).ShouldBe(400);
        (await server.Api.GetAsync("/orders", ("Accept", "application/x-ndjson"))).ShouldBe(200);
        (await server.Api.GetAsync("/changes?wait=5")).ShouldBe(200);

        var text = await ReadAsync();

        foreach (var series in (string[])
        [
            @"orderly_group_size_bucket\{[^}]*work=""writes"",le=""1""\}",
            @"orderly_group_wait_seconds_count\{[^}]*work=""reads""\}",
            @"orderly_group_duration_seconds_count\{[^}]*work=""writes""\}",
            @"orderly_orders_versions_total\{[^}]*kind=""[a-z-]+""\}",
            @"orderly_problems_total\{[^}]*code=""invalid-parameter""\}",
            @"orderly_streams_rows_total\{[^}]*\}",
            @"orderly_feed_moved_total\{[^}]*\}",
            @"orderly_keys_lookups_total\{[^}]*\}",
        ])
        {
            Value(text, series).ShouldBeGreaterThanOrEqualTo(1, series);
        }
    }

    [Theory]
    [InlineData("mode=atomic", 0)]
    [InlineData("mode=each&dryRun=true", 0)]
    [InlineData("mode=each", 2)]
    public async Task Of_an_import_only_what_was_stored_is_counted_as_created(string query, int created)
    {
        var rows = $"{AnOrder.Least}\n{AnOrder.Of("""["no-such"]""")}\n{AnOrder.Least}\n";
        var before = await ReadAsync();

        await server.Api.PostAsync("/orders/import?" + query, rows, ("Content-Type", "application/x-ndjson"));

        var after = await ReadAsync();
        Grown("received").ShouldBe(3);
        Grown("refused").ShouldBe(1);
        Grown("created").ShouldBe(created);

        double Grown(string outcome) => Value(after, Imported(outcome)) - Value(before, Imported(outcome));
        static string Imported(string outcome) => $@"orderly_imports_rows_total\{{[^}}]*outcome=""{outcome}""\}}";
    }

    [Fact]
    public void There_is_room_for_a_series_of_each_problem() =>
        Enum.GetValues<ProblemCode>().Length.ShouldBeLessThan(TelemetrySetup.SeriesMax);

    [Fact]
    public async Task The_database_and_its_pools_are_measured()
    {
        await server.Api.PlaceAsync();
        var text = await ReadAsync();
        for (var i = 0; i < LooksMax && !text.Contains("orderly_database_size_bytes", StringComparison.Ordinal); i++)
        {
            await Task.Delay(50, TestContext.Current.CancellationToken); // for the first look at the database
            text = await ReadAsync();
        }

        Value(text, @"orderly_database_up\{[^}]*\}").ShouldBe(1);
        Value(text, @"orderly_database_writable\{[^}]*\}").ShouldBe(1);
        Value(text, @"orderly_database_size_bytes\{[^}]*\}").ShouldBeGreaterThan(1_000_000);
        Value(text, @"orderly_database_connections_max\{[^}]*\}").ShouldBe(300);
        Value(text, @"db_client_connection_max\{[^}]*pool_name=""orderly-write""[^}]*\}").ShouldBe(4);
    }

    [Fact]
    public async Task Nothing_that_a_caller_sends_becomes_a_label()
    {
        const string Planted = "planted4711";
        await server.Api.PostAsync($"/orders?{Planted}=1", AnOrder.With($"\"notes\": \"{Planted}\""));
        await server.Api.GetAsync($"/orders/{Planted}?customer.email={Planted}@example.com",
            ("X-Request-Id", Planted), ("User-Agent", Planted), ("Idempotency-Key", Planted));
        await server.Api.SendAsync(new HttpMethod(Planted), "/" + Planted, json: null);
        using var stranger = new Api(server.Address, key: Planted);
        (await stranger.GetAsync("/orders")).ShouldBe(401);

        (await ReadAsync()).ShouldNotContain(Planted, Case.Insensitive);
    }

    [Fact]
    public async Task They_are_for_keys_that_may_read_the_audit_record_and_take_no_query()
    {
        using var viewer = await server.CallerAsync("metrics", "orders:read");
        (await viewer.GetAsync("/metrics")).ShouldRefuse(403, "missing-scope");
        (await server.Api.GetAsync("/metrics?x=1")).ShouldRefuse(400, "unknown-parameter");
    }

    private const int LooksMax = 100;
    private const int MatchSecondsMax = 10;
    private const string Placed =
        @"http_server_request_duration_seconds_count\{[^}]*method=""POST"",http_response_status_code=""201"","
        + @"http_route=""/orders/?""\}";

    private async Task<string> ReadAsync()
    {
        var reply = (await server.Api.GetAsync("/metrics")).ShouldBe(200);
        reply.Header("Content-Type")!.ShouldStartWith("text/plain");
        return reply.Text;
    }

    /// <summary>The sum of all series that fit; 0 where there is none.</summary>
    private static double Value(string text, string series) => Regex
        .Matches(text, "^" + series + @" ([0-9.eE+-]+)", RegexOptions.Multiline, TimeSpan.FromSeconds(MatchSecondsMax))
        .Sum(match => double.Parse(match.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture));
}
