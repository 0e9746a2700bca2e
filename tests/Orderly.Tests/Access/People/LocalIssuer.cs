using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Orderly.Tests.Access.People;

/// <summary>An OpenID Connect provider of the tests' own, on loopback.</summary>
public sealed class LocalIssuer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Dictionary<string, (string Algorithm, AsymmetricAlgorithm Key)> _keys = [];
    private readonly HashSet<string> _published = [];
    private int _asked;

    private LocalIssuer(WebApplication app) => _app = app;

    /// <summary>What it calls itself.</summary>
    public string Name => _app.Services.GetRequiredService<IServer>().Features
        .Get<IServerAddressesFeature>()!.Addresses.First();

    /// <summary>How often its keys were asked for.</summary>
    public int Asked => Volatile.Read(ref _asked);

    public static async Task<LocalIssuer> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        var issuer = new LocalIssuer(app);
        app.Run(issuer.ServeAsync);
        issuer.Add("first", "RS256");
        await app.StartAsync();
        return issuer;
    }

    /// <summary>Makes a key and publishes it.</summary>
    public void Add(string id, string algorithm)
    {
        _keys[id] = (algorithm, algorithm.StartsWith("ES")
            ? ECDsa.Create(ECCurve.NamedCurves.nistP256)
            : RSA.Create(algorithm is "weak" ? 1024 : 2048));
        Publish(id);
    }

    public void Publish(string id)
    {
        lock (_published)
        {
            _published.Add(id);
        }
    }

    /// <summary>Signs with it still, but no longer tells of it.</summary>
    public void Withdraw(string id)
    {
        lock (_published)
        {
            _published.Remove(id);
        }
    }

    /// <summary>The public key in PEM, as anyone can have it.</summary>
    public string PublicKey(string id) => _keys[id].Key.ExportSubjectPublicKeyInfoPem();

    /// <summary>The token of a person with this role and team, made to differ by the caller.</summary>
    public string Token(
        string subject, string? role = "editor", string? team = "billing", string key = "first",
        Action<JsonObject>? claims = null, Action<JsonObject>? header = null)
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var payload = new JsonObject
        {
            ["iss"] = Name, ["aud"] = "orderly", ["sub"] = subject, ["iat"] = now, ["exp"] = now + 300,
            ["name"] = "Ada Lovelace", ["roles"] = role is null ? null : new JsonArray(role), ["team"] = team,
        };
        claims?.Invoke(payload);
        var head = new JsonObject { ["alg"] = _keys[key].Algorithm, ["typ"] = "at+jwt", ["kid"] = key };
        header?.Invoke(head);
        var signed = $"{Encode(head.ToJsonString())}.{Encode(payload.ToJsonString())}";
        return $"{signed}.{Base64Url.EncodeToString(Sign(key, Encoding.ASCII.GetBytes(signed)))}";
    }

    public static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));

    public byte[] Sign(string id, byte[] bytes) => _keys[id] switch
    {
        (_, ECDsa curve) => curve.SignData(bytes, HashAlgorithmName.SHA256),
        ("PS256", RSA rsa) => rsa.SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pss),
        (_, RSA rsa) => rsa.SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
        _ => throw new InvalidOperationException("There is no such key."),
    };

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        foreach (var (_, key) in _keys.Values)
        {
            key.Dispose();
        }
    }

    private Task ServeAsync(HttpContext http)
    {
        if (http.Request.Path == "/.well-known/openid-configuration")
        {
            return http.Response.WriteAsync(new JsonObject
            {
                ["issuer"] = Name, ["jwks_uri"] = Name + "/keys",
            }.ToJsonString());
        }

        Interlocked.Increment(ref _asked);
        lock (_published)
        {
            JsonNode[] keys = [.. _published.Select(Describe)];
            return http.Response.WriteAsync(new JsonObject { ["keys"] = new JsonArray(keys) }.ToJsonString());
        }
    }

    private JsonObject Describe(string id)
    {
        var (algorithm, key) = _keys[id];
        var described = new JsonObject { ["kid"] = id, ["use"] = "sig" };
        if (key is RSA rsa)
        {
            var numbers = rsa.ExportParameters(includePrivateParameters: false);
            described["kty"] = "RSA";
            described["n"] = Base64Url.EncodeToString(numbers.Modulus);
            described["e"] = Base64Url.EncodeToString(numbers.Exponent);
        }
        else
        {
            var numbers = ((ECDsa)key).ExportParameters(includePrivateParameters: false);
            described["kty"] = "EC";
            described["crv"] = "P-256";
            described["alg"] = algorithm;
            described["x"] = Base64Url.EncodeToString(numbers.Q.X);
            described["y"] = Base64Url.EncodeToString(numbers.Q.Y);
        }

        return described;
    }
}
