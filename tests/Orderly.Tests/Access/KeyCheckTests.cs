using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Orderly.Server.Access;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Access;

/// <summary>How keys are checked: what needs no database, from where, how fast a revocation is heard of.</summary>
public sealed class KeyCheckTests(RunningServer server) : IClassFixture<RunningServer>
{
    private const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    [Fact]
    public async Task A_key_with_one_wrong_letter_is_refused_without_asking_the_database()
    {
        var ring = server.Services.GetRequiredService<KeyRing>();
        var random = new Random(20261123);
        var stop = TestContext.Current.CancellationToken;
        var before = ring.Lookups;
        for (var i = 0; i < 100_000; i++)
        {
            var text = KeyText.Generate().ToCharArray();
            var at = random.Next("ord_".Length, text.Length);
            var other = Alphabet[random.Next(Alphabet.Length)];
            text[at] = other == text[at] ? Alphabet[(Alphabet.IndexOf(other) + 1) % Alphabet.Length] : other;
            (await ring.FindAsync(new string(text), stop)).ShouldBeNull();
        }

        ring.Lookups.ShouldBe(before);
        (await ring.FindAsync(KeyText.Generate(), stop)).ShouldBeNull();
        ring.Lookups.ShouldBe(before + 1);
    }

    [Theory]
    [InlineData("ord_")]
    [InlineData("ord_short")]
    [InlineData("ord_000000000000000000000000000000!00000")]
    public void A_text_that_begins_as_a_key_and_is_none_is_mistyped(string text) =>
        KeyText.IsMistyped(text).ShouldBeTrue();

    [Fact]
    public void A_whole_key_and_any_other_text_are_not_mistyped()
    {
        KeyText.IsMistyped(KeyText.Generate()).ShouldBeFalse();
        KeyText.IsMistyped("ORD_short").ShouldBeFalse();
        KeyText.IsMistyped("").ShouldBeFalse();
    }

    [Theory]
    [InlineData("127.0.0.0/8", true)]
    [InlineData("::ffff:127.0.0.1/128", true)]
    [InlineData("0.0.0.0/0", true)]
    [InlineData("10.0.0.0/8", false)]
    [InlineData("::1/128", false)]
    [InlineData("::/0", false)]
    public async Task A_key_works_from_its_networks_only(string network, bool isAllowed)
    {
        var (id, caller) = await server.MakeKeyAsync(
            $$"""{"name": "k", "scopes": ["orders:read", "audit:read"], "allowedCidrs": ["{{network}}"]}""");
        var reply = await caller.GetAsync("/orders");
        if (isAllowed)
        {
            reply.ShouldBe(200);
        }
        else
        {
            reply.ShouldRefuse(403, "address-not-allowed").String("detail").ShouldNotBeNull()
                .ShouldContain("127.0.0.1");
            (await caller.GetAsync("/health/ready")).ShouldBe(200).Text.ShouldNotContain("PostgreSQL");
            (await server.Api.PatchAsync("/keys/" + id, """{"allowedCidrs": null}""")).ShouldBe(200);
            (await caller.GetAsync("/orders")).ShouldBe(200);
        }
    }

    [Theory]
    [InlineData("10.0.0.0/8", "10.255.0.1", true)]
    [InlineData("10.0.0.0/8", "::ffff:10.255.0.1", true)]
    [InlineData("::ffff:10.0.0.0/104", "10.255.0.1", true)]
    [InlineData("10.0.0.0/8", "11.0.0.1", false)]
    [InlineData("2001:DB8::/32", "2001:db8:1::1", true)]
    [InlineData("2001:db8::/32", "2001:db9::1", false)]
    [InlineData("192.0.2.7/32", "192.0.2.7", true)]
    [InlineData("192.0.2.7/32", "192.0.2.6", false)]
    public void An_address_is_in_a_network_whichever_way_it_is_written(string network, string address, bool isIn) =>
        AllowedNetworks.Of([AllowedNetworks.Normalize(network).ShouldNotBeNull()])!
            .Contains(IPAddress.Parse(address)).ShouldBe(isIn);

    [Theory]
    [InlineData("10.0.0.0")]
    [InlineData("10.0.0.0/33")]
    [InlineData("10.0.0.1/8")]
    [InlineData("10.0.0/8")]
    [InlineData("010.0.0.0/8")]
    [InlineData("0x0a.0.0.0/8")]
    [InlineData("10.0.0.0/+8")]
    [InlineData("10.0.0.0/8/8")]
    [InlineData("fe80::1%eth0/128")]
    [InlineData("[::1]/128")]
    [InlineData("::1/127")]
    [InlineData("::ffff:10.0.0.0/80")]
    [InlineData("")]
    [InlineData("/")]
    public void What_is_no_network_is_none(string text) => AllowedNetworks.Normalize(text).ShouldBeNull();

    [Fact]
    public async Task A_revoked_key_is_refused_on_every_server_within_a_second()
    {
        await using var other = new ServerOnDatabase(server);
        await other.InitializeAsync();
        var made = (await server.Api.PostAsync("/keys", """{"name": "k", "role": "viewer"}""")).ShouldBe(201);
        using var here = new Api(server.Address, made.String("key"));
        using var there = new Api(other.Address, made.String("key"));
        (await here.GetAsync("/me")).ShouldBe(200);
        (await there.GetAsync("/me")).ShouldBe(200);

        (await server.Api.DeleteAsync("/keys/" + made.Id)).ShouldBe(204);

        var clock = System.Diagnostics.Stopwatch.StartNew();
        (await here.GetAsync("/me")).ShouldRefuse(401, "unknown-key");
        var sent = clock.Elapsed;
        while ((await there.GetAsync("/me")).Status == 200)
        {
            sent.ShouldBeLessThan(TimeSpan.FromSeconds(1));
            sent = clock.Elapsed;
        }
    }

    [Fact]
    public async Task No_key_is_ever_in_the_log()
    {
        var made = (await server.Api.PostAsync("/keys", """{"name": "k", "role": "viewer"}""")).ShouldBe(201);
        var secret = made.String("key")!;
        using var caller = new Api(server.Address, secret);
        (await caller.GetAsync("/orders")).ShouldBe(200);
        (await caller.PostAsync("/orders", AnOrder.Least)).ShouldBe(403);
        (await caller.GetAsync("/me?key=" + secret)).ShouldBe(400);
        var rotated = (await server.Api.PostAsync($"/keys/{made.Id}/rotate", "{}")).ShouldBe(200).String("key")!;
        (await server.Api.DeleteAsync("/keys/" + made.Id)).ShouldBe(204);
        (await caller.GetAsync("/orders")).ShouldBe(401);

        foreach (var planted in (string[])[secret, rotated, RunningServer.Key])
        {
            server.Log.Entries.ShouldAllBe(entry => !entry.ToString().Contains(planted, StringComparison.Ordinal));
        }
    }
}

/// <summary>Another bootstrap key than one of ours: any text will do, even one that looks mistyped.</summary>
public sealed class OddBootstrapServer(TestCluster cluster) : RunningServer(cluster)
{
    public const string OddKey = "ord_this-is-not-of-our-making";

    protected override string BootstrapKey => OddKey;
}

public sealed class OddBootstrapTests(OddBootstrapServer server) : IClassFixture<OddBootstrapServer>
{
    [Fact]
    public async Task The_bootstrap_key_is_exempt_from_the_checksum() =>
        (await server.Api.GetAsync("/me")).ShouldBe(200).Id.ShouldBe("bootstrap");
}
