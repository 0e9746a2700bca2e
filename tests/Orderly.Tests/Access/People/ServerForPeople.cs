using System.Net.Sockets;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Access.People;

/// <summary>A server whose people sign in with a provider of the tests'.</summary>
public class ServerForPeople(TestCluster cluster) : RunningServer(cluster)
{
    public LocalIssuer Issuer { get; private set; } = null!;

    protected override IReadOnlyList<(string, string)> Settings =>
    [
        ("People:Authority", Issuer.Name), ("People:RequireHttpsMetadata", "false"), ("People:Audience", "orderly"),
        ("People:KeyRefreshSeconds", "1"), ("Limits:BadKeys", "1000000"),
    ];

    /// <summary>Asks with a token and without a key.</summary>
    public Task<Reply> GetAsync(string path, string token) =>
        Api.GetAsync(path, ("Authorization", "Bearer " + token));

    public Task<Reply> PostAsync(string path, string json, string token, params (string, string)[] headers) =>
        Api.PostAsync(path, json, [("Authorization", "Bearer " + token), .. headers]);

    public override async ValueTask InitializeAsync()
    {
        Issuer = await LocalIssuer.StartAsync();
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await Issuer.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}

/// <summary>A server that calls roles otherwise than its provider; its configured key looks like a token.</summary>
public sealed class ServerWithMappedRoles(TestCluster cluster) : ServerForPeople(cluster)
{
    public const string LikeAToken = "eyJpcw.bm8.dG9rZW4tYnV0LWEta2V5";

    protected override string BootstrapKey => LikeAToken;

    protected override IReadOnlyList<(string, string)> Settings =>
    [
        .. base.Settings.Where(setting => setting.Item1 != "People:KeyRefreshSeconds"),
        ("People:RoleClaim", "realm_access.roles"), ("People:Roles:/ops:admins", "admin"),
        ("People:Roles:readers", "viewer"), ("People:Reach", "all"), ("People:TeamClaim", "https://claims/team"),
        ("Limits:Streams", "2"),
    ];
}

/// <summary>A server whose provider is not there.</summary>
public sealed class ServerWithoutProvider(TestCluster cluster) : RunningServer(cluster)
{
    protected override IReadOnlyList<(string, string)> Settings =>
    [
        ("People:MetadataAddress", $"http://127.0.0.1:{ClosedPort()}/configuration"),
        ("People:RequireHttpsMetadata", "false"), ("People:Audience", "orderly"),
    ];

    private static int ClosedPort()
    {
        using var listener = new TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }
}
