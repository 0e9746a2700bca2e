using Microsoft.Extensions.Logging;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Observability;

/// <summary>The line that the log has of each request.</summary>
public sealed class RequestLogTests(RunningServer server) : IClassFixture<RunningServer>
{
    private const int Answered = 3100;
    private const int LooksMax = 1_000;

    [Fact]
    public async Task Each_request_has_one_line_with_who_what_and_how_it_ended()
    {
        var id = await server.Api.PlaceAsync();
        server.Log.TakeErrors().ShouldBeEmpty();

        var reply = (await server.Api.GetAsync("/orders/" + id)).ShouldBe(200);

        var line = await LineAsync();
        line.Level.ShouldBe(LogLevel.Information);
        line.Category.ShouldBe("Orderly.Requests");
        line.Message.ShouldMatch(
            @"^GET /orders/\{id\} 200 in [0-9.E-]+ ms, key bootstrap, " + reply.Body.Length + @" bytes,  rows, $");
    }

    [Fact]
    public async Task A_refusal_has_its_code_and_a_list_its_rows()
    {
        await server.Api.PlaceAsync();
        server.Log.TakeErrors().ShouldBeEmpty();
        (await server.Api.GetAsync("/orders?limit=1")).ShouldBe(200);
        (await LineAsync()).Message.ShouldContain(" 1 rows");

        server.Log.TakeErrors().ShouldBeEmpty();
        (await server.Api.GetAsync("/orders?limit=0")).ShouldBe(400);
        (await LineAsync()).Message.ShouldEndWith(", invalid-parameter");

        server.Log.TakeErrors().ShouldBeEmpty();
        (await server.Api.GetAsync("/nowhere/jane@example.com")).ShouldBe(404);
        (await LineAsync()).Message.ShouldStartWith("GET none 404 ");
    }

    [Fact]
    public async Task A_stream_has_its_rows_and_bytes()
    {
        await server.Api.PlaceAsync();
        server.Log.TakeErrors().ShouldBeEmpty();

        var reply = (await server.Api.GetAsync("/orders", ("Accept", "application/x-ndjson"))).ShouldBe(200);

        var rows = reply.Text.Count(letter => letter == '\n');
        (await LineAsync()).Message.ShouldContain($", {reply.Body.Length} bytes, {rows} rows,");
    }

    [Fact]
    public async Task A_method_that_http_does_not_know_is_not_repeated()
    {
        server.Log.TakeErrors().ShouldBeEmpty();

        (await server.Api.SendAsync(new HttpMethod("JANE"), "/orders", json: null)).ShouldBe(405);

        (await LineAsync()).Message.ShouldStartWith("other ");
    }

    /// <summary>The line is written once the answer is sent, which the caller may have read before.</summary>
    private async Task<LogEntry> LineAsync()
    {
        for (var i = 0; i < LooksMax && server.Log.Entries.All(entry => entry.Event.Id != Answered); i++)
        {
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        return server.Log.Entries.Single(entry => entry.Event.Id == Answered);
    }
}
