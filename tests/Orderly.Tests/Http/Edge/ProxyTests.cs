using Orderly.Tests.Harness;

namespace Orderly.Tests.Http.Edge;

/// <summary>A server behind proxies, one of which is this machine.</summary>
public sealed class ServerBehindProxies(TestCluster cluster) : RunningServer(cluster)
{
    protected override IReadOnlyList<(string, string)> Settings =>
        [("Proxy:KnownNetworks", "127.0.0.0/8, 10.0.0.0/8")];
}

/// <summary>A server whose proxies are elsewhere.</summary>
public sealed class ServerBesideProxies(TestCluster cluster) : RunningServer(cluster)
{
    protected override IReadOnlyList<(string, string)> Settings => [("Proxy:KnownNetworks:0", "10.0.0.0/8")];
}

public sealed class ProxyTests(ServerBehindProxies behind, ServerBesideProxies beside, RunningServer plain)
    : IClassFixture<ServerBehindProxies>, IClassFixture<ServerBesideProxies>, IClassFixture<RunningServer>
{
    private const string OfOneAddress =
        """{"name":"One address","role":"viewer","team":"billing","reach":"team","allowedCidrs":["203.0.113.7/32"]}""";

    /// <summary>The address that the server takes a caller for: the key's own where it lets it in.</summary>
    private static async Task<string> TakenForAsync(RunningServer server, string forwardedFor)
    {
        var (_, caller) = await server.MakeKeyAsync(OfOneAddress);
        var reply = await caller.GetAsync("/me", ("X-Forwarded-For", forwardedFor));
        return reply.Status == 200
            ? "203.0.113.7"
            : reply.ShouldRefuse(403, "address-not-allowed").String("detail")!
                .Replace("The key can't be used from ", "").TrimEnd('.');
    }

    [Theory]
    [InlineData("203.0.113.7", "203.0.113.7")]
    [InlineData("203.0.113.7, 10.2.3.4, 10.9.9.9", "203.0.113.7")] // both hops are known
    [InlineData("203.0.113.7, 198.51.100.1", "198.51.100.1")] // whoever stands left of it is made up
    [InlineData("203.0.113.7, 198.51.100.1, 10.2.3.4", "198.51.100.1")]
    [InlineData("203.0.113.7, 10.2.3.4, 198.51.100.1", "198.51.100.1")]
    [InlineData("203.0.113.7, unknown", "127.0.0.1")]
    public async Task The_caller_is_the_rightmost_that_is_no_known_proxy(string forwardedFor, string expected) =>
        (await TakenForAsync(behind, forwardedFor)).ShouldBe(expected);

    [Fact]
    public async Task Whoever_is_no_known_proxy_is_not_believed()
    {
        (await TakenForAsync(beside, "203.0.113.7")).ShouldBe("127.0.0.1");
        (await TakenForAsync(plain, "203.0.113.7")).ShouldBe("127.0.0.1");
    }

    [Fact]
    public async Task Wrong_keys_count_for_the_caller_and_not_for_the_proxy()
    {
        for (var i = 0; i < 300; i++)
        {
            (await behind.Api.GetAsync("/me", ("X-Api-Key", "wrong"), ("X-Forwarded-For", "192.0.2.1"))).ShouldBe(401);
        }

        (await behind.Api.GetAsync("/me", ("X-Api-Key", "wrong"), ("X-Forwarded-For", "192.0.2.1")))
            .ShouldRefuse(429, "too-many-bad-keys");
        (await behind.Api.GetAsync("/me", ("X-Api-Key", "wrong"), ("X-Forwarded-For", "192.0.2.2"))).ShouldBe(401);
        (await behind.Api.GetAsync("/me", ("X-Api-Key", "wrong"))).ShouldBe(401);
    }

    [Fact]
    public async Task The_scheme_is_what_a_known_proxy_says()
    {
        (string, string)[] encrypted =
            [("X-Forwarded-For", "192.0.2.3"), ("X-Forwarded-Proto", "https"), ("Host", "orders.example")];
        (await behind.Api.GetAsync("/problems", encrypted)).Header("Strict-Transport-Security").ShouldNotBeNull();
        (await beside.Api.GetAsync("/problems", encrypted)).Header("Strict-Transport-Security").ShouldBeNull();
    }
}
