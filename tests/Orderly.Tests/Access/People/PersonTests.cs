using System.Diagnostics;
using System.Text.Json.Nodes;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Access.People;

/// <summary>People with valid tokens: who they are here, and what they may do.</summary>
public sealed class PersonTests(ServerForPeople server, ServerWithMappedRoles mapped, ServerWithoutProvider alone)
    : IClassFixture<ServerForPeople>, IClassFixture<ServerWithMappedRoles>, IClassFixture<ServerWithoutProvider>
{
    private string Token(string subject, string role, string team = "billing") =>
        server.Issuer.Token(subject, role, team);

    [Fact]
    public async Task What_a_person_writes_bears_who_it_was_and_the_team()
    {
        var placed = (await server.PostAsync("/orders", AnOrder.Least, Token("ada", "editor"))).ShouldBe(201);

        placed.String("createdBy").ShouldBe("person:ada");
        placed.String("team").ShouldBe("billing");
        (await server.Api.GetAsync($"/orders/{placed.Id}/revisions")).String("data/0/actor").ShouldBe("person:ada");
    }

    [Fact]
    public async Task A_role_gives_its_scopes_and_no_more()
    {
        (await server.GetAsync("/orders", Token("vera", "viewer"))).ShouldBe(200);
        var refused = (await server.PostAsync("/orders", AnOrder.Least, Token("vera", "viewer")))
            .ShouldRefuse(403, "missing-scope");
        refused.String("scope").ShouldBe("orders:write");
        refused.String("detail").ShouldBe("Your role, viewer, lacks the scope orders:write.");
        (await server.GetAsync("/keys", Token("ada", "editor"))).ShouldRefuse(403, "missing-scope");
        (await server.GetAsync("/keys", Token("ada", "admin"))).ShouldBe(200);
    }

    [Fact]
    public async Task The_highest_of_several_roles_counts()
    {
        var token = server.Issuer.Token(
            "ada", claims: claims => claims["roles"] = new JsonArray("viewer", "admin", "something else"));

        (await server.GetAsync("/me", token)).ShouldBe(200).String("role").ShouldBe("admin");
    }

    [Fact]
    public async Task The_orders_of_another_team_are_not_there_for_a_person()
    {
        var placed = (await server.PostAsync("/orders", AnOrder.Least, Token("ada", "editor"))).ShouldBe(201);

        (await server.GetAsync("/orders/" + placed.Id, Token("bob", "admin", "sales")))
            .ShouldRefuse(404, "order-not-found");
        (await server.GetAsync("/orders/" + placed.Id, Token("bob", "viewer"))).ShouldBe(200);
    }

    [Fact]
    public async Task A_stream_of_events_ends_when_the_token_does()
    {
        const int LeftSeconds = 3; // clocks may differ by 60 s
        var token = server.Issuer.Token("ada", "viewer", claims: claims =>
            claims["exp"] = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() - 60 + LeftSeconds);
        using var http = new HttpClient { BaseAddress = server.Address };
        using var request = new HttpRequestMessage(HttpMethod.Get, "/changes");
        request.Headers.Add("Authorization", "Bearer " + token);
        request.Headers.Add("Accept", "text/event-stream");
        using var stream = await http.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        ((int)stream.StatusCode).ShouldBe(200);
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        await stream.Content.ReadAsStringAsync(deadline.Token);

        (await server.GetAsync("/me", token)).ShouldRefuse(401, "token-not-accepted");
    }

    [Fact]
    public async Task Me_tells_a_person_who_they_are_in_the_shape_of_a_key()
    {
        var me = (await server.GetAsync("/me", Token("ada", "viewer"))).ShouldBe(200);

        me.Id.ShouldBe("person:ada");
        me.String("name").ShouldBe("Ada Lovelace");
        me.String("team").ShouldBe("billing");
        me.String("role").ShouldBe("viewer");
        me.String("reach").ShouldBe("team");
        me.String("status").ShouldBe("active");
        me.String("createdBy").ShouldBe(server.Issuer.Name);
        me.String("expiresAt").ShouldNotBeNull();
        me.At("scopes").GetArrayLength().ShouldBe(3);
    }

    [Fact]
    public async Task The_audit_record_names_the_person()
    {
        const string key = """{"name":"Made by a person","role":"viewer"}""";
        (await server.PostAsync("/keys", key, Token("root", "admin"))).ShouldBe(201)
            .String("createdBy").ShouldBe("person:root");

        var entry = (await server.GetAsync("/audit?actor=person:root", Token("root", "admin"))).ShouldBe(200);
        entry.String("data/0/type").ShouldBe("key.created");
        entry.String("data/0/actor").ShouldBe("person:root");
    }

    [Fact]
    public async Task An_idempotency_key_belongs_to_the_person_and_not_to_the_token()
    {
        (string, string) once = ("Idempotency-Key", "once");
        var first = (await server.PostAsync("/orders", AnOrder.Least, Token("ada", "editor"), once)).ShouldBe(201);
        var again = (await server.PostAsync("/orders", AnOrder.Least, Token("ada", "admin"), once)).ShouldBe(201);
        var other = (await server.PostAsync("/orders", AnOrder.Least, Token("bob", "editor"), once)).ShouldBe(201);

        again.Id.ShouldBe(first.Id);
        again.Header("Idempotent-Replayed").ShouldBe("true");
        other.Id.ShouldNotBe(first.Id);
        other.Header("Idempotent-Replayed").ShouldBeNull();
    }

    [Fact]
    public async Task Roles_and_team_are_found_where_the_settings_say()
    {
        Action<JsonObject> claims = payload =>
        {
            payload["realm_access"] = new JsonObject { ["roles"] = new JsonArray("/ops:admins") };
            payload["https://claims/team"] = "sales";
        };
        var me = (await mapped.GetAsync("/me", mapped.Issuer.Token("ada", claims: claims))).ShouldBe(200);

        me.String("role").ShouldBe("admin");
        me.String("team").ShouldBe("sales");
        me.String("reach").ShouldBe("all");
        (await mapped.GetAsync("/me", mapped.Issuer.Token("ada", claims: payload =>
        {
            claims(payload);
            payload["realm_access"] = new JsonObject { ["roles"] = new JsonArray("admin") };
        }))).ShouldRefuse(403, "person-not-admitted");
    }

    [Fact]
    public async Task A_quota_is_that_of_the_person()
    {
        async Task<Reply> Stream(string subject) => await mapped.Api.GetAsync(
            "/orders", ("Accept", "application/x-ndjson"), ("Authorization", "Bearer " + mapped.Issuer.Token(
                subject, claims: payload =>
                {
                    payload["realm_access"] = new JsonObject { ["roles"] = "readers" };
                    payload["https://claims/team"] = "sales";
                })));

        (await Stream("often")).ShouldBe(200);
        (await Stream("often")).ShouldBe(200);
        (await Stream("often")).ShouldRefuse(429, "rate-limited").String("detail")!.ShouldStartWith("You may do 2 ");
        (await Stream("seldom")).ShouldBe(200);
    }

    [Fact]
    public async Task A_configured_key_that_looks_like_a_token_is_a_key() =>
        (await mapped.GetAsync("/me", ServerWithMappedRoles.LikeAToken)).ShouldBe(200).Id.ShouldBe("bootstrap");

    [Fact]
    public async Task A_provider_that_is_not_there_is_told_of_quickly_and_keys_work()
    {
        var watch = Stopwatch.StartNew();
        var refused = (await alone.Api.GetAsync("/me", ("Authorization", "Bearer " + server.Issuer.Token("ada"))))
            .ShouldRefuse(503, "provider-unavailable");

        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(5));
        refused.Header("Retry-After").ShouldBe("10");
        (await alone.Api.GetAsync("/me")).ShouldBe(200);
    }
}
