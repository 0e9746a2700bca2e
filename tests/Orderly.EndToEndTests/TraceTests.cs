using Orderly.EndToEndTests.Running;
using Orderly.EndToEndTests.Work;

namespace Orderly.EndToEndTests;

/// <summary>What a real server sends to a collector of OpenTelemetry.</summary>
[Collection(Soak.OneAtATime)]
public sealed class TraceTests
{
    private const string TraceId = "4bf92f3577b34da6a3ce929d0e0e4736";
    private const string CallerSpan = "00f067aa0ba902b7";
    private const string Planted = "planted4711";

    [Fact]
    public async Task A_request_is_one_trace_from_its_caller_down_to_its_SQL_and_holds_no_values()
    {
        await using var collector = new OtlpCollector();
        await using var server = await LoneServer.StartAsync(
            ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Address.ToString().TrimEnd('/')),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"));
        using var client = new OrderlyClient(server.Address, bug: null);
        var answer = await client.SendAsync(HttpMethod.Post, "/orders", $$"""
            {"datetime": "2026-11-24T09:30:00Z", "totalfee": 5, "services": ["deep-clean"], "notes": "{{Planted}}",
             "customer": {"email": "{{Planted}}@example.com"}, "reference": "{{Planted}}"}
            """, ("traceparent", $"00-{TraceId}-{CallerSpan}-01"));
        answer.Status.ShouldBe(201);
        (await client.GetAsync($"/orders?q={Planted}")).Status.ShouldBe(200);
        (await server.StopAsync()).ShouldBe(0); // sends what is left

        var trace = collector.Spans.Where(span => span.TraceId == TraceId).ToList();
        var request = trace.Where(span => span.ParentId == CallerSpan).ShouldHaveSingleItem();
        request.Name.ShouldBe("POST /orders");
        var group = trace.Where(span => span.Name == "orderly.group" && span.ParentId == request.SpanId
            && span.Attributes["orderly.work"] == "writes").ShouldHaveSingleItem();
        trace.Where(span => span.ParentId == group.SpanId)
            .SelectMany(span => span.Attributes).Where(attribute => attribute.Key is "db.query.text" or "db.statement")
            .ShouldContain(attribute => attribute.Value.Contains("insert into"));
        collector.Spans.ShouldContain(span => span.TraceId != TraceId && span.Name == "GET /orders");
        collector.Text("/v1/traces").ShouldNotContain(Planted);
        var metrics = collector.Text("/v1/metrics");
        metrics.ShouldContain("orderly.group.size");
        metrics.ShouldContain("http.server.request.duration");
        metrics.ShouldNotContain(Planted);
    }
}
