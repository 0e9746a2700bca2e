using System.Text.Json;
using Orderly.Server.Access;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Access;

/// <summary>Keys are made, read, changed, rotated and revoked.</summary>
public sealed class KeyLifeTests(RunningServer server) : IClassFixture<RunningServer>
{
    private readonly Api _api = server.Api;

    [Fact]
    public async Task A_new_key_is_shown_once_and_works()
    {
        var made = (await _api.PostAsync("/keys", """{"name": "job", "team": "billing", "role": "editor"}"""))
            .ShouldBe(201);

        made.Header("Location").ShouldBe("/keys/" + made.Id);
        made.Header("ETag").ShouldBe("\"v1\"");
        var secret = made.String("key").ShouldNotBeNull();
        KeyText.IsMistyped(secret).ShouldBeFalse();
        made.String("team").ShouldBe("billing");
        made.String("role").ShouldBe("editor");
        made.String("reach").ShouldBe("team");
        made.String("status").ShouldBe("active");
        made.String("createdBy").ShouldBe("bootstrap");
        made.Raw("scopes").ShouldBe(JsonSerializer.Serialize(Roles.ScopesOf("editor")));
        made.Raw("expiresAt").ShouldBe("null");
        made.Raw("lastUsedAt").ShouldBe("null");
        using var caller = new Api(server.Address, secret);
        var order = (await caller.PostAsync("/orders", AnOrder.Least)).ShouldBe(201);
        order.String("team").ShouldBe("billing");
        order.String("createdBy").ShouldBe(made.Id);
        (await _api.GetAsync("/keys/" + made.Id)).ShouldBe(200).Text.ShouldNotContain(secret);
        (await _api.GetAsync("/keys?limit=500")).ShouldBe(200).Text.ShouldNotContain(secret);
    }

    [Fact]
    public async Task Everyone_can_read_their_own_key()
    {
        var (id, caller) = await server.MakeKeyAsync(
            """{"name": "me", "team": "mine", "scopes": ["webhooks:manage"]}""");

        var me = (await caller.GetAsync("/me")).ShouldBe(200);

        me.Id.ShouldBe(id);
        me.String("team").ShouldBe("mine");
        me.Raw("role").ShouldBe("null");
        me.Raw("scopes").ShouldBe("""["webhooks:manage"]""");
        me.Json.TryGetProperty("key", out var none).ShouldBeFalse();
        (await _api.GetAsync("/me")).ShouldBe(200).Id.ShouldBe("bootstrap");
        (await caller.GetAsync("/me?x=1")).ShouldRefuse(400, "unknown-parameter");
        (await caller.GetAsync("/keys")).ShouldRefuse(403, "missing-scope").String("scope").ShouldBe("keys:manage");
    }

    [Fact]
    public async Task Only_a_digest_of_the_secret_is_stored()
    {
        var made = await _api.PostAsync("/keys", """{"name": "hidden", "role": "viewer"}""");
        var secret = made.String("key")!;

        (await server.Database.SingleAsync<bool>(
            "select digest = sha256(convert_to($1, 'UTF8')) from key_secrets where key_id = $2", secret, made.Id))
            .ShouldBeTrue();
        (await server.Database.SingleAsync<long>(
            "select count(*) from keys k where position($1 in k::text) > 0", secret)).ShouldBe(0);
        (await server.Database.SingleAsync<long>(
            "select count(*) from audit a where position($1 in a::text) > 0", secret)).ShouldBe(0);
    }

    [Theory]
    [InlineData("{}", 400, "#/name missing-field", "#/role missing-field")]
    [InlineData("""{"name": null, "role": null}""", 400, "#/name missing-field", "#/role missing-field")]
    [InlineData("""{"name": "k", "rol": "viewer", "x": 1}""", 400,
        "#/rol unknown-field", "#/x unknown-field", "#/role missing-field")]
    [InlineData("""{"name": 1, "role": ["viewer"], "reach": true}""", 400,
        "#/name wrong-type", "#/role wrong-type", "#/reach wrong-type")]
    [InlineData("""{"name": "", "role": "boss", "reach": "none", "team": "no spaces"}""", 422,
        "#/name invalid-length", "#/role invalid-value", "#/reach invalid-value", "#/team invalid-value")]
    [InlineData("""{"name": "k", "scopes": []}""", 422, "#/scopes invalid-count")]
    [InlineData("""{"name": "k", "scopes": ["orders:reed", "orders:read", "orders:read"]}""", 422,
        "#/scopes/0 invalid-value", "#/scopes/2 invalid-value")]
    [InlineData("""{"name": "k", "scopes": ["orders:read"], "role": "viewer"}""", 422, "#/scopes invalid-value")]
    [InlineData("""{"name": "k", "role": "viewer", "expiresAt": "2020-01-01T00:00:00Z"}""", 422,
        "#/expiresAt out-of-range")]
    [InlineData("""{"name": "k", "role": "viewer", "expiresAt": "2120-01-01"}""", 400, "#/expiresAt invalid-time")]
    [InlineData("""{"name": "k", "role": "viewer", "allowedCidrs": ["10.0.0.1/8", "::/129", "1/8", "10.0.0.1"]}""", 422,
        "#/allowedCidrs/0 invalid-value", "#/allowedCidrs/1 invalid-value", "#/allowedCidrs/2 invalid-value",
        "#/allowedCidrs/3 invalid-value")]
    [InlineData("""{"name": "k", "role": "viewer", "rateLimit": {"reads": {"quota": 0}, "streams": {}}}""", 400,
        "#/rateLimit/reads/windowSeconds missing-field", "#/rateLimit/streams/quota missing-field",
        "#/rateLimit/streams/windowSeconds missing-field")]
    [InlineData("""{"name": "k", "role": "viewer", "id": "mine"}""", 422, "#/id read-only-field")]
    public async Task Every_fault_of_a_key_is_told_at_once(string body, int status, params string[] faults)
    {
        var reply = (await _api.PostAsync("/keys", body)).ShouldBe(status);
        reply.Faults.Order(StringComparer.Ordinal).ShouldBe(faults.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_misspelt_scope_is_told_with_what_was_meant() =>
        (await _api.PostAsync("/keys", """{"name": "k", "scopes": ["orders:reed"]}"""))
            .ShouldRefuse(422, "invalid-value").Text.ShouldContain("Did you mean \\\"orders:read\\\"?");

    [Fact]
    public async Task A_patch_changes_what_it_names_and_makes_the_next_version()
    {
        var (id, caller) = await server.MakeKeyAsync("""
            {"name": "k", "role": "viewer", "team": "t1",
             "rateLimit": {"reads": {"quota": 7000, "windowSeconds": 60}, "streams": {"quota": 9, "windowSeconds": 1}}}
            """);

        var patched = (await _api.PatchAsync("/keys/" + id, """
            {"role": "editor", "rateLimit": {"reads": {"quota": 8000}, "streams": null},
             "expiresAt": "2190-01-01T00:00:00Z"}
            """)).ShouldBe(200);

        patched.Version.ShouldBe(2);
        patched.Header("ETag").ShouldBe("\"v2\"");
        patched.String("name").ShouldBe("k");
        patched.String("role").ShouldBe("editor");
        patched.String("expiresAt").ShouldBe("2190-01-01T00:00:00Z");
        patched.Raw("rateLimit").ShouldBe(
            """{"reads":{"quota":8000,"windowSeconds":60},"writes":null,"streams":null}""");
        (await caller.PostAsync("/orders", AnOrder.Least)).ShouldBe(201);
        var same = (await _api.PatchAsync("/keys/" + id, patched.Text)).ShouldBe(200);
        same.Version.ShouldBe(2);
        (await _api.PatchAsync("/keys/" + id, """{"scopes": ["orders:read"], "expiresAt": null}"""))
            .ShouldBe(200).Raw("role").ShouldBe("null");
        (await caller.PostAsync("/orders", AnOrder.Least)).ShouldRefuse(403, "missing-scope");
    }

    [Theory]
    [InlineData("""{"name": null}""", 400, "#/name missing-field")]
    [InlineData("""{"role": null}""", 400, "#/role missing-field")]
    [InlineData("""{"scopes": null}""", 400, "#/role missing-field")]
    [InlineData("""{"reach": null}""", 400, "#/reach missing-field")]
    [InlineData("""{"team": "another"}""", 422, "#/team read-only-field")]
    [InlineData("""{"createdBy": "me"}""", 422, "#/createdBy read-only-field")]
    [InlineData("""{"rateLimit": {"writes": {"quota": 1}}}""", 400, "#/rateLimit/writes/windowSeconds missing-field")]
    public async Task What_can_not_be_patched_is_told(string patch, int status, string fault)
    {
        var (id, caller) = await server.MakeKeyAsync("""{"name": "k", "role": "viewer"}""");
        (await _api.PatchAsync("/keys/" + id, patch)).ShouldBe(status).Faults.ShouldBe([fault]);
    }

    [Fact]
    public async Task A_stale_write_is_refused()
    {
        var (id, caller) = await server.MakeKeyAsync("""{"name": "k", "role": "viewer"}""");
        (await _api.PatchAsync("/keys/" + id, """{"name": "k2"}""", ("If-Match", "\"v1\""))).ShouldBe(200);

        var stale = (await _api.PatchAsync("/keys/" + id, """{"name": "k3"}""", ("If-Match", "\"v1\"")))
            .ShouldRefuse(412, "stale-version");

        stale.Version.ShouldBe(2);
        (await _api.PatchAsync("/keys/" + id, """{"name": "k3", "version": 1}""")).ShouldRefuse(412, "stale-version");
        (await _api.PostAsync($"/keys/{id}/rotate", """{"version": 1}""")).ShouldRefuse(412, "stale-version");
        (await _api.DeleteAsync("/keys/" + id, ("If-Match", "\"v1\""))).ShouldRefuse(412, "stale-version");
        (await _api.DeleteAsync("/keys/" + id, ("If-Match", "W/\"v2\""))).ShouldRefuse(400, "invalid-precondition");
        (await _api.DeleteAsync("/keys/" + id, ("If-None-Match", "*"))).ShouldRefuse(412, "stale-version");
        (await _api.DeleteAsync("/keys/" + id, ("If-Match", "\"v2\""))).ShouldBe(204);
    }

    [Fact]
    public async Task A_dry_run_makes_nothing_and_shows_no_secret()
    {
        var made = (await _api.PostAsync("/keys?dryRun=true", """{"name": "dry", "role": "viewer"}""")).ShouldBe(201);
        made.Header("Location").ShouldBeNull();
        made.Json.TryGetProperty("key", out var none).ShouldBeFalse();
        (await _api.GetAsync("/keys/" + made.Id)).ShouldRefuse(404, "key-not-found");

        var (id, caller) = await server.MakeKeyAsync("""{"name": "k", "role": "viewer"}""");
        (await _api.PatchAsync($"/keys/{id}?dryRun=true", """{"name": "x"}""")).ShouldBe(200).Version.ShouldBe(2);
        (await _api.PostAsync($"/keys/{id}/rotate?dryRun=true", """{"overlapSeconds": 0}""")).ShouldBe(200)
            .Json.TryGetProperty("key", out none).ShouldBeFalse();
        (await _api.DeleteAsync($"/keys/{id}?dryRun=true")).ShouldBe(204);

        (await _api.GetAsync("/keys/" + id)).ShouldBe(200).Version.ShouldBe(1);
        (await caller.GetAsync("/me")).ShouldBe(200);
    }

    [Fact]
    public async Task A_repeated_request_gets_the_first_answer_without_the_secret()
    {
        const string body = """{"name": "once", "role": "viewer"}""";
        var first = (await _api.PostAsync("/keys", body, ("Idempotency-Key", "make-1"))).ShouldBe(201);

        var again = (await _api.PostAsync("/keys", body, ("Idempotency-Key", "make-1"))).ShouldBe(201);

        again.Header("Idempotent-Replayed").ShouldBe("true");
        first.Header("Idempotent-Replayed").ShouldBeNull();
        again.Id.ShouldBe(first.Id);
        again.Header("ETag").ShouldBe("\"v1\"");
        again.Json.TryGetProperty("key", out var none).ShouldBeFalse();
        (await _api.PostAsync("/keys", """{"name": "other", "role": "viewer"}""", ("Idempotency-Key", "make-1")))
            .ShouldRefuse(422, "idempotency-mismatch");
        (await _api.PostAsync("/orders", AnOrder.Least, ("Idempotency-Key", "make-1")))
            .ShouldRefuse(422, "idempotency-mismatch");
        (await _api.PostAsync("/orders", AnOrder.Least, ("Idempotency-Key", "make-2"))).ShouldBe(201);
        (await _api.PostAsync("/keys", body, ("Idempotency-Key", "make-2"))).ShouldRefuse(422, "idempotency-mismatch");
        var rotated = (await _api.PostAsync($"/keys/{first.Id}/rotate", "{}", ("Idempotency-Key", "turn-1")))
            .ShouldBe(200);
        var replayed = (await _api.PostAsync($"/keys/{first.Id}/rotate", "{}", ("Idempotency-Key", "turn-1")))
            .ShouldBe(200);
        rotated.String("key").ShouldNotBeNull();
        replayed.Json.TryGetProperty("key", out none).ShouldBeFalse();
        replayed.Version.ShouldBe(2);
        (await _api.GetAsync("/keys/" + first.Id)).Version.ShouldBe(2);
    }

    [Fact]
    public async Task After_a_rotation_both_secrets_work_until_the_overlap_ends()
    {
        var (id, old) = await server.MakeKeyAsync("""{"name": "k", "role": "viewer"}""");
        var rotated = (await _api.PostAsync($"/keys/{id}/rotate", """{"overlapSeconds": 3600}""")).ShouldBe(200);
        using var fresh = new Api(server.Address, rotated.String("key"));

        rotated.String("previousSecretExpiresAt").ShouldNotBeNull();
        (await old.GetAsync("/me")).ShouldBe(200).Id.ShouldBe(id);
        (await fresh.GetAsync("/me")).ShouldBe(200).Id.ShouldBe(id);

        // The newest two at most: a second rotation ends the one that was to end already.
        var newest = (await _api.PostAsync($"/keys/{id}/rotate", "{}")).ShouldBe(200);
        using var freshest = new Api(server.Address, newest.String("key"));
        (await old.GetAsync("/me")).ShouldRefuse(401, "unknown-key");
        (await fresh.GetAsync("/me")).ShouldBe(200);
        (await freshest.GetAsync("/me")).ShouldBe(200);

        await server.Database.ExecuteAsync(
            "update key_secrets set expires_at = now() where key_id = $1 and expires_at is not null", id);
        server.Forget();
        (await fresh.GetAsync("/me")).ShouldRefuse(401, "unknown-key");
        (await freshest.GetAsync("/me")).ShouldBe(200).Raw("previousSecretExpiresAt").ShouldBe("null");
    }

    [Fact]
    public async Task A_rotation_without_overlap_ends_the_old_secret_at_once()
    {
        var (id, old) = await server.MakeKeyAsync("""{"name": "k", "role": "viewer"}""");
        (await old.GetAsync("/me")).ShouldBe(200);

        var rotated = (await _api.PostAsync($"/keys/{id}/rotate", """{"overlapSeconds": 0}""")).ShouldBe(200);

        rotated.Raw("previousSecretExpiresAt").ShouldBe("null");
        (await old.GetAsync("/me")).ShouldRefuse(401, "unknown-key");
        using var fresh = new Api(server.Address, rotated.String("key"));
        (await fresh.GetAsync("/me")).ShouldBe(200);
        (await _api.PostAsync($"/keys/{id}/rotate", """{"overlapSeconds": -1}""")).ShouldRefuse(
            422, "out-of-range", "#/overlapSeconds");
        (await _api.PostAsync($"/keys/{id}/rotate", """{"overlapSeconds": 2592001}""")).ShouldRefuse(
            422, "out-of-range", "#/overlapSeconds");
    }

    [Fact]
    public async Task A_revoked_key_is_refused_at_once_and_found_only_where_it_is_asked_for()
    {
        var (id, caller) = await server.MakeKeyAsync("""{"name": "gone", "role": "viewer"}""");
        (await caller.GetAsync("/me")).ShouldBe(200);

        (await _api.DeleteAsync("/keys/" + id)).ShouldBe(204);

        (await caller.GetAsync("/me")).ShouldRefuse(401, "unknown-key");
        (await _api.DeleteAsync("/keys/" + id)).ShouldRefuse(404, "key-not-found");
        (await _api.GetAsync("/keys/" + id)).ShouldRefuse(404, "key-not-found");
        (await _api.PatchAsync("/keys/" + id, """{"name": "x"}""")).ShouldRefuse(404, "key-not-found");
        (await _api.PostAsync($"/keys/{id}/rotate", "{}")).ShouldRefuse(404, "key-not-found");
        (await _api.GetAsync("/keys?limit=500")).Text.ShouldNotContain(id);
        var gone = (await _api.GetAsync("/keys?limit=500&revoked=only")).ShouldBe(200);
        gone.At("data").EnumerateArray().ShouldAllBe(key => key.GetProperty("status").GetString() == "revoked");
        gone.Text.ShouldContain(id);
        (await _api.GetAsync("/keys?limit=500&revoked=include")).Text.ShouldContain(id);
        (await _api.GetAsync("/keys?revoked=yes")).ShouldRefuse(400, "invalid-parameter");
    }

    [Fact]
    public async Task An_expired_key_is_unknown_and_says_so_in_the_list()
    {
        var (id, caller) = await server.MakeKeyAsync(
            """{"name": "short", "role": "viewer", "expiresAt": "2190-01-01T00:00:00Z"}""");
        (await caller.GetAsync("/me")).ShouldBe(200);

        await server.Database.ExecuteAsync("update keys set expires_at = now() where key_id = $1", id);
        server.Forget();

        (await caller.GetAsync("/me")).ShouldRefuse(401, "unknown-key");
        (await _api.GetAsync("/keys/" + id)).String("status").ShouldBe("expired");
    }

    [Fact]
    public async Task Every_key_is_on_exactly_one_page_the_newest_first()
    {
        foreach (var number in Enumerable.Range(0, 5))
        {
            (await _api.PostAsync("/keys", $$"""{"name": "page {{number}}", "role": "viewer"}""")).ShouldBe(201);
        }

        var seen = new List<string>();
        for (var next = "/keys?limit=2"; next is not null;)
        {
            var page = (await _api.GetAsync(next)).ShouldBe(200);
            seen.AddRange(page.At("data").EnumerateArray().Select(key => key.GetProperty("id").GetString()!));
            var cursor = page.String("next");
            page.Header("Link").ShouldBe(cursor is null ? null : $"</keys?limit=2&cursor={cursor}>; rel=\"next\"");
            next = cursor is null ? null : $"/keys?limit=2&cursor={cursor}";
        }

        seen.ShouldBeUnique();
        seen.ShouldBe(await server.Database.ListAsync<string>(
            "select key_id from keys where revoked_at is null order by created_at desc, key_id desc"));
        var counted = (await _api.GetAsync("/keys?limit=1&count=exact")).ShouldBe(200);
        counted.Raw("count").ShouldBe($"{{\"value\":{seen.Count},\"exact\":true}}");
        (await _api.GetAsync("/keys?limit=500&count=estimate&cursor=" + counted.String("next"))).ShouldBe(200)
            .Raw("count/value").ShouldBe($"{seen.Count}");
        (await _api.GetAsync("/keys?cursor=nope")).ShouldRefuse(400, "invalid-cursor");
        (await _api.GetAsync("/keys?limit=501")).ShouldRefuse(400, "invalid-parameter");
    }

    [Fact]
    public async Task When_a_key_was_last_used_is_written_down_at_most_once_a_minute()
    {
        var (id, caller) = await server.MakeKeyAsync("""{"name": "used", "role": "viewer"}""");
        (await caller.GetAsync("/me")).ShouldBe(200);
        await server.RecordUseAsync();
        var first = (await _api.GetAsync("/keys/" + id)).String("lastUsedAt").ShouldNotBeNull();

        (await caller.GetAsync("/me")).ShouldBe(200);
        await server.RecordUseAsync();
        (await _api.GetAsync("/keys/" + id)).String("lastUsedAt").ShouldBe(first);

        await server.Database.ExecuteAsync(
            "update keys set last_used_at = last_used_at - interval '1 minute' where key_id = $1", id);
        (await caller.GetAsync("/me")).ShouldBe(200);
        await server.RecordUseAsync();
        string.CompareOrdinal((await _api.GetAsync("/keys/" + id)).String("lastUsedAt"), first).ShouldBePositive();
    }

    [Theory]
    [InlineData("""{"lastUsedAt": 12}""", 422)]
    [InlineData("""{"lastUsedAt": "yesterday"}""", 422)]
    [InlineData("""{"lastUsedAt": "2026-01-01T00:00:00Z"}""", 200)]
    [InlineData("""{"lastUsedAt": null}""", 200)]
    [InlineData("""{"status": "asleep"}""", 422)]
    [InlineData("""{"status": 1}""", 422)]
    [InlineData("""{"status": "expired"}""", 200)]
    public async Task What_passes_may_be_sent_back_as_it_was_read_but_not_as_something_else(string body, int status)
    {
        var (id, _) = await server.MakeKeyAsync("""{"name": "sent back", "role": "viewer"}""");

        (await _api.PatchAsync("/keys/" + id, body)).ShouldBe(status);
    }

    [Theory]
    [InlineData("GET", "/keys/no-such-key")]
    [InlineData("DELETE", "/keys/no-such-key")]
    public async Task A_key_that_there_is_not_is_not_found(string method, string path) =>
        (await _api.SendAsync(new HttpMethod(method), path, json: null)).ShouldRefuse(404, "key-not-found");
}
