using Orderly.Tests.Harness;

namespace Orderly.Tests.Orders;

/// <summary>Idempotency-Key on POST and PATCH.</summary>
public sealed class IdempotencyTests(RunningServer server) : IClassFixture<RunningServer>
{
    private readonly Api _api = server.Api;

    [Theory]
    [InlineData("bare-key", "bare-key")]
    [InlineData("quoted-key", "\"quoted-key\"")]
    public async Task The_same_request_again_gets_the_first_answer_byte_for_byte(string first, string second)
    {
        var one = (await _api.PostAsync("/orders", AnOrder.Least, Key(first))).ShouldBe(201);
        var two = (await _api.PostAsync("/orders", AnOrder.Least, Key(second))).ShouldBe(201);

        two.Body.ShouldBe(one.Body);
        two.Header("Location").ShouldBe(one.Header("Location"));
        two.Header("ETag").ShouldBe(one.Header("ETag"));
        two.Header("Idempotent-Replayed").ShouldBe("true");
        one.Header("Idempotent-Replayed").ShouldBeNull();
    }

    [Fact]
    public async Task The_first_answer_is_given_again_though_the_order_has_changed_since()
    {
        var one = (await _api.PostAsync("/orders", AnOrder.Least, Key("changed-since"))).ShouldBe(201);
        (await _api.PostAsync($"/orders/{one.Id}/status", """{"status": "cancelled"}""")).ShouldBe(200);
        (await _api.DeleteAsync("/orders/" + one.Id)).ShouldBe(204);

        (await _api.PostAsync("/orders", AnOrder.Least, Key("changed-since"))).ShouldBe(201).Body.ShouldBe(one.Body);
    }

    [Fact]
    public async Task Another_body_with_the_same_key_is_refused()
    {
        (await _api.PostAsync("/orders", AnOrder.Least, Key("other-body"))).ShouldBe(201);

        (await _api.PostAsync("/orders", AnOrder.Least + " ", Key("other-body")))
            .ShouldRefuse(422, "idempotency-mismatch");
    }

    [Fact]
    public async Task A_refused_request_does_not_use_the_key_up()
    {
        (await _api.PostAsync("/orders", AnOrder.Of("""["nope"]"""), Key("refused"))).ShouldBe(422);
        (await _api.PostAsync("/orders?dryRun=true", AnOrder.Least, Key("refused"))).ShouldBe(201);

        (await _api.PostAsync("/orders", AnOrder.Least, Key("refused"))).ShouldBe(201)
            .Header("Idempotent-Replayed").ShouldBeNull();
    }

    [Fact]
    public async Task A_dry_run_with_a_used_key_is_another_request_and_refused()
    {
        var path = "/orders/" + (await _api.PostAsync("/orders", AnOrder.Least, Key("dry"))).ShouldBe(201).Id;

        (await _api.PostAsync("/orders?dryRun=true", AnOrder.Least, Key("dry")))
            .ShouldRefuse(422, "idempotency-mismatch");
        (await _api.PatchAsync(path + "?dryRun=true", """{"notes": "x"}""", Key("dry")))
            .ShouldRefuse(422, "idempotency-mismatch");
        (await _api.PostAsync("/keys?dryRun=true", """{"name": "k", "role": "viewer"}""", Key("dry")))
            .ShouldRefuse(422, "idempotency-mismatch");
        (await _api.PostAsync("/orders", AnOrder.Least, Key("dry"))).ShouldBe(201)
            .Header("Idempotent-Replayed").ShouldBe("true");
    }

    [Fact]
    public async Task A_dry_run_uses_no_key_up_however_often_it_is_sent()
    {
        foreach (var answer in await Task.WhenAll(Enumerable.Range(0, 8).Select(
            _ => _api.PostAsync("/orders?dryRun=true", AnOrder.Least, Key("dry-first")))))
        {
            answer.ShouldBe(201).Header("Idempotent-Replayed").ShouldBeNull();
        }

        (await _api.PostAsync("/orders", AnOrder.Least, Key("dry-first"))).ShouldBe(201)
            .Header("Idempotent-Replayed").ShouldBeNull();
        (await _api.PostAsync("/keys?dryRun=true", """{"name": "k", "role": "viewer"}""", Key("dry-key")))
            .ShouldBe(201);
        (await _api.PostAsync("/keys", """{"name": "k", "role": "viewer"}""", Key("dry-key"))).ShouldBe(201)
            .String("key").ShouldNotBeNull();
    }

    [Fact]
    public async Task A_write_that_lost_to_a_taken_reference_does_not_use_the_key_up()
    {
        var json = AnOrder.With("""  "reference": "idempotent-reference"  """);
        var holder = await _api.PlaceAsync(json);
        (await _api.PostAsync("/orders", json, Key("lost"))).ShouldRefuse(409, "reference-taken");
        (await _api.DeleteAsync("/orders/" + holder)).ShouldBe(204);

        (await _api.PostAsync("/orders", json, Key("lost"))).ShouldBe(201)
            .Header("Idempotent-Replayed").ShouldBeNull();
    }

    [Fact]
    public async Task Keys_of_different_callers_never_meet()
    {
        var caller = await server.CallerAsync("other", "orders:write");
        var one = (await _api.PostAsync("/orders", AnOrder.Least, Key("shared"))).ShouldBe(201);

        (await caller.PostAsync("/orders", AnOrder.Least, Key("shared"))).ShouldBe(201).Id.ShouldNotBe(one.Id);
    }

    [Fact]
    public async Task A_patch_is_done_once()
    {
        var path = await server.PlaceOldAsync();
        var one = (await _api.PatchAsync(path, """{"notes": "x"}""", Key("patch"), ("If-Match", "\"v1\"")))
            .ShouldBe(200);
        (await _api.PatchAsync(path, """{"notes": "y"}""")).ShouldBe(200);
        var again = await _api.PatchAsync(path, """{"notes": "x"}""", Key("patch"), ("If-Match", "\"v1\""));

        again.ShouldBe(200).Body.ShouldBe(one.Body);
        (await _api.GetAsync(path)).String("notes").ShouldBe("y");
    }

    [Fact]
    public async Task A_patch_that_changes_nothing_uses_the_key_up_all_the_same()
    {
        var path = await server.PlaceOldAsync();
        (await _api.PatchAsync(path, """{"notes": null}""", Key("nothing"))).ShouldBe(200).Version.ShouldBe(1);
        (await _api.PatchAsync(path, """{"notes": "y"}""")).ShouldBe(200);

        (await _api.PatchAsync(path, """{"notes": null}""", Key("nothing"))).ShouldBe(200).Version.ShouldBe(1);
        (await _api.GetAsync(path)).String("notes").ShouldBe("y");
    }

    [Fact]
    public async Task A_status_change_and_a_revert_are_done_once()
    {
        var path = await server.PlaceOldAsync();
        (await _api.PatchAsync(path, """{"notes": "x"}""")).ShouldBe(200);
        const string revert = """{"to": 1, "reason": "x"}""";
        (await _api.PostAsync(path + "/revert", revert, Key("revert"))).ShouldBe(200).Version.ShouldBe(3);
        (await _api.PostAsync(path + "/status", """{"status": "confirmed"}""", Key("status"))).ShouldBe(200);
        (await _api.PostAsync(path + "/status", """{"status": "completed"}""")).ShouldBe(200);

        (await _api.PostAsync(path + "/status", """{"status": "confirmed"}""", Key("status"))).ShouldBe(200)
            .Version.ShouldBe(4);
        (await _api.PostAsync(path + "/revert", revert, Key("revert"))).ShouldBe(200).Version.ShouldBe(3);
        (await _api.GetAsync(path)).Version.ShouldBe(5);
    }

    [Fact]
    public async Task A_restore_is_done_once()
    {
        var path = "/orders/" + await _api.PlaceAsync();
        (await _api.DeleteAsync(path)).ShouldBe(204);
        var one = (await _api.PostAsync(path + "/restore", "{}", Key("restore"))).ShouldBe(200);
        (await _api.DeleteAsync(path)).ShouldBe(204);
        var again = (await _api.PostAsync(path + "/restore", "{}", Key("restore"))).ShouldBe(200);

        again.Body.ShouldBe(one.Body);
        again.Header("Idempotent-Replayed").ShouldBe("true");
        (await _api.GetAsync(path)).ShouldBe(404);
    }

    [Theory]
    [InlineData("PATCH", "", """{"notes": "b"}""")]
    [InlineData("POST", "/status", """{"status": "confirmed"}""")]
    [InlineData("POST", "/revert", """{"to": 1, "reason": "x"}""")]
    [InlineData("POST", "/restore", "{}")]
    public async Task Another_address_with_the_same_key_is_refused(string method, string action, string json)
    {
        var path = await server.PlaceOldAsync();
        var key = Key($"other-address-{method}{action}");
        (await _api.PatchAsync(path + "?reason=x", """{"notes": "a"}""", key)).ShouldBe(200);

        (await (method == "PATCH" ? _api.PatchAsync(path, json, key) : _api.PostAsync(path + action, json, key)))
            .ShouldRefuse(422, "idempotency-mismatch");
        (await _api.GetAsync(path)).Version.ShouldBe(2);
    }

    [Fact]
    public async Task A_key_on_put_or_delete_counts_for_nothing()
    {
        var path = await server.PlaceOldAsync();
        (await _api.PutAsync(path, AnOrder.With("\"notes\": \"a\""), Key("put"))).ShouldBe(200);
        (await _api.PutAsync(path, AnOrder.With("\"notes\": \"b\""), Key("put"))).ShouldBe(200)
            .Header("Idempotent-Replayed").ShouldBeNull();
        (await _api.DeleteAsync(path, Key("put"))).ShouldBe(204);
        (await _api.DeleteAsync(path, Key("put"))).ShouldBe(404);
    }

    [Theory]
    [InlineData("")]
    [InlineData("with space")]
    [InlineData("\"\"")]
    public async Task A_key_that_cannot_be_read_is_refused(string key)
    {
        (await _api.PostAsync("/orders", AnOrder.Least, Key(key))).ShouldRefuse(400, "invalid-idempotency-key");
    }

    [Theory]
    [InlineData(255, 201)]
    [InlineData(256, 400)]
    public async Task A_key_has_at_most_255_characters(int length, int status)
    {
        (await _api.PostAsync("/orders", AnOrder.Least, Key(new string('k', length)))).ShouldBe(status);
    }

    [Fact]
    public async Task Many_at_once_with_one_key_make_one_order()
    {
        var json = AnOrder.With("""  "notes": "only one of these"  """);
        var replies = await Task.WhenAll(Enumerable.Range(0, 40).Select(async _ =>
        {
            Reply reply;
            do
            {
                reply = await _api.PostAsync("/orders", json, Key("many"));
            }
            while (reply.Status == 409
                && reply.ShouldRefuse(409, "idempotency-in-flight").Header("Retry-After") == "1");
            return reply.ShouldBe(201);
        }));

        replies.Select(reply => reply.Id).Distinct(StringComparer.Ordinal).ShouldHaveSingleItem();
        replies.Count(reply => reply.Header("Idempotent-Replayed") is null).ShouldBe(1);
    }

    private static (string, string) Key(string key) => ("Idempotency-Key", key);
}
