using System.Net.Http.Headers;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Orderly.Server.Access;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Access;

/// <summary>Answers that go on for long, and callers who lose meanwhile what let them in.</summary>
public sealed class LapsedCallerTests(RunningServer server) : IClassFixture<RunningServer>, IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(1);

    private readonly Api _api = server.Api;
    private readonly HttpClient _http = new() { BaseAddress = server.Address };

    public void Dispose() => _http.Dispose();

    [Theory]
    [InlineData("""{"scopes": ["orders:read", "orders:reveal"]}""")]
    [InlineData("""{"scopes": ["orders:read", "changes:read"]}""")]
    [InlineData("""{"reach": "team"}""")]
    [InlineData("""{"allowedCidrs": ["192.0.2.0/24"]}""")]
    public async Task A_stream_of_events_ends_when_its_key_may_do_less(string patch)
    {
        var (id, key) = await MakeKeyAsync();
        using var stream = await OpenAsync(key);
        (await _api.PatchAsync("/keys/" + id, patch)).ShouldBe(200);

        (await ReadToEndAsync(stream)).ShouldBe("");
    }

    [Theory]
    [InlineData("update keys set revoked_at = now() where key_id = $1")]
    [InlineData("update keys set expires_at = now() where key_id = $1")]
    [InlineData("delete from key_secrets where key_id = $1")]
    public async Task A_stream_of_events_ends_when_its_key_ends_at_another_server(string statement)
    {
        var (id, key) = await MakeKeyAsync();
        using var stream = await OpenAsync(key);
        await server.Database.ExecuteAsync(statement, id);

        (await ReadToEndAsync(stream)).ShouldBe("");
    }

    [Fact]
    public async Task A_stream_of_events_stays_while_its_key_may_do_more_and_ends_before_the_next_event_once_revoked()
    {
        var (id, key) = await MakeKeyAsync();
        using var stream = await OpenAsync(key);
        (await _api.PatchAsync("/keys/" + id, """{"role": "admin", "name": "promoted"}""")).ShouldBe(200);
        var seen = await _api.PlaceAsync();
        using var reader = new StreamReader(await stream.Content.ReadAsStreamAsync(Stop));
        using var deadline = new CancellationTokenSource(Deadline);
        while (!(await reader.ReadLineAsync(deadline.Token)).ShouldNotBeNull().Contains(seen))
        {
        }

        (await _api.DeleteAsync("/keys/" + id)).ShouldBe(204);
        var unseen = await _api.PlaceAsync();

        (await reader.ReadToEndAsync(deadline.Token)).ShouldNotContain(unseen);
    }

    [Fact]
    public async Task A_reader_that_waits_is_told_that_its_key_was_revoked()
    {
        var (id, key) = await MakeKeyAsync();
        using var caller = new Api(server.Address, key);
        var waiting = await WaitForChangesAsync(caller);
        (await _api.DeleteAsync("/keys/" + id)).ShouldBe(204);
        await _api.PlaceAsync();

        (await waiting.Answer.WaitAsync(Deadline, Stop)).ShouldRefuse(401, "unknown-key");
    }

    [Fact]
    public async Task A_reader_that_waits_is_told_that_its_key_lost_the_scope()
    {
        var (id, key) = await MakeKeyAsync();
        using var caller = new Api(server.Address, key);
        var waiting = await WaitForChangesAsync(caller);
        (await _api.PatchAsync("/keys/" + id, """{"scopes": ["orders:read"]}""")).ShouldBe(200);

        (await waiting.Answer.WaitAsync(Deadline, Stop)).ShouldRefuse(403, "missing-scope");
    }

    [Fact]
    public async Task A_reader_that_waits_with_a_key_that_reaches_less_is_sent_back_to_where_it_was()
    {
        var (id, key) = await MakeKeyAsync();
        using var caller = new Api(server.Address, key);
        var waiting = await WaitForChangesAsync(caller);
        (await _api.PatchAsync("/keys/" + id, """{"reach": "team"}""")).ShouldBe(200);
        await _api.PlaceAsync();

        var page = (await waiting.Answer.WaitAsync(Deadline, Stop)).ShouldBe(200);
        page.At("data").GetArrayLength().ShouldBe(0);
        page.String("next").ShouldBe(waiting.Token);
    }

    [Theory]
    [InlineData("mode=atomic", "Nothing was stored.", 0)]
    [InlineData("mode=each", "1000 orders are stored, of the rows up to row 1000", 1000)]
    public async Task An_import_ends_when_its_key_is_revoked(string query, string told, long stored)
    {
        var made = (await _api.PostAsync("/keys", """{"name": "sender", "role": "editor"}""")).ShouldBe(201);
        var before = await CountOrdersAsync();
        using var sender = await BeginImportAsync(query, made.String("key")!);
        await SendRowsAsync(sender, 1001);
        await Patience.UntilAsync(async () =>
            stored > 0 ? await CountOrdersAsync() == before + stored : await IsImportingAsync());
        (await _api.DeleteAsync("/keys/" + made.Id)).ShouldBe(204);

        var reply = await ReadProblemAsync(sender);
        reply.ShouldStartWith("HTTP/1.1 401 ");
        reply.ShouldContain("\"code\":\"unknown-key\"");
        reply.ShouldContain(told);
        (await CountOrdersAsync()).ShouldBe(before + stored);
    }

    [Fact]
    public async Task An_import_ends_when_its_key_may_do_less()
    {
        var made = (await _api.PostAsync("/keys", """{"name": "sender", "scopes": ["orders:write", "orders:force"]}"""))
            .ShouldBe(201);
        using var sender = await BeginImportAsync("mode=atomic", made.String("key")!);
        await Patience.UntilAsync(IsImportingAsync);
        (await _api.PatchAsync("/keys/" + made.Id, """{"scopes": ["orders:write"]}""")).ShouldBe(200);

        var reply = await ReadProblemAsync(sender);
        reply.ShouldStartWith("HTTP/1.1 403 ");
        reply.ShouldContain("Rights that the key had when the import began were taken from it. Nothing was stored.");
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private async Task<(string Id, string Key)> MakeKeyAsync()
    {
        var made = (await _api.PostAsync("/keys", """
            {"name": "reader", "team": "readers", "reach": "all",
             "scopes": ["orders:read", "orders:reveal", "changes:read"]}
            """)).ShouldBe(201);
        return (made.Id, made.String("key")!);
    }

    /// <summary>
    /// Asks for what comes next. Returns once the key was asked for again while it waits, since the gate's question
    /// may not have its answer yet.
    /// </summary>
    private async Task<(string Token, Task<Reply> Answer)> WaitForChangesAsync(Api caller)
    {
        var token = await server.EndOfFeedAsync();
        var keys = server.Services.GetRequiredService<KeyRing>();
        await _api.GetAsync("/me");
        long before;
        do
        {
            before = keys.Lookups; // streams of other tests that are just ending ask, too
            await Task.Delay(Quiet, Stop);
        }
        while (keys.Lookups != before);

        var answer = caller.GetAsync($"/changes?after={token}&wait=30");
        using var deadline = new CancellationTokenSource(Deadline);
        while (keys.Lookups < before + 2)
        {
            await Task.Delay(5, deadline.Token);
        }

        return (token, answer);
    }

    private async Task<HttpResponseMessage> OpenAsync(string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/changes?after=" + await server.EndOfFeedAsync());
        request.Headers.Add("X-Api-Key", key);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Stop);
        ((int)response.StatusCode).ShouldBe(200);
        return response;
    }

    private static async Task<string> ReadToEndAsync(HttpResponseMessage stream)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        return await stream.Content.ReadAsStringAsync(deadline.Token);
    }

    private Task<long> CountOrdersAsync() => server.Database.SingleAsync<long>("select count(*) from orders");

    /// <summary>Whether an import of all or nothing has begun.</summary>
    private Task<bool> IsImportingAsync() => server.Database.SingleAsync<bool>(
        "select exists (select from pg_stat_activity where datname = current_database() "
        + "and application_name = 'orderly-import' and xact_start is not null)");

    private async Task<RawConnection> BeginImportAsync(string query, string key)
    {
        var sender = await RawConnection.OpenAsync(server.Address);
        await sender.SendAsync(
            $"POST /orders/import?{query} HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n"
            + $"X-Api-Key: {key}\nContent-Type: application/x-ndjson\n\n");
        return sender;
    }

    private static Task SendRowsAsync(RawConnection sender, int count)
    {
        var rows = string.Concat(Enumerable.Repeat(AnOrder.Least + "\n", count));
        return sender.SendAsync(Encoding.UTF8.GetBytes($"{rows.Length:x}\r\n{rows}\r\n"));
    }

    /// <summary>Until its end: the server waits for a rest of the body that will not come.</summary>
    private static async Task<string> ReadProblemAsync(RawConnection sender)
    {
        var reply = "";
        while (!reply.EndsWith('}'))
        {
            var some = await sender.ReadSomeAsync().WaitAsync(Deadline, Stop);
            reply += some.Length > 0 ? some : throw new InvalidOperationException("It ended early: " + reply);
        }

        return reply;
    }
}
