using System.Text;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Http;

/// <summary>Bodies that cannot be read, at every address that takes one.</summary>
public sealed class StrictBodyTests(RunningServer server) : IClassFixture<RunningServer>
{
    private const int Mebibyte = 1024 * 1024;
    private readonly Api _api = server.Api;

    public static TheoryData<string, string, string> Writers => new()
    {
        { "POST", "/orders", "application/json" },
        { "PUT", "/orders/019ab2c3-0000-7000-8000-000000000000", "application/json" },
        { "PATCH", "/orders/019ab2c3-0000-7000-8000-000000000000", "application/merge-patch+json" },
        { "PUT", "/services/strict", "application/json" },
        { "PATCH", "/services/window", "application/merge-patch+json" },
    };

    private Task<Reply> SendAsync(string method, string path, string mediaType, byte[] body) => _api.SendAsync(
        new HttpMethod(method), path, new ByteArrayContent(body), ("Content-Type", mediaType));

    [Theory]
    [MemberData(nameof(Writers))]
    public async Task What_is_not_json_is_refused(string method, string path, string mediaType)
    {
        foreach (var body in (string[])
        [
            "", " ", "{", "{}}", "{} {}", "{,}", "{\"a\":1,}", "[1,]", "{'a':1}", "{a:1}", "NaN", "{\"a\":NaN}",
            "{\"a\":01}", "{\"a\":1.}", "{\"a\":+1}", "{\"a\":.5}", "// comment\n{}", "{/**/}", "\"unterminated",
            "{\"a\":\"tab\there\"}", "{\"a\":\"\\x\"}", "nul", "\ufeff{}", "{\"a\":\0}",
        ])
        {
            (await SendAsync(method, path, mediaType, Encoding.UTF8.GetBytes(body)))
                .ShouldRefuse(400, "malformed-json");
        }
    }

    [Theory]
    [MemberData(nameof(Writers))]
    public async Task What_is_not_utf_8_is_refused(string method, string path, string mediaType)
    {
        byte[][] invalid = [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82]];
        foreach (var bytes in invalid)
        {
            byte[] body = [.. "{\"name\":\""u8, .. bytes, .. "\"}"u8];
            (await SendAsync(method, path, mediaType, body)).ShouldRefuse(400, "malformed-json");
        }

        (await SendAsync(method, path, mediaType, Encoding.Unicode.GetBytes("{}"))).ShouldRefuse(400, "malformed-json");
    }

    [Theory]
    [MemberData(nameof(Writers))]
    public async Task What_is_nested_50_levels_deep_is_refused(string method, string path, string mediaType)
    {
        var deep = $"{{\"metadata\":{new string('[', 50)}{new string(']', 50)}}}";

        (await SendAsync(method, path, mediaType, Encoding.UTF8.GetBytes(deep))).ShouldRefuse(400, "malformed-json");
    }

    [Theory]
    [MemberData(nameof(Writers))]
    public async Task Half_a_surrogate_pair_in_a_name_is_refused(string method, string path, string mediaType)
    {
        foreach (var name in (string[])["\\ud800", "x\\udc00", "name\\ud800", "dat\\ud800", "\\ude00\\ud83d"])
        {
            var body = Encoding.UTF8.GetBytes($"{{\"{name}\": 1}}");
            (await SendAsync(method, path, mediaType, body)).ShouldBe(400).Text.ShouldContain("invalid-text");
        }
    }

    [Fact]
    public async Task A_very_long_name_is_not_told_back()
    {
        var name = new string('[', 200_000);
        var metadata = $$"""{"{{name}}": 1, "{{name}}": 2}""";
        var body = $$"""{"datetime": "2026-11-23T09:30:00Z", "services": ["x"], "metadata": {{metadata}} }""";

        var answer = await SendAsync("POST", "/orders", "application/json", Encoding.UTF8.GetBytes(body));

        answer.ShouldBe(400).Text.Length.ShouldBeLessThan(5_000);
        answer.Text.ShouldContain("\"#/metadata\"");
    }

    [Theory]
    [MemberData(nameof(Writers))]
    public async Task A_body_of_another_media_type_is_refused(string method, string path, string mediaType)
    {
        string[] others = ["", "text/plain", "application/xml", $"{mediaType}; charset=utf-16", "*/*", "json"];
        foreach (var other in others)
        {
            (await SendAsync(method, path, other, "{}"u8.ToArray())).ShouldRefuse(415, "unsupported-media-type")
                .Header(method == "PATCH" ? "Accept-Patch" : "Accept").ShouldBe(mediaType);
        }
    }

    [Theory]
    [MemberData(nameof(Writers))]
    public async Task A_compressed_body_is_refused(string method, string path, string mediaType)
    {
        foreach (var encoding in (string[])["gzip", "br", "deflate, gzip", "zstd"])
        {
            (await _api.SendAsync(new HttpMethod(method), path, new ByteArrayContent("{}"u8.ToArray()),
                ("Content-Type", mediaType), ("Content-Encoding", encoding)))
                .ShouldRefuse(415, "unsupported-media-type");
        }
    }

    [Theory]
    [InlineData("\"reference\": \"a\\u0000b\"", "#/reference")]
    [InlineData("\"notes\": \"\\ud800\"", "#/notes")]
    [InlineData("\"notes\": \"\\udc00\\ud800\"", "#/notes")]
    [InlineData("\"customer\": {\"name\": \"\\u0000\"}", "#/customer/name")]
    [InlineData("\"metadata\": {\"a\": \"\\udfff\"}", "#/metadata/a")]
    [InlineData("\"metadata\": {\"a\\u0000\": \"\"}", "#/metadata")]
    [InlineData("\"metadata\": {\"\\ud800\": \"\"}", "#/metadata")]
    [InlineData("\"currency\": \"\\ud800\"", "#/currency")]
    public async Task Text_that_can_not_be_stored_is_refused(string member, string pointer) =>
        (await _api.PostAsync("/orders", AnOrder.With(member))).ShouldRefuse(400, "invalid-text", pointer);

    [Theory]
    [InlineData("[\"\\u0000\"]", "#/services/0")]
    [InlineData("[{\"id\": \"\\ud800\"}]", "#/services/0/id")]
    [InlineData("[{\"id\": \"window\", \"name\": \"\\u0000\"}]", "#/services/0/name")]
    public async Task Text_of_a_line_that_can_not_be_stored_is_refused(string services, string pointer) =>
        (await _api.PostAsync("/orders", AnOrder.Of(services))).ShouldRefuse(400, "invalid-text", pointer);

    [Fact]
    public async Task A_time_of_half_a_surrogate_pair_is_no_time() =>
        (await _api.PostAsync("/orders", AnOrder.At("\"\\ud800\""))).ShouldRefuse(400, "invalid-time", "#/datetime");

    [Fact]
    public async Task A_body_of_exactly_one_mebibyte_is_read()
    {
        var start = AnOrder.Least;
        var body = start + new string(' ', Mebibyte - start.Length);

        (await _api.PostAsync("/orders", body)).ShouldBe(201);
        (await _api.PostAsync("/orders", body + " ")).ShouldRefuse(413, "body-too-large");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_of_ten_mebibytes_is_refused_with_an_answer_that_can_be_read(bool isChunked)
    {
        using var content = new StreamContent(new MemoryStream(new byte[10 * Mebibyte]));
        if (isChunked)
        {
            content.Headers.ContentLength = null;
        }

        var reply = await _api.SendAsync(HttpMethod.Post, "/orders", content,
            isChunked ? [("Transfer-Encoding", "chunked")] : []);
        reply.ShouldRefuse(413, "body-too-large");
        (await _api.PostAsync("/orders", AnOrder.Least)).ShouldBe(201);
    }

    [Theory]
    [InlineData("the-wrong-key", "application/json", 401, "unknown-key")]
    [InlineData(RunningServer.Key, "text/plain", 415, "unsupported-media-type")]
    public async Task Whoever_is_refused_before_the_body_is_read_can_read_why(
        string key, string mediaType, int status, string code)
    {
        var reply = await _api.SendAsync(HttpMethod.Post, "/orders", new ByteArrayContent(new byte[10 * Mebibyte]),
            ("X-Api-Key", key), ("Content-Type", mediaType));

        reply.ShouldRefuse(status, code);
    }

    [Fact]
    public async Task Of_sixty_thousand_faults_at_most_a_hundred_are_told()
    {
        var members = string.Join(",", Enumerable.Range(0, 60_000).Select(i => $"\"f{i}\":0"));
        var metadata = await _api.PostAsync("/orders", AnOrder.With($"\"metadata\": {{{members}}}"));
        var unknown = await _api.PostAsync("/orders", $"{{{members}}}");

        metadata.ShouldBe(400).Faults.Count.ShouldBeLessThanOrEqualTo(100);
        unknown.ShouldBe(400).Faults.Count.ShouldBe(100);
    }
}
