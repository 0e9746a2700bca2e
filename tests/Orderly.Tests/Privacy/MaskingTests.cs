using Orderly.Server.Privacy;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Privacy;

/// <summary>Who has no right to see personal data sees it masked, and can write orders without losing it.</summary>
public sealed class MaskingTests(PersonalServer server) : IClassFixture<PersonalServer>
{
    private readonly Api _admin = server.Api;
    private readonly Api _editor = server.Editor;

    [Theory]
    [InlineData("email", "ada@example.com", "a•••@example.com")]
    [InlineData("email", "é@x", "é•••@x")]
    [InlineData("name", "Ada Lovelace", "A•••")]
    [InlineData("name", "👩‍🚀 Sally", "👩‍🚀•••")]
    [InlineData("phone", "+44 20 7946 0958", "•••58")]
    [InlineData("phone", "12 34 5", "•••")]
    [InlineData("phone", "no digits at all", "•••")]
    [InlineData("notes", "Ring", "•••")]
    [InlineData("notes", "", "")]
    public void A_mask_shows_little(string member, string value, string mask) =>
        PersonalMask.Of(member, value).ShouldBe(mask);

    [Fact]
    public async Task One_order_is_masked_in_every_answer_that_shows_it()
    {
        var path = await server.PlacePersonalAsync();
        (await _admin.GetAsync(path)).ShouldBe(200).String("customer/name").ShouldBe("Ada Lovelace");
        var first = (await _editor.GetAsync(path)).ShouldBe(200);
        first.Raw("customer").ShouldBe(
            """{"name":"A•••","email":"a•••@example.com","phone":"•••58"}""");
        first.String("notes").ShouldBe("•••");

        Reply[] answers =
        [
            first,
            await _editor.GetAsync($"{path}?asOf={Uri.EscapeDataString(first.String("updatedAt")!)}"),
            await _editor.GetAsync($"{path}?fields=customer,notes"),
            await _editor.PatchAsync(path, """{"metadata": {"a": "b"}}"""),
            await _editor.PatchAsync($"{path}?dryRun=true", """{"metadata": {"a": "c"}}"""),
            await _editor.PatchAsync(path, """{"customer": {"name": "Grace Hopper"}}"""),
            await _editor.PostAsync(path + "/status", """{"status": "confirmed"}"""),
            await _editor.PostAsync(path + "/revert", """{"to": 1, "reason": "test"}"""),
            await _editor.GetAsync(path + "/revisions"),
            await _editor.GetAsync(path + "/revisions/1"),
            await _editor.GetAsync(path + "/revisions/4"),
        ];

        foreach (var answer in answers)
        {
            PersonalServer.ShouldTellNothing(answer.ShouldBe(200).Text);
            answer.Text.ShouldNotContain("Grace");
            answer.Text.ShouldNotContain("Hopper");
        }
    }

    [Fact]
    public async Task Lists_streams_and_events_are_masked_alike()
    {
        var path = await server.PlacePersonalAsync();
        (await _editor.PatchAsync(path, """{"notes": "Ring twice at the blue door!"}""")).ShouldBe(200);
        foreach (var accept in (string[])["application/json", "application/x-ndjson", "text/csv"])
        {
            var list = (await _editor.GetAsync("/orders", ("Accept", accept))).ShouldBe(200);
            list.Text.ShouldContain("a•••@example.com", customMessage: accept);
            PersonalServer.ShouldTellNothing(list.Text);
            (await _admin.GetAsync("/orders", ("Accept", accept))).ShouldBe(200).Text
                .ShouldContain("Ring twice at the blue door!");
        }

        var events = await EventsAsync(_editor);
        events.ShouldContain("a•••@example.com");
        PersonalServer.ShouldTellNothing(events);
        (await EventsAsync(_admin)).ShouldContain("Ring twice at the blue door!");
    }

    [Fact]
    public async Task The_first_answer_again_is_masked_for_who_placed_the_order()
    {
        (string, string)[] key = [("Idempotency-Key", "masked-replay")];
        var placed = (await _editor.PostAsync("/orders", AnOrder.With(PersonalServer.Personal), key)).ShouldBe(201);
        var again = (await _editor.PostAsync("/orders", AnOrder.With(PersonalServer.Personal), key)).ShouldBe(201);

        again.Header("Idempotent-Replayed").ShouldBe("true");
        again.Text.ShouldBe(placed.Text);
        PersonalServer.ShouldTellNothing(placed.Text);
        (await _admin.GetAsync("/orders/" + placed.Id)).String("notes").ShouldBe("Ring twice at the blue door");
    }

    [Fact]
    public async Task A_change_is_told_also_where_it_looks_alike()
    {
        var path = await server.PlacePersonalAsync();
        (await _editor.PatchAsync(path, """{"customer": {"email": "another@example.com"}}""")).ShouldBe(200);

        (await _editor.GetAsync(path + "/revisions/2")).ShouldBe(200).Raw("changes").ShouldBe(
            """[{"path":"/customer/email","from":"a•••@example.com","to":"a•••@example.com"}]""");
        (await _admin.GetAsync(path + "/revisions/2")).ShouldBe(200).Raw("changes").ShouldBe(
            """[{"path":"/customer/email","from":"ada.lovelace@example.com","to":"another@example.com"}]""");
    }

    [Fact]
    public async Task What_was_read_masked_can_be_written_back_and_nothing_is_lost()
    {
        var path = await server.PlacePersonalAsync();
        var read = (await _editor.GetAsync(path)).ShouldBe(200);

        (await _editor.PutAsync(path, read.Text)).ShouldBe(200).Version.ShouldBe(1, "nothing was changed");
        var edited = read.Text.Replace("\"metadata\":{}", "\"metadata\":{\"k\":\"v\"}", StringComparison.Ordinal);
        (await _editor.PutAsync(path, edited)).ShouldBe(200).Version.ShouldBe(2);
        (await _editor.PatchAsync(path, """{"notes": "•••", "customer": {"phone": "•••58", "name": "Grace"}}"""))
            .ShouldBe(200).String("customer/name").ShouldBe("G•••");

        var now = (await _admin.GetAsync(path)).ShouldBe(200);
        now.Raw("customer").ShouldBe(
            """{"name":"Grace","email":"ada.lovelace@example.com","phone":"+44 20 7946 0958"}""");
        now.String("notes").ShouldBe("Ring twice at the blue door");
    }

    [Theory]
    [InlineData("""{"customer": {"email": "b•••@example.com"}}""", "#/customer/email")]
    [InlineData("""{"customer": {"name": "A••• Smith"}}""", "#/customer/name")]
    [InlineData("""{"customer": {"phone": "•••59"}}""", "#/customer/phone")]
    [InlineData("""{"notes": "••• and more"}""", "#/notes")]
    public async Task A_mask_that_was_changed_is_refused_for_everybody(string patch, string pointer)
    {
        var path = await server.PlacePersonalAsync();

        (await _editor.PatchAsync(path, patch)).ShouldRefuse(422, "masked-value", pointer);
        (await _admin.PatchAsync(path, patch)).ShouldRefuse(422, "masked-value", pointer);
        (await _editor.PostAsync("/orders", AnOrder.With(patch[1..^1]))).ShouldRefuse(422, "masked-value", pointer);
        var import = await _editor.PostAsync("/orders/import?mode=each", AnOrder.With(patch[1..^1]),
            ("Content-Type", "application/x-ndjson"));
        import.ShouldBe(200).String("errors/0/code").ShouldBe("masked-value");
        (await _admin.GetAsync(path)).Version.ShouldBe(1);
    }

    /// <summary>All of the feed, page by page.</summary>
    private static async Task<string> EventsAsync(Api caller)
    {
        var (all, after) = ("", "");
        while (!all.Contains("door!") && !all.Contains("order.updated"))
        {
            var page = (await caller.GetAsync($"/changes?limit=500&wait=1{after}")).ShouldBe(200);
            all += page.Text;
            after = "&after=" + page.String("next");
        }

        return all;
    }
}
