using Orderly.Tests.Harness;

namespace Orderly.Tests.Http;

/// <summary>Requests that no HTTP client sends.</summary>
public sealed class RawRequestTests(RunningServer server) : IClassFixture<RunningServer>
{
    private async Task<string> SendAsync(string request)
    {
        using var connection = await RawConnection.OpenAsync(server.Address);
        await connection.SendAsync(request);
        return await connection.ReadToEndAsync();
    }

    [Theory]
    [InlineData("chunked", "201 Created")]
    [InlineData("gzip, chunked", "415 Unsupported Media Type")]
    public async Task A_body_without_a_length_is_read_where_it_is_not_compressed(string encoding, string status)
    {
        var answer = await SendAsync(
            $$"""
            POST /orders HTTP/1.1
            Host: test
            X-Api-Key: {{RunningServer.Key}}
            Content-Type: application/json
            Transfer-Encoding: {{encoding}}
            Connection: close

            {{AnOrder.Least.Length:x}}
            {{AnOrder.Least}}
            0


            """);

        answer.ShouldStartWith($"HTTP/1.1 {status}");
    }

    [Theory]
    [InlineData("head", "/orders")]
    [InlineData("HEad", "/health/live")]
    [InlineData("get", "/orders")]
    [InlineData("Post", "/orders")]
    public async Task A_method_in_other_letters_is_another_method(string method, string path)
    {
        var answer = await SendAsync(
            $"""
            {method} {path} HTTP/1.1
            Host: test
            X-Api-Key: {RunningServer.Key}
            Connection: close


            """);

        answer.ShouldStartWith("HTTP/1.1 405 ");
        answer.ShouldContain("\nAllow: ");
        answer.ShouldContain($"'{method}' is not possible here; possible are ");
    }

    [Fact]
    public async Task An_address_that_is_not_encoded_is_refused_with_how_to_encode_it()
    {
        var answer = await SendAsync(
            $"""
            GET /orders?q=naïve HTTP/1.1
            Host: test
            X-Api-Key: {RunningServer.Key}


            """);

        answer.ShouldStartWith("HTTP/1.1 400 ");
        answer.ShouldContain("percent-encoded");
    }

    [Theory]
    [InlineData("zz")]
    [InlineData("-1")]
    [InlineData("FFFFFFFFFFFFFFFFF")]
    public async Task A_chunk_of_no_possible_size_is_refused(string size)
    {
        var answer = await SendAsync(
            $"""
            POST /orders HTTP/1.1
            Host: test
            X-Api-Key: {RunningServer.Key}
            Content-Type: application/json
            Transfer-Encoding: chunked
            Connection: close

            {size}
            a
            """);

        answer.ShouldStartWith("HTTP/1.1 400 ");
        answer.ShouldContain("application/problem+json");
        answer.ShouldContain("bad-request");
    }

    [Theory]
    [InlineData("Content-Type: application/json")]
    [InlineData("Content-Type: application/json; charset=utf-8\nContent-Length: 0")]
    [InlineData("Content-Length: 0")]
    [InlineData("Content-Type: text/plain\nContent-Length: 0")]
    [InlineData("Content-Type: application/json\nTransfer-Encoding: chunked", "0\n\n")]
    [InlineData("Transfer-Encoding: chunked", "0\n\n")]
    public async Task Where_no_body_is_needed_an_empty_one_is_none_whatever_its_type(string headers, string body = "")
    {
        var made = (await server.Api.PostAsync("/keys", """{"name": "empty", "role": "viewer"}""")).ShouldBe(201);
        var order = "/orders/" + await server.Api.PlaceAsync();
        foreach (var (request, status) in ((string, string)[])
        [
            ("POST " + order + "/status", "4"), ("DELETE " + order, "204 "), ("POST " + order + "/restore", "200 "),
            ($"POST /keys/{made.Id}/rotate", "200 "), ($"DELETE /keys/{made.Id}", "204 "),
        ])
        {
            var answer = await SendAsync(
                $"{request} HTTP/1.1\nHost: x\nX-Api-Key: {RunningServer.Key}\nConnection: close\n{headers}\n\n{body}");
            answer.ShouldStartWith("HTTP/1.1 " + status, Case.Sensitive, request);
        }
    }

    [Fact]
    public async Task A_request_without_a_body_or_a_type_is_refused()
    {
        var answer = await SendAsync(
            $"""
            POST /orders HTTP/1.1
            Host: test
            X-Api-Key: {RunningServer.Key}
            Connection: close


            """);

        answer.ShouldStartWith("HTTP/1.1 415 ");
        answer.ShouldContain("application/problem+json");
    }

    [Fact]
    public async Task An_empty_body_is_refused()
    {
        var answer = await SendAsync(
            $"""
            POST /orders HTTP/1.1
            Host: test
            X-Api-Key: {RunningServer.Key}
            Content-Type: application/json
            Content-Length: 0
            Connection: close


            """);

        answer.ShouldStartWith("HTTP/1.1 400 ");
        answer.ShouldContain("malformed-json");
    }

    [Fact]
    public async Task The_server_does_not_say_what_it_is_made_of()
    {
        var answer = await SendAsync(
            """
            GET /nowhere HTTP/1.1
            Host: test
            Connection: close


            """);

        answer.ShouldStartWith("HTTP/1.1 401 Unauthorized");
        answer.ShouldNotContain("Server:");
        answer.ShouldNotContain("Kestrel");
    }

    [Fact]
    public async Task Two_keys_that_differ_are_refused()
    {
        var answer = await SendAsync(
            $"""
            GET /orders HTTP/1.1
            Host: test
            X-Api-Key: {RunningServer.Key}
            X-Api-Key: another
            Connection: close


            """);

        answer.ShouldStartWith("HTTP/1.1 401 Unauthorized");
    }

    [Fact]
    public async Task A_caller_that_goes_away_in_the_middle_of_its_body_harms_nobody()
    {
        using (var connection = await RawConnection.OpenAsync(server.Address))
        {
            await connection.SendAsync(
                $$"""
                POST /orders HTTP/1.1
                Host: test
                X-Api-Key: {{RunningServer.Key}}
                Content-Type: application/json
                Content-Length: 100000

                {"datetime":
                """);
        }

        await server.Api.PlaceAsync();
    }
}
