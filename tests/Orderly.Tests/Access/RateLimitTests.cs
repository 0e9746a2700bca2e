using Orderly.Contract.Access;
using Orderly.Server.Access;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Access;

/// <summary>How much a key may do in a time, and what it is told of it.</summary>
public sealed class RateLimitTests(RunningServer server) : IClassFixture<RunningServer>
{
    private readonly Api _api = server.Api;

    [Fact]
    public async Task Every_answer_to_a_valid_key_says_what_is_left()
    {
        var (_, viewer) = await server.MakeKeyAsync("""{"name": "v", "role": "viewer"}""");
        var order = "/orders/" + await _api.PlaceAsync();
        Reply[] replies =
        [
            (await _api.GetAsync("/orders")).ShouldBe(200), (await _api.HeadAsync(order)).ShouldBe(200),
            (await _api.GetAsync(order, ("If-None-Match", "\"v1\""))).ShouldBe(304),
            (await _api.GetAsync("/orders?x=1")).ShouldBe(400), (await viewer.DeleteAsync(order)).ShouldBe(403),
            (await _api.GetAsync("/nowhere")).ShouldBe(404), (await _api.PostAsync("/me", "{}")).ShouldBe(405),
            (await _api.PostAsync("/orders", "x", ("Content-Type", "text/plain"))).ShouldBe(415),
            (await _api.DeleteAsync(order)).ShouldBe(204),
        ];
        foreach (var reply in replies)
        {
            reply.Header("RateLimit-Policy").ShouldNotBeNull().ShouldMatch("^\"default\";q=(3000000|1500000);w=60$");
            reply.Header("RateLimit").ShouldNotBeNull().ShouldMatch("^\"default\";r=[0-9]+;t=[0-9]+$");
        }

        (await _api.GetAsync("/me", ("Accept", "text/event-stream"))).Header("RateLimit-Policy")
            .ShouldBe("\"default\";q=600;w=60");
        using var nobody = new Api(server.Address, key: null);
        (await nobody.GetAsync("/orders")).ShouldBe(401).Header("RateLimit").ShouldBeNull();
        (await nobody.GetAsync("/health/live")).ShouldBe(200).Header("RateLimit").ShouldBeNull();
    }

    [Theory]
    [InlineData("text/csv", true)]
    [InlineData("text/*", true)]
    [InlineData("application/json;q=0, */*", true)]
    [InlineData("application/json;q=0.1, application/x-ndjson;q=0.2", true)]
    [InlineData("application/json, text/csv", false)]
    [InlineData("application/json, text/csv;q=0.5", false)]
    [InlineData("text/html, */*;q=0.8, text/csv;q=0", false)]
    public async Task What_is_answered_with_a_stream_counts_as_one(string accept, bool isStream)
    {
        var reply = (await _api.GetAsync("/orders", ("Accept", accept))).ShouldBe(200);
        reply.Header("Content-Type").ShouldNotBeNull().StartsWith("application/json").ShouldBe(!isStream);
        reply.Header("RateLimit-Policy").ShouldBe(isStream ? "\"default\";q=600;w=60" : "\"default\";q=3000000;w=60");
    }

    [Fact]
    public async Task Past_its_quota_a_key_is_refused_and_told_when_to_come_again()
    {
        var (id, caller) = await server.MakeKeyAsync("""
            {"name": "k", "role": "editor", "rateLimit": {"writes": {"quota": 3, "windowSeconds": 3600}}}
            """);
        foreach (var left in (int[])[2, 1, 0])
        {
            var taken = (await caller.PostAsync("/orders", AnOrder.Least)).ShouldBe(201);
            taken.Header("RateLimit-Policy").ShouldBe("\"default\";q=3;w=3600");
            taken.Header("RateLimit").ShouldNotBeNull().ShouldStartWith($"\"default\";r={left};t=");
        }

        var refused = (await caller.PostAsync("/orders", "no json")).ShouldRefuse(429, "rate-limited");

        refused.Header("RateLimit").ShouldNotBeNull().ShouldStartWith("\"default\";r=0;t=");
        int.Parse(refused.Header("Retry-After").ShouldNotBeNull()).ShouldBeInRange(1_000, 1_200);
        (await caller.PutAsync("/keys", "{}")).ShouldBe(429); // a write anywhere
        (await caller.PostAsync("/keys", "{}")).ShouldRefuse(403, "missing-scope"); // scopes come first
        (await caller.GetAsync("/orders")).ShouldBe(200); // reads have a bucket of their own
        (await _api.PostAsync("/orders", AnOrder.Least)).ShouldBe(201); // and so has every other key
        (await _api.PatchAsync("/keys/" + id, """{"rateLimit": null}""")).ShouldBe(200);
        (await caller.PostAsync("/orders", AnOrder.Least)).ShouldBe(201)
            .Header("RateLimit-Policy").ShouldBe("\"default\";q=1500000;w=60");
    }

    [Fact]
    public async Task Servers_share_a_quota_to_within_a_tenth()
    {
        const int quota = 200;
        await using var other = new ServerOnDatabase(server);
        await other.InitializeAsync();
        var made = (await _api.PostAsync("/keys", $$"""
            {"name": "k", "role": "viewer", "rateLimit": {"reads": {"windowSeconds": 3600, "quota": {{quota}} } } }
            """)).ShouldBe(201);
        using var here = new Api(server.Address, made.String("key"));
        using var there = new Api(other.Address, made.String("key"));

        async Task<int> SpendAsync(Api api)
        {
            var count = 0;
            for (var i = 0; i < quota; i++)
            {
                count += (await api.GetAsync("/me")).Status == 200 ? 1 : 0;
            }

            return count;
        }

        var had = await Task.WhenAll(SpendAsync(here), SpendAsync(there), SpendAsync(here), SpendAsync(there));

        had.Sum().ShouldBeInRange(quota * 9 / 10, quota * 11 / 10);
    }

    [Fact]
    public void A_bucket_fills_up_once_in_a_window()
    {
        var time = new HandClock();
        var bucket = new TokenBucket(new RateLimitRule { Quota = 6, WindowSeconds = 60 }, time);
        for (var left = 5; left >= 0; left--)
        {
            bucket.Take().ShouldBe(new TokenTaken(true, left, (6 - left) * 10, 0));
        }

        bucket.Take().ShouldBe(new TokenTaken(false, 0, 60, 10));
        time.Advance(TimeSpan.FromSeconds(9));
        bucket.Take().ShouldBe(new TokenTaken(false, 0, 51, 1));
        time.Advance(TimeSpan.FromSeconds(1));
        bucket.Take().ShouldBe(new TokenTaken(true, 0, 60, 0));
        time.Advance(TimeSpan.FromDays(1));
        bucket.Take().ShouldBe(new TokenTaken(true, 5, 10, 0));
        bucket.FillNotBefore(TimeSpan.FromSeconds(45));
        bucket.Take().ShouldBe(new TokenTaken(true, 0, 55, 0));
        bucket.FillNotBefore(TimeSpan.FromSeconds(5));
        bucket.Take().IsTaken.ShouldBeFalse();
    }

    [Theory]
    [InlineData(1_000_000_000, 1)]
    [InlineData(1_000_000_000, 86_400)]
    [InlineData(3_000_000, 60)]
    [InlineData(7, 60)]
    [InlineData(1, 86_400)]
    public void A_bucket_is_as_large_as_its_quota(int quota, int windowSeconds)
    {
        var bucket = new TokenBucket(
            new RateLimitRule { Quota = quota, WindowSeconds = windowSeconds }, new HandClock());
        bucket.Take().Remaining.ShouldBeInRange(quota - 1, (int)(quota * 1.02));
    }

    [Fact]
    public async Task Many_at_once_get_no_more_than_the_quota()
    {
        var bucket = new TokenBucket(new RateLimitRule { Quota = 50_000, WindowSeconds = 60 }, new HandClock());
        var taken = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(
            () => Enumerable.Range(0, 20_000).Count(_ => bucket.Take().IsTaken))));
        taken.Sum().ShouldBe(50_000);
    }

    /// <summary>A clock that moves only when a test moves it.</summary>
    private sealed class HandClock : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Advance(TimeSpan by) => _ticks += by.Ticks;
    }
}

/// <summary>A server with small limits.</summary>
public sealed class NarrowServer(TestCluster cluster) : RunningServer(cluster)
{
    protected override IReadOnlyList<(string, string)> Settings =>
        [("Limits:BadKeys", "5"), ("Limits:ConcurrentRequests", "2")];
}

/// <summary>What is refused before anything is known of the caller, or because too much is in work.</summary>
public sealed class OverloadTests(NarrowServer server) : IClassFixture<NarrowServer>
{
    [Fact]
    public async Task Wrong_keys_from_an_address_are_told_to_wait_and_a_good_one_is_let_in()
    {
        using var wrong = new Api(server.Address, KeyText.Generate());
        using var mistyped = new Api(server.Address, "ord_x");
        using var nobody = new Api(server.Address, key: null);
        for (var i = 0; i < 5; i++)
        {
            (await (i % 2 == 0 ? wrong : mistyped).GetAsync("/orders")).ShouldRefuse(401, "unknown-key");
        }

        var refused = (await wrong.GetAsync("/orders")).ShouldRefuse(429, "too-many-bad-keys");

        int.Parse(refused.Header("Retry-After").ShouldNotBeNull()).ShouldBeInRange(1, 60);
        (await mistyped.GetAsync("/orders")).ShouldRefuse(429, "too-many-bad-keys");
        (await nobody.GetAsync("/orders")).ShouldRefuse(401, "missing-key");
        (await server.Api.GetAsync("/orders")).ShouldBe(200);
    }

    [Fact]
    public async Task Past_what_can_be_in_work_requests_are_refused_at_once_and_health_is_not()
    {
        using var first = await BeginAsync();
        using var second = await BeginAsync();

        (await server.Api.GetAsync("/orders")).ShouldRefuse(503, "overloaded").Header("Retry-After").ShouldNotBeNull();
        (await server.Api.GetAsync("/health/live")).ShouldBe(200);
        (await server.Api.GetAsync("/health/ready")).ShouldBe(200);
        (await server.Api.GetAsync("/changes")).ShouldBe(200); // waits, mostly, and is counted apart

        foreach (var connection in (RawConnection[])[first, second])
        {
            await connection.SendAsync("{}");
            (await connection.ReadToEndAsync()).ShouldStartWith("HTTP/1.1 400");
        }

        // A place is given back just after the answer, so a caller can be faster, but not often.
        var statuses = new List<int>();
        while (statuses.Count < 100 && !statuses.Contains(200))
        {
            statuses.Add((await server.Api.GetAsync("/orders")).Status);
        }

        statuses.ShouldContain(200);
    }

    /// <summary>A request that is in work, and whose body is awaited: the server has asked for it.</summary>
    private async Task<RawConnection> BeginAsync()
    {
        var connection = await RawConnection.OpenAsync(server.Address);
        await connection.SendAsync(
            $"POST /orders HTTP/1.1\nHost: x\nX-Api-Key: {RunningServer.Key}\nContent-Type: application/json\n"
            + "Content-Length: 2\nExpect: 100-continue\nConnection: close\n\n");
        (await connection.ReadSomeAsync()).ShouldStartWith("HTTP/1.1 100");
        return connection;
    }
}

/// <summary>When the database can't tell what other servers have used.</summary>
public sealed class UnsharedLimitTests(RunningServer server) : IClassFixture<RunningServer>
{
    [Fact]
    public async Task Each_server_goes_on_with_its_own_count()
    {
        await server.Database.ExecuteAsync("drop table rate_usage");
        var (_, caller) = await server.MakeKeyAsync("""
            {"name": "k", "role": "viewer", "rateLimit": {"reads": {"quota": 10, "windowSeconds": 3600}}}
            """);
        for (var i = 0; i < 10; i++)
        {
            (await caller.GetAsync("/me")).ShouldBe(200);
        }

        (await caller.GetAsync("/me")).ShouldRefuse(429, "rate-limited");
    }
}
