using System.Buffers.Text;
using System.Collections.Frozen;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Orderly.Server.Configuration;
using Orderly.Server.Http;

namespace Orderly.Server.Access.People;

/// <summary>
/// Checks the tokens of people (RFC 7519, RFC 8725): made by the provider, for this service, valid now. The signature
/// is checked with keys that the provider publishes, whatever a token itself says of keys and where to find them.
/// </summary>
internal sealed class PersonTokens(
    PeopleSettings settings, IdentityProvider provider, RateLimits limits, TimeProvider time)
{
    private const int TokenLengthMax = 8_192;

    /// <summary>A JSON object in base64url begins so.</summary>
    private const string Start = "eyJ";

    /// <summary>Asymmetric ones alone: whoever could check the others could sign, too.</summary>
    private static readonly string[] Algorithms =
    [
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512,
        SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384, SecurityAlgorithms.RsaSsaPssSha512,
        SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
    ];

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    private readonly JsonWebTokenHandler _handler = new() { MaximumTokenSizeInBytes = TokenLengthMax };

    /// <summary>Whether a text is meant as a token: two dots, and JSON before the first.</summary>
    public static bool IsToken(string text) =>
        text.StartsWith(Start, StringComparison.Ordinal) && text.AsSpan().Count('.') == 2;

    /// <summary>The person whose token it is, as the gate needs to know them.</summary>
    public async ValueTask<Result<KnownKey>> CheckAsync(string token, CancellationToken stop)
    {
        if (token.Length > TokenLengthMax)
        {
            return PersonClaims.Refuse($"It has more than {TokenLengthMax} characters.");
        }

        var parts = token.Split('.');
        using var header = Parse(parts[0]);
        using var payload = Parse(parts[1]);
        if (header is null || payload is null)
        {
            return PersonClaims.Refuse("It can't be read.");
        }

        if (ReadHeader(header.RootElement).IsRefused(out var unfit, out var named))
        {
            return unfit;
        }

        if ((await provider.FindAsync(named.Id, named.Algorithm, stop)).IsRefused(out var unavailable, out var keys))
        {
            return unavailable;
        }

        if (keys.Find(named.Id, named.Algorithm) is not { } key)
        {
            return PersonClaims.Refuse("It is signed with a key that the identity provider does not have.");
        }

        if (Explain(await _handler.ValidateTokenAsync(token, Terms(key, keys.Issuer))) is { } refused)
        {
            return refused;
        }

        return new PersonClaims(payload.RootElement, settings).Read(keys.Issuer, time.GetUtcNow())
            .IsRefused(out var problem, out var person)
                ? problem
                : ToKnown(person);
    }

    private static Result<Named> ReadHeader(JsonElement header)
    {
        if (header.TryGetProperty("crit", out _))
        {
            return PersonClaims.Refuse("It asks for something that is not known here (crit)."); // RFC 7515, 4.1.11
        }

        var algorithm = Text(header, "alg");
        return algorithm is not null && Algorithms.Contains(algorithm, StringComparer.Ordinal)
            ? new Named(Text(header, "kid"), algorithm)
            : PersonClaims.Refuse($"It must be signed with one of {string.Join(", ", Algorithms)}.");
    }

    private TokenValidationParameters Terms(JsonWebKey key, string issuer) => new()
    {
        IssuerSigningKey = key,
        ValidAlgorithms = Algorithms,
        ValidIssuer = issuer,
        ValidAudience = settings.Audience,
        RequireSignedTokens = true,
        RequireAudience = true,
        ClockSkew = TimeSpan.FromSeconds(PersonClaims.ClockSkewSeconds),
    };

    private static Problem? Explain(TokenValidationResult result) => result switch
    {
        { IsValid: true } => null,
        { Exception: SecurityTokenInvalidIssuerException } => PersonClaims.Refuse("It is of another issuer (iss)."),
        { Exception: SecurityTokenInvalidAudienceException } =>
            PersonClaims.Refuse("It is meant for another service (aud)."),
        { Exception: SecurityTokenExpiredException or SecurityTokenInvalidLifetimeException } =>
            PersonClaims.Refuse("It has ended (exp)."),
        { Exception: SecurityTokenNotYetValidException } => PersonClaims.Refuse("It is not valid yet (nbf)."),
        { Exception: SecurityTokenNoExpirationException } =>
            PersonClaims.Refuse("It does not say when it ends (exp)."),
        _ => PersonClaims.Refuse("Its signature does not hold."),
    };

    private KnownKey ToKnown(Person person)
    {
        var scopes = Roles.ScopesOf(person.Role)!.ToFrozenSet(StringComparer.Ordinal);
        var caller = new Caller(person.Id, person.Team, scopes, settings.ReachesAllTeams) { Person = person };
        return new KnownKey(caller, Digest: [], Networks: null, RateLimit: null, ValidFor: null)
        {
            Buckets = limits.Of(person.Id, limit: null),
        };
    }

    /// <summary>null where it is not a JSON object, or one in which a name stands twice.</summary>
    private static JsonDocument? Parse(string part)
    {
        try
        {
            var document = JsonDocument.Parse(Base64Url.DecodeFromChars(part), Strict);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return document;
            }

            document.Dispose();
            return null;
        }
        catch (Exception exception) when (exception is FormatException or JsonException)
        {
            return null;
        }
    }

    private static string? Text(JsonElement place, string name) =>
        place.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    /// <summary>The key that a token says it is signed with, and how.</summary>
    private sealed record Named(string? Id, string Algorithm);
}
