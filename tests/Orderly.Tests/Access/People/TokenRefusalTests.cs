using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Access.People;

/// <summary>Tokens that are not, not yet or no longer good, and those that somebody made up.</summary>
public sealed class TokenRefusalTests(
    ServerForPeople server, ServerWithMappedRoles patient, ServerWithoutProvider alone)
    : IClassFixture<ServerForPeople>, IClassFixture<ServerWithMappedRoles>, IClassFixture<ServerWithoutProvider>
{
    private static readonly Dictionary<string, Func<LocalIssuer, string>> Tokens = new()
    {
        ["another issuer"] = issuer => issuer.Token("eve", claims: claims => claims["iss"] = "https://evil.example"),
        ["another audience"] = issuer => issuer.Token("eve", claims: claims => claims["aud"] = "another"),
        ["no audience"] = issuer => issuer.Token("eve", claims: claims => claims.Remove("aud")),
        ["ended"] = issuer => issuer.Token("eve", claims: claims => claims["exp"] = Now - 70),
        ["no end"] = issuer => issuer.Token("eve", claims: claims => claims.Remove("exp")),
        ["an end that is text"] = issuer => issuer.Token("eve", claims: claims => claims["exp"] = $"{Now + 300}"),
        ["not yet"] = issuer => issuer.Token("eve", claims: claims => claims["nbf"] = Now + 90),
        ["issued in the future"] = issuer => issuer.Token("eve", claims: claims => claims["iat"] = Now + 90),
        ["nobody"] = issuer => issuer.Token("eve", claims: claims => claims.Remove("sub")),
        ["a subject with a line"] = issuer => issuer.Token("eve\nadmin"),
        ["a subject without end"] = issuer => issuer.Token(new string('e', 191)),
        ["alg none"] = issuer => Unsigned(issuer, "none") + ".",
        ["alg None"] = issuer => Unsigned(issuer, "None") + ".",
        ["alg none, signed"] = issuer => issuer.Token("eve", header: header => header["alg"] = "none"),
        ["HS256 with the public key"] = SignedWithThePublicKey,
        ["an algorithm of another key"] = issuer => issuer.Token("eve", header: header => header["alg"] = "ES256"),
        ["no algorithm"] = issuer => issuer.Token("eve", header: header => header.Remove("alg")),
        ["an unknown key"] = issuer => issuer.Token("eve", header: header => header["kid"] = "unknown"),
        ["a key that it brings along"] = SignedWithAKeyOfItsOwn,
        ["a key from elsewhere"] = WithAKeyFromElsewhere,
        ["a demand that is not known"] = issuer => issuer.Token(
            "eve", header: header => header["crit"] = new JsonArray("exp")),
        ["a claim twice"] = WithAClaimTwice,
        ["another content"] = WithAnotherContent,
        ["no signature"] = issuer => issuer.Token("eve")[..(issuer.Token("eve").LastIndexOf('.') + 1)],
        ["too long"] = issuer => issuer.Token("eve", claims: claims => claims["x"] = new string('x', 8192)),
        ["not base64url"] = _ => "eyJ+.eyJ+.abc",
        ["not JSON"] = _ => "eyJhYmM.eyJhYmM.YWJj",
    };

    private static long Now => TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();

    public static TheoryData<string> Kinds => [.. Tokens.Keys];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_token_that_is_not_good_is_refused(string kind)
    {
        var refused = (await server.GetAsync("/me", Tokens[kind](server.Issuer)))
            .ShouldRefuse(401, "token-not-accepted");

        refused.Header("WWW-Authenticate").ShouldBe("Bearer realm=\"orderly\", error=\"invalid_token\"");
    }

    [Fact]
    public async Task Clocks_may_differ_by_less_than_a_minute()
    {
        (await server.GetAsync("/me", server.Issuer.Token("ada", claims: claims => claims["exp"] = Now - 40)))
            .ShouldBe(200);
        (await server.GetAsync("/me", server.Issuer.Token("ada", claims: claims => claims["nbf"] = Now + 40)))
            .ShouldBe(200);
    }

    [Fact]
    public async Task Who_has_no_role_or_not_one_team_is_told_what_is_missing()
    {
        (await server.GetAsync("/me", server.Issuer.Token("eve", role: null))).ShouldRefuse(403, "person-not-admitted")
            .String("detail")!.ShouldContain("claim roles");
        (await server.GetAsync("/me", server.Issuer.Token("eve", "owner"))).ShouldRefuse(403, "person-not-admitted");
        (await server.GetAsync("/me", server.Issuer.Token("eve", team: null)))
            .ShouldRefuse(403, "person-not-admitted").String("detail")!.ShouldContain("claim team");
        (await server.GetAsync("/me", server.Issuer.Token("eve", team: "no team!")))
            .ShouldRefuse(403, "person-not-admitted");
        (await server.GetAsync("/me", server.Issuer.Token(
            "eve", claims: claims => claims["team"] = new JsonArray("billing", "sales"))))
            .ShouldRefuse(403, "person-not-admitted");
    }

    [Fact]
    public async Task A_token_counts_as_a_bearer_token_alone()
    {
        var token = server.Issuer.Token("ada");
        (await server.Api.GetAsync("/me", ("X-Api-Key", token))).ShouldRefuse(401, "unknown-key");
        (await server.Api.GetAsync("/me", ("X-Api-Key", RunningServer.Key), ("Authorization", "Bearer " + token)))
            .ShouldRefuse(401, "unknown-key");
    }

    [Fact]
    public async Task New_keys_are_taken_up_and_withdrawn_ones_are_no_longer_taken()
    {
        server.Issuer.Add("second", "ES256");
        await UntilAsync("second", 200);
        (await server.GetAsync("/me", server.Issuer.Token("ada"))).ShouldBe(200);
        server.Issuer.Add("third", "PS256");
        await UntilAsync("third", 200);

        server.Issuer.Withdraw("third");
        server.Issuer.Add("fourth", "RS256");
        await UntilAsync("fourth", 200);
        (await server.GetAsync("/me", server.Issuer.Token("ada", key: "third")))
            .ShouldRefuse(401, "token-not-accepted");
        (await server.GetAsync("/me", server.Issuer.Token("ada", key: "second"))).ShouldBe(200);

        server.Issuer.Add("weak", "weak");
        server.Issuer.Add("fifth", "RS256");
        await UntilAsync("fifth", 200);
        (await server.GetAsync("/me", server.Issuer.Token(
            "ada", key: "weak", header: header => header["alg"] = "RS256"))).ShouldRefuse(401, "token-not-accepted");
    }

    [Fact]
    public async Task Unknown_keys_make_the_provider_asked_only_now_and_then()
    {
        for (var i = 0; i < 50; i++)
        {
            (await patient.GetAsync("/me", patient.Issuer.Token("eve", header: header => header["kid"] = $"k{i}")))
                .ShouldRefuse(401, "token-not-accepted");
        }

        patient.Issuer.Asked.ShouldBeInRange(1, 3);
    }

    [Fact]
    public async Task Bad_tokens_count_as_wrong_keys_of_their_address_and_good_ones_are_let_in()
    {
        (string, string) bad = ("Authorization", "Bearer eyJhYmM.eyJhYmM.YWJj");
        for (var i = 0; i < 300; i++)
        {
            (await alone.Api.GetAsync("/me", bad)).ShouldBe(401);
        }

        (await alone.Api.GetAsync("/me", bad)).ShouldRefuse(429, "too-many-bad-keys");
        (await alone.Api.GetAsync("/me")).ShouldBe(200);
    }

    /// <summary>Asks until a new key is known; the provider is asked once a second at the most.</summary>
    private async Task UntilAsync(string key, int status)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while ((await server.GetAsync("/me", server.Issuer.Token("ada", key: key))).Status != status)
        {
            limit.Token.ThrowIfCancellationRequested();
        }
    }

    private static string Unsigned(LocalIssuer issuer, string algorithm)
    {
        var token = issuer.Token("eve", header: header => header["alg"] = algorithm);
        return token[..token.LastIndexOf('.')];
    }

    /// <summary>Who takes the algorithm from the token and the key from the provider falls for this.</summary>
    private static string SignedWithThePublicKey(LocalIssuer issuer)
    {
        var text = Unsigned(issuer, "HS256");
        var secret = Encoding.ASCII.GetBytes(issuer.PublicKey("first"));
        return $"{text}.{Base64Url.EncodeToString(HMACSHA256.HashData(secret, Encoding.ASCII.GetBytes(text)))}";
    }

    private static string SignedWithAKeyOfItsOwn(LocalIssuer issuer)
    {
        using var own = RSA.Create(2048);
        var numbers = own.ExportParameters(includePrivateParameters: false);
        var token = issuer.Token("eve", "admin", header: header => header["jwk"] = new JsonObject
        {
            ["kty"] = "RSA", ["kid"] = "first", ["n"] = Base64Url.EncodeToString(numbers.Modulus),
            ["e"] = Base64Url.EncodeToString(numbers.Exponent),
        });
        var text = token[..token.LastIndexOf('.')];
        var signature = own.SignData(
            Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return $"{text}.{Base64Url.EncodeToString(signature)}";
    }

    private static string WithAKeyFromElsewhere(LocalIssuer issuer) => issuer.Token("eve", header: header =>
    {
        header["kid"] = "elsewhere";
        header["jku"] = issuer.Name + "/keys";
    });

    private static string WithAnotherContent(LocalIssuer issuer)
    {
        var parts = issuer.Token("eve", "viewer").Split('.');
        var payload = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(parts[1]));
        return $"{parts[0]}.{LocalIssuer.Encode(payload.Replace("viewer", "admin"))}.{parts[2]}";
    }

    private static string WithAClaimTwice(LocalIssuer issuer)
    {
        var parts = issuer.Token("eve", "viewer").Split('.');
        var payload = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(parts[1]));
        var text = $"{parts[0]}.{LocalIssuer.Encode(payload[..^1] + ",\"roles\":[\"admin\"]}")}";
        return $"{text}.{Base64Url.EncodeToString(issuer.Sign("first", Encoding.ASCII.GetBytes(text)))}";
    }
}
