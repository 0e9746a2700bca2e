using Orderly.Tests.Harness;

namespace Orderly.Tests.Privacy;

/// <summary>What was erased can be read by nobody, in no version, and the rest is as it was.</summary>
public sealed class EraseOrderTests(PersonalServer server) : IClassFixture<PersonalServer>
{
    private const string Body = """{"reason": "asked for it"}""";
    private readonly Api _admin = server.Api;

    [Fact]
    public async Task Nothing_personal_is_left_in_any_version_and_all_else_stays()
    {
        (string, string)[] key = [("Idempotency-Key", "erase-all")];
        var json = AnOrder.With($"{PersonalServer.Personal}, \"totalfee\": 80.50, \"metadata\": {{\"k\": \"v\"}}");
        var placed = (await _admin.PostAsync("/orders", json, key)).ShouldBe(201);
        var path = "/orders/" + placed.Id;
        (await _admin.PatchAsync(path, """{"notes": "another door"}""")).ShouldBe(200);
        (await _admin.PatchAsync(path, """{"customer": null, "notes": null}""")).ShouldBe(200);
        (await _admin.PatchAsync(path, """{"customer": {"name": "Ada again"}}""")).ShouldBe(200);

        var erased = (await _admin.PostAsync(path + "/erase", Body)).ShouldBe(200);
        erased.Version.ShouldBe(5);
        Reply[] answers =
        [
            erased, await _admin.GetAsync(path), await _admin.GetAsync(path + "/revisions"),
            await _admin.GetAsync(path + "/revisions/1"), await _admin.GetAsync(path + "/revisions/4"),
            await _admin.GetAsync($"{path}?asOf={Uri.EscapeDataString(placed.String("createdAt")!)}"),
            await _admin.PostAsync("/orders", json, key), await _admin.GetAsync("/orders?metadata.k=v"),
            await _admin.GetAsync("/orders?metadata.k=v", ("Accept", "text/csv")),
            await _admin.PostAsync(path + "/revert?dryRun=true", """{"to": 1, "reason": "test"}"""),
        ];
        foreach (var answer in answers)
        {
            answer.Status.ShouldBeInRange(200, 201, answer.Text);
            PersonalServer.ShouldTellNothing(answer.Text);
            answer.Text.ShouldNotContain("another door");
            answer.Text.ShouldNotContain("Ada again");
        }

        answers[3].Raw("order/customer").ShouldBe("null");
        answers[3].Raw("order/notes").ShouldBe("null");
        answers[3].Raw("order/totalfee").ShouldBe("80.50");
        answers[6].Header("Idempotent-Replayed").ShouldBe("true");
        (await _admin.GetAsync("/orders?customer.email=ada.lovelace@example.com&metadata.k=v")).At("data")
            .GetArrayLength().ShouldBe(0);
        (await server.Database.SingleAsync<bool>(
            """
            select count(*) = 5 and bool_and(personal is null and personal_salt is null)
                and count(personal_commitment) = 3 and not exists (select from order_keys where order_id = $1)
            from revisions where order_id = $1
            """, Guid.Parse(placed.Id))).ShouldBeTrue();
        (await server.VerifyAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_erasure_is_a_version_an_event_and_an_entry_in_the_record()
    {
        var path = await server.PlacePersonalAsync();
        var id = path["/orders/".Length..];
        (await _admin.PostAsync(path + "/erase", Body)).ShouldBe(200);

        var revision = (await _admin.GetAsync(path + "/revisions/2")).ShouldBe(200);
        revision.String("type").ShouldBe("order.erased");
        revision.String("reason").ShouldBe("asked for it");
        var entry = (await _admin.GetAsync($"/audit?type=order.erased&subject={id}")).ShouldBe(200);
        entry.At("data").GetArrayLength().ShouldBe(1);
        entry.String("data/0/actor").ShouldBe("bootstrap");
        entry.String("data/0/detail/reason").ShouldBe("asked for it");
        entry.At("data/0/detail/version").GetInt32().ShouldBe(2);
        var (events, after) = ("", "");
        while (!events.Contains(id))
        {
            var page = (await _admin.GetAsync("/changes?limit=500&wait=1&type=order.erased" + after)).ShouldBe(200);
            events += page.Text;
            after = "&after=" + page.String("next");
        }
    }

    [Fact]
    public async Task A_second_erasure_changes_nothing_and_one_that_is_only_tried_neither()
    {
        var path = await server.PlacePersonalAsync();
        (await _admin.PostAsync(path + "/erase?dryRun=true", Body)).ShouldBe(200).Raw("customer").ShouldBe("null");
        (await _admin.GetAsync(path)).ShouldBe(200).String("notes").ShouldBe("Ring twice at the blue door");

        (await _admin.PostAsync(path + "/erase", Body)).ShouldBe(200).Version.ShouldBe(2);
        (await _admin.PostAsync(path + "/erase", Body)).ShouldBe(200).Version.ShouldBe(2);
        var plain = "/orders/" + await _admin.PlaceAsync();
        (await _admin.PostAsync(plain + "/erase", Body)).ShouldBe(200).Version.ShouldBe(1);
    }

    [Fact]
    public async Task What_was_cleared_before_is_erased_in_the_versions_that_have_it()
    {
        var path = await server.PlacePersonalAsync();
        (await _admin.PutAsync(path, AnOrder.Least)).ShouldBe(200).Raw("customer").ShouldBe("null");
        (await _admin.GetAsync(path + "/revisions/1")).String("order/customer/name").ShouldBe("Ada Lovelace");

        (await _admin.PostAsync(path + "/erase", Body)).ShouldBe(200).Version.ShouldBe(3);
        (await _admin.GetAsync(path + "/revisions/1")).ShouldBe(200).Raw("order/customer").ShouldBe("null");
    }

    [Fact]
    public async Task New_personal_data_can_follow_under_a_new_key()
    {
        var path = await server.PlacePersonalAsync();
        (await _admin.PostAsync(path + "/erase", Body)).ShouldBe(200);
        (await _admin.PatchAsync(path, """{"notes": "new"}""")).ShouldBe(200);
        (await _admin.PatchAsync(path, """{"notes": null}""")).ShouldBe(200);
        (await _admin.PatchAsync(path, """{"notes": "newer"}""")).ShouldBe(200).String("notes").ShouldBe("newer");

        (await _admin.GetAsync(path + "/revisions/1")).ShouldBe(200).Raw("order/notes").ShouldBe("null");
        (await _admin.GetAsync(path + "/revisions/3")).ShouldBe(200).String("order/notes").ShouldBe("new");
        (await server.VerifyAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_deleted_order_can_be_erased_and_stays_deleted()
    {
        var path = await server.PlacePersonalAsync();
        (await _admin.DeleteAsync(path)).ShouldBe(204);

        (await _admin.PostAsync(path + "/erase", Body)).ShouldBe(200);
        (await _admin.GetAsync(path)).ShouldRefuse(404, "order-not-found");
        (await _admin.GetAsync(path + "/revisions/1")).ShouldBe(200).Raw("order/customer").ShouldBe("null");
        (await _admin.PostAsync(path + "/restore", "{}")).ShouldBe(200).Raw("customer").ShouldBe("null");
    }

    [Fact]
    public async Task It_is_asked_for_as_other_writes_are()
    {
        var path = await server.PlacePersonalAsync();

        (await server.Editor.PostAsync(path + "/erase", Body)).ShouldRefuse(403, "missing-scope");
        (await _admin.PostAsync(path + "/erase", "{}")).ShouldRefuse(400, "missing-field", "#/reason");
        (await _admin.PostAsync(path + "/erase", Body, ("If-Match", "\"v7\""))).ShouldRefuse(412, "stale-version");
        (string, string)[] key = [("Idempotency-Key", "erase-once")];
        (await _admin.PostAsync(path + "/erase", Body, key)).ShouldBe(200).Header("Idempotent-Replayed").ShouldBeNull();
        (await _admin.PostAsync(path + "/erase", Body, key)).ShouldBe(200).Header("Idempotent-Replayed")
            .ShouldBe("true");
    }
}
