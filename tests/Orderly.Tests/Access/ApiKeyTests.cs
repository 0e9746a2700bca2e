using System.Text.RegularExpressions;
using Orderly.Server.Access;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Access;

/// <summary>Who is let in, and to what.</summary>
public sealed partial class ApiKeyTests(RunningServer server) : IClassFixture<RunningServer>
{
    private readonly Api _api = server.Api;

    [Fact]
    public async Task A_key_is_taken_from_either_header()
    {
        (await _api.GetAsync("/orders", ("X-Api-Key", RunningServer.Key))).ShouldBe(200);
        (await _api.GetAsync("/orders", ("Authorization", "Bearer " + RunningServer.Key))).ShouldBe(200);
        (await _api.GetAsync("/orders", ("Authorization", "bearer " + RunningServer.Key))).ShouldBe(200);
        (await _api.GetAsync("/orders",
            ("X-Api-Key", RunningServer.Key), ("Authorization", "Bearer " + RunningServer.Key))).ShouldBe(200);
    }

    [Fact]
    public async Task Two_headers_that_disagree_are_refused() => (await _api.GetAsync("/orders",
        ("X-Api-Key", RunningServer.Key), ("Authorization", "Bearer another"))).ShouldRefuse(401, "unknown-key");

    [Theory]
    [InlineData("X-Api-Key", "wrong", "unknown-key")]
    [InlineData("X-Api-Key", "", "unknown-key")]
    [InlineData("X-Api-Key", RunningServer.Key + "x", "unknown-key")]
    [InlineData("Authorization", "Bearer wrong", "unknown-key")]
    [InlineData("Authorization", "Basic dXNlcjpwYXNz", "missing-key")]
    [InlineData("Authorization", RunningServer.Key, "missing-key")]
    public async Task Who_has_no_valid_key_is_told_how_to_send_one(string header, string value, string code) =>
        (await _api.GetAsync("/orders", (header, value))).ShouldRefuse(401, code)
            .Header("WWW-Authenticate").ShouldBe("Bearer realm=\"orderly\", ApiKey realm=\"orderly\"");

    [Fact]
    public async Task Every_address_but_the_open_ones_asks_for_a_key()
    {
        using var stranger = new Api(server.Address, key: null);
        foreach (var (method, path) in ((string, string)[])
            [
                ("GET", "/orders"), ("POST", "/orders"), ("GET", "/orders/x"), ("PUT", "/orders/x"),
                ("PATCH", "/orders/x"), ("DELETE", "/orders/x"), ("GET", "/services"), ("PUT", "/services/x"),
                ("DELETE", "/services/x"), ("GET", "/nowhere"), ("POST", "/problems"),
            ])
        {
            (await stranger.SendAsync(new HttpMethod(method), path, json: null)).ShouldRefuse(401, "missing-key");
        }
    }

    [Theory]
    [InlineData("GET", "/orders", "orders:read")]
    [InlineData("GET", "/orders/x", "orders:read")]
    [InlineData("POST", "/orders", "orders:write")]
    [InlineData("PUT", "/orders/x", "orders:write")]
    [InlineData("PATCH", "/orders/x", "orders:write")]
    [InlineData("DELETE", "/orders/x", "orders:delete")]
    [InlineData("GET", "/services", "services:read")]
    [InlineData("GET", "/services/x", "services:read")]
    [InlineData("PUT", "/services/x", "services:write")]
    [InlineData("PATCH", "/services/x", "services:write")]
    [InlineData("DELETE", "/services/x", "services:write")]
    public async Task A_key_without_the_scope_is_refused_with_its_name_and_one_with_it_is_not(
        string method, string path, string scope)
    {
        var others = Scopes.All.Where(other => other != scope).ToArray();
        var without = await server.CallerAsync($"without-{method}-{path}", others);
        var with = await server.CallerAsync($"with-{method}-{path}", scope);

        var refused = (await without.SendAsync(new HttpMethod(method), path, json: null))
            .ShouldRefuse(403, "missing-scope");
        refused.String("scope").ShouldBe(scope);
        refused.String("detail")!.ShouldContain(scope);
        (await with.SendAsync(new HttpMethod(method), path, json: null)).Status.ShouldNotBe(403);
    }

    [Fact]
    public async Task A_key_is_stored_as_its_digest_alone()
    {
        (await server.Database.SingleAsync<int>(
            "select octet_length(digest) from key_secrets where key_id = 'bootstrap'")).ShouldBe(32);
        (await server.Database.SingleAsync<bool>(
            "select digest = sha256(convert_to($1, 'UTF8')) from key_secrets where key_id = 'bootstrap'",
            RunningServer.Key)).ShouldBeTrue();
    }

    [Fact]
    public async Task An_expired_or_revoked_key_that_was_not_used_yet_is_unknown()
    {
        var expired = await server.CallerAsync("expired", "orders:read");
        await server.Database.ExecuteAsync(
            "update key_secrets set expires_at = now() where key_id = 'expired-orders:read'");
        var revoked = await server.CallerAsync("revoked", "orders:read");
        await server.Database.ExecuteAsync("update keys set revoked_at = now() where key_id = 'revoked-orders:read'");

        (await expired.GetAsync("/orders")).ShouldRefuse(401, "unknown-key");
        (await revoked.GetAsync("/orders")).ShouldRefuse(401, "unknown-key");
    }

    [Fact]
    public void A_generated_key_has_its_prefix_30_random_letters_and_6_of_checksum()
    {
        var keys = Enumerable.Range(0, 1_000).Select(_ => KeyText.Generate()).ToArray();

        keys.ShouldAllBe(key => Shape().IsMatch(key));
        keys.ShouldBeUnique();
        keys.Select(key => key[4..34]).SelectMany(letters => letters).Distinct().Count().ShouldBe(62);
    }

    [GeneratedRegex("^ord_[0-9A-Za-z]{36}$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Shape();
}
