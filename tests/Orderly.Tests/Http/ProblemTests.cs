using Orderly.Contract.Problems;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Http;

/// <summary>Refusals that are the same at every address, and the pages that explain them.</summary>
public sealed class ProblemTests(RunningServer server) : IClassFixture<RunningServer>
{
    private readonly Api _api = server.Api;

    [Theory]
    [InlineData("/")]
    [InlineData("/nowhere")]
    [InlineData("/orders/1/2/3")]
    [InlineData("/Order")]
    public async Task An_address_that_does_not_exist_is_not_found(string path)
    {
        var reply = (await _api.GetAsync(path)).ShouldRefuse(404, "route-not-found");

        reply.String("instance").ShouldBe(path);
        reply.Header("Cache-Control").ShouldBe("no-store");
    }

    [Theory]
    [InlineData("PUT", "/orders", "GET, HEAD, POST")]
    [InlineData("DELETE", "/orders", "GET, HEAD, POST")]
    [InlineData("POST", "/orders/019ab2c3-0000-7000-8000-000000000000", "DELETE, GET, HEAD, PATCH, PUT")]
    [InlineData("POST", "/services", "GET, HEAD")]
    [InlineData("POST", "/services/window", "DELETE, GET, HEAD, PATCH, PUT")]
    [InlineData("OPTIONS", "/orders", "GET, HEAD, POST")]
    public async Task A_method_that_an_address_does_not_take_is_refused_with_those_that_it_takes(
        string method, string path, string allowed)
    {
        var reply = await _api.SendAsync(new HttpMethod(method), path, json: null);

        reply.ShouldRefuse(405, "method-not-allowed");
        string.Join(", ", reply.Header("Allow")!.Split(", ").Order(StringComparer.Ordinal)).ShouldBe(allowed);
    }

    [Fact]
    public async Task Every_code_has_a_page_that_explains_it_to_everyone()
    {
        using var stranger = new Api(server.Address, key: null);
        foreach (var code in ProblemCodes.All.Select(code => code.ToText()))
        {
            var page = (await stranger.GetAsync("/problems/" + code)).ShouldBe(200);
            page.Header("Content-Type").ShouldBe("text/html; charset=utf-8");
            page.Text.ShouldContain($"<code>{code}</code>");
        }

        var index = (await stranger.GetAsync("/problems")).ShouldBe(200);
        ProblemCodes.All.ShouldAllBe(code => index.Text.Contains($"/problems/{code.ToText()}\""));
        (await stranger.GetAsync("/problems/no-such-code")).ShouldRefuse(404, "route-not-found");
    }

    [Fact]
    public async Task A_page_never_tells_back_what_was_asked_as_html()
    {
        var reply = await _api.GetAsync("/problems/%3Cscript%3E");

        reply.ShouldRefuse(404, "route-not-found");
        reply.Header("X-Content-Type-Options").ShouldBe("nosniff");
    }

    [Fact]
    public async Task A_request_id_that_is_sane_is_echoed_on_answers_and_refusals()
    {
        (await _api.GetAsync("/orders", ("X-Request-Id", "my-id_1:2/3"))).Header("X-Request-Id")
            .ShouldBe("my-id_1:2/3");
        (await _api.GetAsync("/nowhere", ("X-Request-Id", "my-id"))).Header("X-Request-Id").ShouldBe("my-id");
        (await _api.GetAsync("/orders", ("X-Request-Id", "x"), ("X-Api-Key", "wrong"))).Header("X-Request-Id")
            .ShouldBe("x");
        (await _api.GetAsync("/health/live", ("X-Request-Id", "y"))).Header("X-Request-Id").ShouldBe("y");
    }

    [Theory]
    [InlineData("two words")]
    [InlineData("tab\tbed")]
    public async Task A_request_id_that_is_not_sane_is_replaced(string id) =>
        (await _api.GetAsync("/orders", ("X-Request-Id", id))).Header("X-Request-Id").ShouldNotBeNull()
            .ShouldMatch("^[0-9a-f]{32}$");

    [Fact]
    public async Task A_request_id_that_is_too_long_or_missing_is_made()
    {
        (await _api.GetAsync("/orders", ("X-Request-Id", new string('x', 128)))).Header("X-Request-Id")
            .ShouldBe(new string('x', 128));
        (await _api.GetAsync("/orders", ("X-Request-Id", new string('x', 129)))).Header("X-Request-Id")
            .ShouldNotBeNull().ShouldMatch("^[0-9a-f]{32}$");
        (await _api.GetAsync("/orders")).Header("X-Request-Id").ShouldNotBeNull().ShouldMatch("^[0-9a-f]{32}$");
    }

    [Fact]
    public async Task The_trace_of_the_caller_is_taken_over()
    {
        const string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        var reply = await _api.GetAsync("/nowhere", ("traceparent", $"00-{trace}-00f067aa0ba902b7-01"));

        reply.ShouldRefuse(404, "route-not-found").String("traceId").ShouldBe(trace);
        reply.Header("X-Request-Id").ShouldBe(trace);
        (await _api.GetAsync("/nowhere", ("traceparent", "nonsense"))).String("traceId").ShouldNotBe(trace);
    }

    [Fact]
    public async Task The_instance_is_an_address_even_where_the_path_holds_other_characters() =>
        (await _api.GetAsync("/orders/a%20b%22c")).ShouldRefuse(404, "order-not-found")
            .String("instance").ShouldBe("/orders/a%20b%22c");

    [Fact]
    public async Task Health_answers_everyone_and_tells_details_to_those_who_may_see_them()
    {
        using var stranger = new Api(server.Address, key: null);

        (await stranger.GetAsync("/health/live")).ShouldBe(200).String("status").ShouldBe("live");
        var ready = (await stranger.GetAsync("/health/ready")).ShouldBe(200);
        ready.String("status").ShouldBe("ready");
        ready.Text.ShouldNotContain("PostgreSQL");
        (await _api.GetAsync("/health/ready")).Raw("checks")!.ShouldContain("PostgreSQL");
        var reader = await server.CallerAsync("reading", "orders:read");
        (await reader.GetAsync("/health/ready")).Text.ShouldNotContain("PostgreSQL");
    }

    [Theory]
    [InlineData("/health/live")]
    [InlineData("/health/ready")]
    [InlineData("/problems")]
    [InlineData("/problems/order-not-found")]
    public async Task A_query_that_an_open_address_does_not_take_is_refused(string path)
    {
        (await _api.GetAsync(path + "?verbose=true")).ShouldRefuse(400, "unknown-parameter")
            .Faults.ShouldBe(["verbose unknown-parameter"]);
    }
}
