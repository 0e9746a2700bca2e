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

        var line = await LineAsync("GET /orders/{id} ");
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
        (await LineAsync("GET /orders 200 ")).Message.ShouldContain(" 1 rows");

        (await server.Api.GetAsync("/orders?limit=0")).ShouldBe(400);
        (await LineAsync("GET /orders 400 ")).Message.ShouldEndWith(", invalid-parameter");

        (await server.Api.GetAsync("/nowhere/jane@example.com")).ShouldBe(404);
        await LineAsync("GET none 404 ");
    }

    [Fact]
    public async Task A_stream_has_its_rows_and_bytes()
    {
        await server.Api.PlaceAsync();
        server.Log.TakeErrors().ShouldBeEmpty();

        var reply = (await server.Api.GetAsync("/orders", ("Accept", "application/x-ndjson"))).ShouldBe(200);

        var rows = reply.Text.Count(letter => letter == '\n');
        (await LineAsync("GET /orders 200 ")).Message.ShouldContain($", {reply.Body.Length} bytes, {rows} rows,");
    }

    [Fact]
    public async Task A_method_that_http_does_not_know_is_not_repeated()
    {
        server.Log.TakeErrors().ShouldBeEmpty();

        (await server.Api.SendAsync(new HttpMethod("JANE"), "/orders", json: null)).ShouldBe(405);

        await LineAsync("other ");
    }

    /// <summary>
    /// The one line that begins so. It is written once the answer is sent, which the caller may have read before: that
    /// of the request before may still come.
    /// </summary>
    private async Task<LogEntry> LineAsync(string start)
    {
        for (var i = 0; i < LooksMax && !server.Log.Entries.Any(IsMeant); i++)
        {
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        return server.Log.Entries.Single(IsMeant);

        bool IsMeant(LogEntry entry) =>
            entry.Event.Id == Answered && entry.Message.StartsWith(start, StringComparison.Ordinal);
    }
}
