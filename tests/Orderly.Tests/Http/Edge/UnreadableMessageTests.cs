using System.Text.Json;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Http.Edge;

/// <summary>A server that waits for nobody.</summary>
public sealed class ImpatientServer(TestCluster cluster) : RunningServer(cluster)
{
    protected override IReadOnlyList<(string, string)> Settings =>
        [("Limits:HeadersTimeoutSeconds", "1"), ("Limits:BodyBytesPerSecondMin", "100000")];
}

/// <summary>What never becomes a request, or only slowly, is answered like any other refusal.</summary>
public sealed class UnreadableMessageTests(ImpatientServer server) : IClassFixture<ImpatientServer>
{
    private async Task<string> SendAsync(string message)
    {
        using var connection = await RawConnection.OpenAsync(server.Address);
        await connection.SendAsync(message);
        return await connection.ReadToEndAsync();
    }

    /// <summary>The answer is a whole problem document of its stated length, and the last on its connection.</summary>
    private static void ShouldRefuse(string answer, int status, string code, string instance = "/")
    {
        answer.ShouldStartWith($"HTTP/1.1 {status} ");
        var (head, body) = (answer[..answer.IndexOf("\r\n\r\n")], answer[(answer.IndexOf("\r\n\r\n") + 4)..]);
        head.ShouldContain("\r\nContent-Type: application/problem+json");
        head.ShouldContain($"\r\nContent-Length: {body.Length}");
        head.ShouldContain("\r\nConnection: close");
        var problem = JsonSerializer.Deserialize<JsonElement>(body);
        problem.GetProperty("code").GetString().ShouldBe(code);
        problem.GetProperty("status").GetInt32().ShouldBe(status);
        problem.GetProperty("instance").GetString().ShouldBe(instance);
        head.ShouldContain($"\r\nX-Request-Id: {problem.GetProperty("traceId").GetString()}");
    }

    [Theory]
    [InlineData("nonsense\n\n")]
    [InlineData("GET /orders HTTP/1.1\n\n")] // no host
    [InlineData("GET /orders HTTP/1.1\nHost: a b\n\n")]
    [InlineData("GET /orders HTTP/1.1\nHost: test\nno colon\n\n")]
    [InlineData("GET /orders HTTP/7.3\nHost: test\n\n")]
    [InlineData("POST /orders HTTP/1.1\nHost: test\nContent-Length: many\n\n")]
    [InlineData("POST /orders HTTP/1.1\nHost: test\nContent-Length: 4\nContent-Length: 40\n\n")]
    [InlineData("POST /orders HTTP/1.1\nHost: test\nContent-Length: -1\n\n")]
    [InlineData("POST /orders HTTP/1.1\nHost: test\nTransfer-Encoding: chunked, identity\n\n")]
    [InlineData("GET /orders HTTP/1.1\nHost: test\nHost: elsewhere\n\n")]
    [InlineData("GET /orders HTTP/1.1\nHost: test\nX-Space : a\n\n")]
    [InlineData("GET /orders HTTP/1.1\nHost: test\nX-Folded: a\n b\n\n")]
    public async Task A_message_that_is_no_request_is_refused_in_full(string message)
    {
        var answer = await SendAsync(message);

        var instance = message.StartsWith("nonsense") || message.Contains("7.3") ? "/" : "/orders";
        ShouldRefuse(answer, 400, "bad-request", instance);
    }

    [Fact]
    public async Task A_method_that_asks_for_no_address_is_refused() =>
        ShouldRefuse(await SendAsync("GET * HTTP/1.1\nHost: test\n\n"), 405, "method-not-allowed");

    [Fact]
    public async Task A_request_line_that_is_too_long_is_refused() =>
        ShouldRefuse(
            await SendAsync($"GET /{new string('a', 9000)} HTTP/1.1\nHost: test\n\n"), 414, "address-too-long");

    [Fact]
    public async Task Headers_that_are_too_large_or_too_many_are_refused()
    {
        ShouldRefuse(
            await SendAsync($"GET /orders HTTP/1.1\nHost: test\nX: {new string('a', 33 * 1024)}\n\n"),
            431, "headers-too-large", "/orders");
        var many = string.Concat(Enumerable.Range(0, 101).Select(i => $"X-{i}: a\n"));
        ShouldRefuse(
            await SendAsync($"GET /orders HTTP/1.1\nHost: test\n{many}\n"), 431, "headers-too-large", "/orders");
    }

    [Fact]
    public async Task Headers_that_do_not_end_are_waited_for_no_longer_than_told() =>
        ShouldRefuse(await SendAsync("GET /orders HTTP/1.1\nHost: test\n"), 408, "request-timeout", "/orders");

    [Fact]
    public async Task A_body_that_hardly_comes_is_not_waited_for()
    {
        var answer = await SendAsync(
            $$"""
            POST /orders HTTP/1.1
            Host: test
            X-Api-Key: {{RunningServer.Key}}
            Content-Type: application/json
            Content-Length: 1000

            {"datetime":
            """);

        answer.ShouldStartWith("HTTP/1.1 408 ");
        answer.ShouldContain("\"code\":\"request-timeout\"");
    }

    [Fact]
    public async Task Answers_before_it_on_the_same_connection_stay_whole()
    {
        using var connection = await RawConnection.OpenAsync(server.Address);
        await connection.SendAsync("GET /health/live HTTP/1.1\nHost: test\n\nnonsense\n\n");
        var answers = await connection.ReadToEndAsync();

        var second = answers.LastIndexOf("HTTP/1.1 ");
        answers.ShouldStartWith("HTTP/1.1 200 OK");
        second.ShouldBeGreaterThan(0);
        ShouldRefuse(answers[second..], 400, "bad-request");
    }

    [Fact]
    public async Task Head_is_answered_without_a_body()
    {
        var answer = await SendAsync("HEAD /orders HTTP/1.1\nHost: a b\n\n");

        answer.ShouldStartWith("HTTP/1.1 400 ");
        answer.ShouldEndWith("\r\n\r\n");
    }
}
