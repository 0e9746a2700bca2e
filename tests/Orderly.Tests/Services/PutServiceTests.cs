using Orderly.Tests.Harness;

namespace Orderly.Tests.Services;

/// <summary>PUT, PATCH and DELETE /services/{id}.</summary>
public sealed class PutServiceTests(RunningServer server) : IClassFixture<RunningServer>
{
    private const string Full =
        """{"name": "N", "description": "D", "fee": 1.50, "currency": "EUR", "active": false}""";

    private static int _ids;
    private readonly Api _api = server.Api;

    private static string NewPath() => $"/services/made-{Interlocked.Increment(ref _ids)}";

    private async Task<string> PutAsync(string json = """{"name": "N", "fee": 1}""")
    {
        var path = NewPath();
        (await _api.PutAsync(path, json)).ShouldBe(201);
        return path;
    }

    [Fact]
    public async Task A_new_record_is_answered_with_201_its_address_its_tag_and_itself()
    {
        var path = NewPath();
        var put = (await _api.PutAsync(path, Full)).ShouldBe(201);

        put.Header("Location").ShouldBe(path);
        put.Header("ETag").ShouldBe("\"v1\"");
        put.Json.EnumerateObject().Select(member => member.Name).ShouldBe(
            ["id", "name", "description", "fee", "currency", "active", "version", "createdAt", "updatedAt"]);
        put.Id.ShouldBe(path["/services/".Length..]);
        put.String("name").ShouldBe("N");
        put.String("description").ShouldBe("D");
        put.Raw("fee").ShouldBe("1.50");
        put.String("currency").ShouldBe("EUR");
        put.Raw("active").ShouldBe("false");
        put.Version.ShouldBe(1);
        put.String("updatedAt").ShouldBe(put.String("createdAt"));
        (await _api.GetAsync(path)).ShouldBe(200).Text.ShouldBe(put.Text);
    }

    [Fact]
    public async Task What_is_left_out_of_a_put_has_its_default()
    {
        var path = await PutAsync(Full);
        var put = (await _api.PutAsync(path, """{"name": "N"}""")).ShouldBe(200);

        put.Version.ShouldBe(2);
        put.Header("ETag").ShouldBe("\"v2\"");
        put.Raw("description").ShouldBe("null");
        put.Raw("fee").ShouldBe("null");
        put.String("currency").ShouldBe("USD");
        put.Raw("active").ShouldBe("true");
    }

    [Fact]
    public async Task A_write_that_changes_nothing_keeps_the_version_but_a_scale_is_a_change()
    {
        var path = await PutAsync("""{"name": "N", "fee": 1.5}""");

        (await _api.PutAsync(path, """{"name": "N", "fee": 1.5}""")).ShouldBe(200).Version.ShouldBe(1);
        (await _api.PatchAsync(path, "{}")).ShouldBe(200).Version.ShouldBe(1);
        (await _api.PutAsync(path, """{"name": "N", "fee": 1.50}""")).ShouldBe(200).Raw("fee").ShouldBe("1.50");
    }

    [Fact]
    public async Task The_whole_body_as_it_was_read_can_be_sent_back()
    {
        var path = await PutAsync(Full);
        var read = await _api.GetAsync(path);

        (await _api.PutAsync(path, read.Text)).ShouldBe(200).Version.ShouldBe(1);
        var edited = read.Text.Replace("\"N\"", "\"Edited\"");
        (await _api.PutAsync(path, edited)).ShouldBe(200).Version.ShouldBe(2);
        (await _api.PutAsync(path, edited)).ShouldRefuse(412, "stale-version").Version.ShouldBe(2);
    }

    [Fact]
    public async Task A_patch_changes_what_it_names_and_clears_what_it_nulls()
    {
        var path = await PutAsync(Full);
        var patched = await _api.PatchAsync(path, """{"name": "M", "description": null, "fee": null}""");
        patched.ShouldBe(200);

        patched.String("name").ShouldBe("M");
        patched.Raw("description").ShouldBe("null");
        patched.Raw("fee").ShouldBe("null");
        patched.String("currency").ShouldBe("EUR");
        patched.Raw("active").ShouldBe("false");
    }

    [Fact]
    public async Task A_deleted_record_is_retired_and_stays()
    {
        var path = await PutAsync();
        (await _api.DeleteAsync(path)).ShouldBe(204).Body.ShouldBeEmpty();

        var read = (await _api.GetAsync(path)).ShouldBe(200);
        read.Raw("active").ShouldBe("false");
        read.Version.ShouldBe(2);
        (await _api.PostAsync("/orders", AnOrder.Of($"[\"{read.Id}\"]"))).ShouldRefuse(422, "retired-service");
        (await _api.DeleteAsync(path)).ShouldBe(204);
        (await _api.GetAsync(path)).Version.ShouldBe(2);
        (await _api.PatchAsync(path, """{"active": true}""")).ShouldBe(200);
        await _api.PlaceAsync(AnOrder.Of($"[\"{read.Id}\"]"));
    }

    [Fact]
    public async Task A_write_that_is_tried_is_answered_as_it_would_be_and_not_stored()
    {
        var path = NewPath();
        var created = (await _api.PutAsync(path + "?dryRun=true", Full)).ShouldBe(201);
        created.Version.ShouldBe(1);
        created.Header("Location").ShouldBeNull();
        (await _api.GetAsync(path)).ShouldRefuse(404, "service-not-found");

        await _api.PutAsync(path, Full);
        var before = (await _api.GetAsync(path)).ShouldBe(200);
        var replaced = (await _api.PutAsync(path + "?dryRun=true", """{"name": "R"}""")).ShouldBe(200);
        replaced.Version.ShouldBe(2);
        replaced.String("name").ShouldBe("R");
        replaced.String("createdAt").ShouldBe(before.String("createdAt"));
        (await _api.PatchAsync(path + "?dryRun=true", """{"fee": 9.75}""")).ShouldBe(200).Raw("fee").ShouldBe("9.75");
        (await _api.PatchAsync(path + "?dryRun=true", """{"fee": -1}""")).ShouldBe(422);
        (await _api.DeleteAsync(path + "?dryRun=true")).ShouldBe(204);
        (await _api.DeleteAsync(path + "?dryRun=yes")).ShouldRefuse(400, "invalid-parameter");
        (await _api.GetAsync(path)).Text.ShouldBe(before.Text);
    }

    [Fact]
    public async Task A_patch_that_is_tried_does_not_use_its_key_up()
    {
        var path = await PutAsync();
        (await _api.PatchAsync(path + "?dryRun=true", """{"fee": 2}""", Key("tried"))).ShouldBe(200)
            .Version.ShouldBe(2);

        var patched = (await _api.PatchAsync(path, """{"fee": 3}""", Key("tried"))).ShouldBe(200);
        patched.Raw("fee").ShouldBe("3");
        patched.Header("Idempotent-Replayed").ShouldBeNull();
    }

    [Theory]
    [InlineData("a")]
    [InlineData("0")]
    [InlineData("A.b_c-9")]
    [InlineData("a.-_")]
    public async Task An_id_of_letters_digits_points_underscores_and_hyphens_is_taken(string id)
    {
        (await _api.PutAsync("/services/" + id, """{"name": "N"}""")).ShouldBe(201).Id.ShouldBe(id);
        (await _api.PutAsync("/services/" + id, $$"""{"name": "N", "id": "{{id}}"}""")).ShouldBe(200);
    }

    [Fact]
    public async Task An_id_has_at_most_64_characters()
    {
        (await _api.PutAsync("/services/" + new string('x', 64), """{"name": "N"}""")).ShouldBe(201);
        (await _api.PutAsync("/services/" + new string('x', 65), """{"name": "N"}"""))
            .ShouldRefuse(404, "service-not-found");
    }

    [Theory]
    [InlineData("-a")]
    [InlineData(".a")]
    [InlineData("_a")]
    [InlineData("a%20b")]
    [InlineData("a%0A")]
    [InlineData("%C3%A4")]
    [InlineData("a%2Fb")]
    public async Task A_syntactically_bad_id_is_not_found(string id)
    {
        (await _api.PutAsync("/services/" + id, """{"name": "N"}""")).ShouldRefuse(404, "service-not-found")
            .String("detail")!.ShouldContain("an id has 1 to 64 letters");
        (await _api.GetAsync("/services/" + id)).ShouldRefuse(404, "service-not-found");
        (await _api.DeleteAsync("/services/" + id)).ShouldRefuse(404, "service-not-found");
    }

    [Fact]
    public async Task A_record_that_is_not_there_can_not_be_patched_or_retired()
    {
        (await _api.PatchAsync("/services/nobody", """{"name": "N"}""")).ShouldRefuse(404, "service-not-found");
        (await _api.DeleteAsync("/services/nobody")).ShouldRefuse(404, "service-not-found");
        (await _api.GetAsync("/services/nobody")).ShouldRefuse(404, "service-not-found");
    }

    [Theory]
    [InlineData("{}", 400, "missing-field", "#/name")]
    [InlineData("""{"name": null}""", 400, "missing-field", "#/name")]
    [InlineData("""{"name": 1}""", 400, "wrong-type", "#/name")]
    [InlineData("""{"name": ""}""", 422, "invalid-length", "#/name")]
    [InlineData("""{"name": "N", "fee": "1"}""", 400, "wrong-type", "#/fee")]
    [InlineData("""{"name": "N", "fee": -1}""", 422, "out-of-range", "#/fee")]
    [InlineData("""{"name": "N", "fee": 1.00001}""", 422, "too-precise", "#/fee")]
    [InlineData("""{"name": "N", "currency": "EURO"}""", 422, "unknown-currency", "#/currency")]
    [InlineData("""{"name": "N", "active": "true"}""", 400, "wrong-type", "#/active")]
    [InlineData("""{"name": "N", "active": 1}""", 400, "wrong-type", "#/active")]
    [InlineData("""{"name": "N", "price": 1}""", 400, "unknown-field", "#/price")]
    [InlineData("""{"name": "N", "name": "M"}""", 400, "duplicate-field", "#/name")]
    [InlineData("""{"name": "N\u0000"}""", 400, "invalid-text", "#/name")]
    [InlineData("""{"name": "N", "id": "other"}""", 422, "read-only-field", "#/id")]
    [InlineData("""{"name": "N", "createdAt": "2026-11-23T09:30:00Z"}""", 422, "read-only-field", "#/createdAt")]
    [InlineData("""{"name": "N", "updatedAt": "yesterday"}""", 422, "read-only-field", "#/updatedAt")]
    [InlineData("[]", 400, "wrong-type", "#")]
    public async Task A_body_is_read_strictly(string json, int status, string code, string pointer)
    {
        (await _api.PutAsync("/services/window", json)).ShouldRefuse(status, code, pointer);
        (await _api.GetAsync("/services/window")).Version.ShouldBe(1);
    }

    [Fact]
    public async Task Text_at_its_limit_is_taken_and_past_it_refused()
    {
        await PutAsync($$"""{"name": "{{new string('n', 200)}}", "description": "{{new string('d', 4_000)}}"}""");
        (await _api.PutAsync("/services/window", $$"""{"name": "{{new string('n', 201)}}"}"""))
            .ShouldRefuse(422, "invalid-length", "#/name");
        (await _api.PutAsync("/services/window", $$"""{"name": "N", "description": "{{new string('d', 4_001)}}"}"""))
            .ShouldRefuse(422, "invalid-length", "#/description");
    }

    [Fact]
    public async Task All_faults_of_body_and_query_are_told_at_once() =>
        (await _api.PutAsync("/services/window?x=1", """{"name": 1, "fee": "1", "nmae": 1}"""))
            .ShouldRefuse(400, "invalid-body").Faults.ShouldBe(
            ["#/nmae unknown-field", "#/name wrong-type", "#/fee wrong-type", "x unknown-parameter"],
            ignoreOrder: true);

    [Fact]
    public async Task A_stale_write_is_refused()
    {
        var path = await PutAsync();
        (await _api.PatchAsync(path, """{"fee": 2}""", ("If-Match", "\"v1\""))).ShouldBe(200);

        (await _api.PutAsync(path, """{"name": "M"}""", ("If-Match", "\"v1\""))).ShouldRefuse(412, "stale-version");
        (await _api.PatchAsync(path, """{"version": 1}""")).ShouldRefuse(412, "stale-version");
        (await _api.DeleteAsync(path, ("If-Match", "\"v1\""))).ShouldRefuse(412, "stale-version");
        (await _api.DeleteAsync(path, ("If-Match", "W/\"v2\""))).ShouldRefuse(400, "invalid-precondition");
        (await _api.DeleteAsync(path, ("If-Match", "\"v2\""))).ShouldBe(204);
    }

    [Fact]
    public async Task A_record_that_must_be_there_already_is_not_created()
    {
        var path = NewPath();

        (await _api.PutAsync(path, """{"name": "N"}""", ("If-Match", "*"))).ShouldRefuse(412, "stale-version");
        (await _api.GetAsync(path)).ShouldRefuse(404, "service-not-found");
    }

    [Fact]
    public async Task Fifty_changes_at_once_are_fifty_versions_and_of_fifty_with_one_tag_one_is_done()
    {
        var path = await PutAsync();

        var free = await Task.WhenAll(Enumerable.Range(10, 50).Select(i =>
            _api.PatchAsync(path, $$"""{"fee": {{i}}}""")));
        free.Select(reply => reply.Status).ShouldAllBe(status => status == 200);
        free.Select(reply => reply.Version).Order().ShouldBe(Enumerable.Range(2, 50));
        var version = (await _api.GetAsync(path)).Version;
        version.ShouldBe(51);

        var tied = await Task.WhenAll(Enumerable.Range(100, 50).Select(i =>
            _api.PatchAsync(path, $$"""{"fee": {{i}}}""", ("If-Match", $"\"v{version}\""))));
        tied.Count(reply => reply.Status == 200).ShouldBe(1);
        tied.Count(reply => reply.Status == 412).ShouldBe(49);
    }

    [Fact]
    public async Task A_patch_with_a_key_is_done_once_and_answered_alike_again()
    {
        var path = await PutAsync();
        var one = (await _api.PatchAsync(path, """{"fee": 2.50}""", Key("patch"))).ShouldBe(200);
        (await _api.PatchAsync(path, """{"fee": 3}""")).ShouldBe(200);
        var again = (await _api.PatchAsync(path, """{"fee": 2.50}""", Key("patch"))).ShouldBe(200);

        again.Body.ShouldBe(one.Body);
        again.Header("ETag").ShouldBe(one.Header("ETag"));
        again.Header("Idempotent-Replayed").ShouldBe("true");
        one.Header("Idempotent-Replayed").ShouldBeNull();
        (await _api.GetAsync(path)).Raw("fee").ShouldBe("3");
    }

    [Fact]
    public async Task A_patch_that_changes_nothing_uses_the_key_up_all_the_same()
    {
        var path = await PutAsync();
        (await _api.PatchAsync(path, """{"fee": 1}""", Key("nothing"))).ShouldBe(200).Version.ShouldBe(1);
        (await _api.PatchAsync(path, """{"fee": 3}""")).ShouldBe(200);

        (await _api.PatchAsync(path, """{"fee": 1}""", Key("nothing"))).ShouldBe(200).Raw("fee").ShouldBe("1");
        (await _api.GetAsync(path)).Raw("fee").ShouldBe("3");
    }

    [Fact]
    public async Task A_refused_patch_does_not_use_the_key_up()
    {
        var path = await PutAsync();
        (await _api.PatchAsync(path, """{"fee": 2}""", Key("refused"), ("If-Match", "\"v9\""))).ShouldBe(412);

        (await _api.PatchAsync(path, """{"fee": 2}""", Key("refused"))).ShouldBe(200)
            .Header("Idempotent-Replayed").ShouldBeNull();
    }

    [Fact]
    public async Task A_key_stands_for_one_request_whatever_it_was_about()
    {
        var path = await PutAsync();
        (await _api.PatchAsync(path, """{"fee": 2}""", Key("one-request"))).ShouldBe(200);
        (await _api.PostAsync("/orders", AnOrder.Least, Key("an-order"))).ShouldBe(201);

        (await _api.PatchAsync(path, """{"fee": 3}""", Key("one-request"))).ShouldRefuse(422, "idempotency-mismatch");
        (await _api.PatchAsync(await PutAsync(), """{"fee": 2}""", Key("one-request")))
            .ShouldRefuse(422, "idempotency-mismatch");
        (await _api.PostAsync("/orders", AnOrder.Least, Key("one-request")))
            .ShouldRefuse(422, "idempotency-mismatch");
        (await _api.PatchAsync(path, """{"fee": 3}""", Key("an-order"))).ShouldRefuse(422, "idempotency-mismatch");
        (await _api.GetAsync(path)).Raw("fee").ShouldBe("2");
    }

    [Fact]
    public async Task Of_many_patches_with_one_key_one_is_done()
    {
        var path = await PutAsync();
        var replies = await Task.WhenAll(Enumerable.Range(0, 30).Select(async _ =>
        {
            Reply reply;
            do
            {
                reply = await _api.PatchAsync(path, """{"description": "once"}""", Key("many"));
            }
            while (reply.Status == 409
                && reply.ShouldRefuse(409, "idempotency-in-flight").Header("Retry-After") == "1");
            return reply.ShouldBe(200);
        }));

        replies.Count(reply => reply.Header("Idempotent-Replayed") is null).ShouldBe(1);
        replies.Select(reply => reply.Text).Distinct(StringComparer.Ordinal).ShouldHaveSingleItem();
        (await _api.GetAsync(path)).Version.ShouldBe(2);
    }

    [Fact]
    public async Task A_key_that_cannot_be_read_is_refused_on_patch_and_counts_for_nothing_on_put()
    {
        var path = await PutAsync();

        (await _api.PatchAsync(path, """{"fee": 2}""", Key("with space")))
            .ShouldRefuse(400, "invalid-idempotency-key");
        (await _api.PutAsync(path, """{"name": "M"}""", Key("with space"))).ShouldBe(200);
        (await _api.PutAsync(path, """{"name": "N"}""", Key("put"))).ShouldBe(200);
        (await _api.PutAsync(path, """{"name": "M"}""", Key("put"))).ShouldBe(200).String("name").ShouldBe("M");
        (await _api.DeleteAsync(path, Key("put"))).ShouldBe(204);
    }

    [Fact]
    public async Task If_none_match_lets_a_put_only_create()
    {
        var path = NewPath();
        (await _api.PutAsync(path, """{"name": "N"}""", ("If-None-Match", "*"))).ShouldBe(201);

        var refused = (await _api.PutAsync(path, """{"name": "M"}""", ("If-None-Match", "*")))
            .ShouldRefuse(412, "stale-version");
        refused.At("version").GetInt32().ShouldBe(1);
        refused.Header("ETag").ShouldBe("\"v1\"");
        (await _api.PutAsync(path, """{"name": "M"}""", ("If-None-Match", "\"v1\"")))
            .ShouldRefuse(400, "invalid-precondition");
        (await _api.PatchAsync(path, """{"name": "M"}""", ("If-None-Match", "*"))).ShouldRefuse(412, "stale-version");
        (await _api.DeleteAsync(path, ("If-None-Match", "*"))).ShouldRefuse(412, "stale-version");
        (await _api.GetAsync(path)).String("name").ShouldBe("N");
    }

    [Fact]
    public async Task Of_many_who_create_one_record_one_does()
    {
        var path = NewPath();
        var replies = await Task.WhenAll(Enumerable.Range(0, 20).Select(i =>
            _api.PutAsync(path, $$"""{"name": "N{{i}}"}""", ("If-None-Match", "*"))));

        replies.Count(reply => reply.Status == 201).ShouldBe(1);
        replies.Count(reply => reply.Status == 412).ShouldBe(19);
        (await _api.GetAsync(path)).Version.ShouldBe(1);
    }

    private static (string, string) Key(string key) => ("Idempotency-Key", key);
}
