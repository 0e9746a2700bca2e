using Orderly.Tests.Harness;

namespace Orderly.Tests.Http;

/// <summary>Requests that are meant to harm, each aimed at something. The fuzzer sends many more.</summary>
public sealed class HostileRequestTests(RunningServer server) : IClassFixture<RunningServer>
{
    [Theory]
    [InlineData("' or '1'='1")]
    [InlineData("'; drop table orders; --")]
    [InlineData("\\'; delete from orders; --")]
    [InlineData("$1; select pg_sleep(10)")]
    [InlineData("0) union select key_id from key_secrets --")]
    [InlineData("%' or reference like '%")]
    [InlineData("{\"$ne\": null}")]
    public async Task Text_of_SQL_is_text_wherever_it_stands(string text)
    {
        var before = await CountAsync("");
        var json = System.Text.Json.JsonSerializer.Serialize(text);
        var id = await server.Api.PlaceAsync(AnOrder.With(
            $"\"reference\": {json}, \"notes\": {json}, \"metadata\": {{\"a\": {json}}}"));

        var escaped = Uri.EscapeDataString(text);
        (await CountAsync("")).ShouldBe(before + 1);
        (await CountAsync($"&reference={escaped}")).ShouldBe(1);
        (await CountAsync($"&metadata.a={escaped}")).ShouldBe(1);
        (await CountAsync($"&team={escaped}")).ShouldBe(0);
        (await server.Api.GetAsync("/orders/" + id)).ShouldBe(200).String("reference").ShouldBe(text);
        string[] closed = ["sort", "fields", "status", "cursor", "createdAt", "totalfee", "count", escaped];
        foreach (var name in closed)
        {
            (await server.Api.GetAsync($"/orders?{name}={escaped}")).ShouldBe(400);
        }

        foreach (var path in (string[])["/orders/", "/services/", "/keys/"])
        {
            (await server.Api.GetAsync(path + escaped)).ShouldBe(404);
        }
    }

    [Theory]
    [InlineData("/../../../../etc/passwd")]
    [InlineData("/%2e%2e/%2e%2e/etc/passwd")]
    [InlineData("/docs/%2e%2e%2f%2e%2e%2fappsettings.json")]
    [InlineData("/docs/..%5c..%5cappsettings.json")]
    [InlineData("/docs/..%252f..%252fappsettings.json")]
    [InlineData("/openapi/..%c0%af..%c0%afappsettings.json")]
    [InlineData("/problems/..%2f..%2fetc%2fpasswd")]
    [InlineData("/problems/%00")]
    [InlineData("/appsettings.json")]
    [InlineData("/.env")]
    [InlineData("/.git/config")]
    public async Task No_path_leads_to_a_file(string path)
    {
        using var connection = await RawConnection.OpenAsync(server.Address);
        await connection.SendAsync(
            $"GET {path} HTTP/1.1\nHost: test\nX-Api-Key: {RunningServer.Key}\nConnection: close\n\n");
        var answer = await connection.ReadToEndAsync();

        answer.Split(' ')[1].ShouldBeOneOf("400", "404");
        answer.ShouldContain("application/problem+json");
        answer.ShouldNotContain("root:");
        answer.ShouldNotContain("ConnectionStrings");
    }

    [Theory]
    [InlineData("%0d%0aX-Injected:%201")]
    [InlineData("%E5%98%8A%E5%98%8DX-Injected:%201")] // code points whose low bytes are CR and LF
    [InlineData("%00X-Injected")]
    public async Task What_a_request_says_makes_no_header_of_the_answer(string text)
    {
        var service = $"/services/a{text}";
        foreach (var path in (string[])[$"/orders?q={text}", $"/orders/{text}", service, $"/problems/{text}"])
        {
            var reply = await server.Api.GetAsync(path);
            reply.Status.ShouldBeOneOf(200, 400, 404);
            reply.Header("X-Injected").ShouldBeNull(path);
        }

        (await server.Api.PutAsync(service, """{"name": "A"}""")).Status.ShouldBeOneOf(400, 404);
    }

    [Fact]
    public async Task A_key_is_its_bytes_and_nothing_that_looks_like_it()
    {
        var wide = string.Concat(RunningServer.Key.Select(letter => (char)(letter - '!' + '\uFF01')));
        foreach (var key in (string[])
            [
                wide, RunningServer.Key.ToUpperInvariant(), RunningServer.Key + "\u200B", "\uFEFF" + RunningServer.Key,
                RunningServer.Key[..^1], RunningServer.Key + "0", RunningServer.Key.Replace('e', '\u0435'),
                RunningServer.Key + "," + RunningServer.Key,
            ])
        {
            using var connection = await RawConnection.OpenAsync(server.Address);
            await connection.SendAsync($"GET /me HTTP/1.1\nHost: test\nX-Api-Key: {key}\nConnection: close\n\n");
            (await connection.ReadToEndAsync()).ShouldStartWith("HTTP/1.1 401 ", customMessage: key);
        }
    }

    /// <summary>Words are looked up, not matched: nothing in a query can make the search try again and again.</summary>
    [Theory]
    [InlineData("a")]
    [InlineData("(a+)+$")]
    [InlineData("a & b | !(c <-> d):*")]
    [InlineData("x%_\\")]
    public async Task A_search_of_any_text_is_answered(string part)
    {
        var text = string.Concat(Enumerable.Repeat(part + " ", 500 / (part.Length + 1)));

        (await server.Api.GetAsync($"/orders?q={Uri.EscapeDataString(text)}")).ShouldBe(200);
    }

    private async Task<int> CountAsync(string filter) =>
        (await server.Api.GetAsync($"/orders?limit=1&count=exact{filter}")).ShouldBe(200).At("count/value").GetInt32();
}
