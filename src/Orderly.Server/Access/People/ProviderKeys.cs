using System.Text.Json;
using Microsoft.IdentityModel.Tokens;
using Orderly.Server.Configuration;

namespace Orderly.Server.Access.People;

/// <summary>What the provider publishes can't be used. The message says why.</summary>
internal sealed class ProviderException(string message) : Exception(message);

/// <summary>Who the provider is and what it signs with, as it published it at one moment.</summary>
internal sealed class ProviderKeys
{
    private const int RsaSizeMinBits = 2_048;
    private const int IssuerLengthMax = 200;
    private const int KeysMax = 100;

    private readonly IReadOnlyList<JsonWebKey> _keys;

    private ProviderKeys(string issuer, IReadOnlyList<JsonWebKey> keys)
    {
        Issuer = issuer;
        _keys = keys;
    }

    public string Issuer { get; }

    /// <summary>
    /// The key that a token names. One that names none is checked with the only key there is, where there is only one.
    /// </summary>
    public JsonWebKey? Find(string? id, string algorithm)
    {
        var named = string.IsNullOrEmpty(id)
            ? _keys.Count == 1 ? _keys[0] : null
            : _keys.FirstOrDefault(key => key.Kid == id);
        return named is not null && (string.IsNullOrEmpty(named.Alg) || named.Alg == algorithm) ? named : null;
    }

    /// <summary>The issuer and the address of its keys, by its own description.</summary>
    /// <exception cref="ProviderException">The description is not one, or of somebody else.</exception>
    public static (string Issuer, Uri Keys) ReadDescription(byte[] text, PeopleSettings settings)
    {
        using var document = Parse(text);
        var issuer = Text(document.RootElement, "issuer");
        if (issuer is not { Length: > 0 and <= IssuerLengthMax })
        {
            throw new ProviderException($"{settings.Metadata} names no issuer.");
        }

        // OpenID Connect Discovery 1.0, 4.3: a description of another issuer is not taken.
        if (settings.Authority is { } authority && issuer.TrimEnd('/') != authority.TrimEnd('/'))
        {
            throw new ProviderException($"{settings.Metadata} describes {issuer}, not {authority}.");
        }

        return Uri.TryCreate(Text(document.RootElement, "jwks_uri"), UriKind.Absolute, out var keys)
            && (keys.Scheme == Uri.UriSchemeHttps || (keys.Scheme == Uri.UriSchemeHttp && !settings.RequiresHttps))
                ? (issuer, keys)
                : throw new ProviderException($"{settings.Metadata} names no address of keys (jwks_uri) with https.");
    }

    /// <summary>Only keys that signatures can be trusted by: RSA from 2,048 bits, and elliptic curves.</summary>
    /// <exception cref="ProviderException">There is none of them.</exception>
    public static ProviderKeys Read(string issuer, byte[] text)
    {
        using var document = Parse(text);
        if (!document.RootElement.TryGetProperty("keys", out var keys) || keys.ValueKind != JsonValueKind.Array)
        {
            throw new ProviderException("The provider's keys are not a set of keys (RFC 7517, 5).");
        }

        var usable = new List<JsonWebKey>();
        foreach (var entry in keys.EnumerateArray().Take(KeysMax))
        {
            if (ReadKey(entry) is { } key)
            {
                usable.Add(key);
            }
        }

        return usable.Count > 0
            ? new ProviderKeys(issuer, usable)
            : throw new ProviderException("The provider has no key that tokens could be checked with.");
    }

    private static JsonWebKey? ReadKey(JsonElement entry)
    {
        try
        {
            var key = new JsonWebKey(entry.GetRawText());
            var isUsable = (string.IsNullOrEmpty(key.Use) || key.Use == "sig")
                && key.Kty is "RSA" or "EC"
                && (key.Kty == "EC" || key.KeySize >= RsaSizeMinBits);
            return isUsable ? key : null;
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException)
        {
            return null; // of a kind that is not known here, as RFC 7517, 5 asks
        }
    }

    private static JsonDocument Parse(byte[] text)
    {
        try
        {
            return JsonDocument.Parse(text) is { RootElement.ValueKind: JsonValueKind.Object } document
                ? document
                : throw new ProviderException("What the provider publishes is not a JSON object.");
        }
        catch (JsonException)
        {
            throw new ProviderException("What the provider publishes is not JSON.");
        }
    }

    private static string? Text(JsonElement place, string name) =>
        place.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}
