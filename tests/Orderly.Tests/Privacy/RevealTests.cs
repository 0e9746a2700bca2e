using System.Text.Json;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Privacy;

/// <summary>Who is shown personal data is recorded, before it is shown.</summary>
public sealed class RevealTests(PersonalServer server) : IClassFixture<PersonalServer>
{
    private readonly Api _admin = server.Api;

    [Fact]
    public async Task Each_way_to_see_one_order_is_recorded_with_who_when_and_where()
    {
        var path = await server.PlacePersonalAsync();
        var id = path["/orders/".Length..];
        (await RevealsAsync(id)).ShouldBeEmpty("who places an order is shown what it sent");
        (await server.Editor.GetAsync(path)).ShouldBe(200);
        (await _admin.HeadAsync(path)).ShouldBe(200);
        (await _admin.GetAsync(path + "?fields=id,totalfee")).ShouldBe(200);
        (await RevealsAsync(id)).ShouldBeEmpty("nobody was shown anything");

        for (var i = 0; i < 20; i++)
        {
            (await _admin.GetAsync(path)).ShouldBe(200);
        }

        var entries = await RevealsAsync(id);
        entries.Count.ShouldBeInRange(1, 2, "once a minute, which may begin in between");
        entries[0].GetProperty("actor").GetString().ShouldBe("bootstrap");
        entries[0].GetProperty("team").GetString().ShouldBe("internal");
        entries[0].GetProperty("detail").GetProperty("route").GetString().ShouldBe("GET /orders/{id}");
    }

    [Theory]
    [InlineData("GET", "/revisions")]
    [InlineData("GET", "/revisions/1")]
    [InlineData("POST", "/status")]
    public async Task Other_addresses_that_show_it_are_recorded_too(string method, string address)
    {
        var path = await server.PlacePersonalAsync();
        (await _admin.PatchAsync(path + "?dryRun=true", "{}")).ShouldBe(200);
        (await RevealsAsync(path["/orders/".Length..])).ShouldHaveSingleItem();
        var other = await server.PlacePersonalAsync();
        if (address == "/revisions")
        {
            (await server.Editor.PatchAsync(other, """{"notes": "changed"}""")).ShouldBe(200);
        }

        (await _admin.SendAsync(
            new HttpMethod(method), other + address, method == "GET" ? null : """{"status": "confirmed"}"""))
            .ShouldBe(200);
        (await RevealsAsync(other["/orders/".Length..])).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_page_is_one_entry_with_every_order_on_it_that_was_not_told_just_now()
    {
        var watcher = (await server.MakeKeyAsync(
            """{"name": "w", "scopes": ["orders:read", "orders:reveal", "changes:read"], "reach": "all"}""")).Caller;
        string[] ids = [await PlaceIdAsync("PO-a"), await PlaceIdAsync("PO-b"), await server.Api.PlaceAsync()];
        (await watcher.GetAsync("/orders?q=paged")).ShouldBe(200).At("data").GetArrayLength().ShouldBe(2);

        var entry = (await RevealsAsync("orders")).Where(entry => Listed(entry).Contains(ids[0]))
            .ShouldHaveSingleItem();
        Listed(entry).ShouldBe(ids[..2], ignoreOrder: true);
        entry.GetProperty("detail").GetProperty("count").GetInt32().ShouldBe(2);
        entry.GetProperty("detail").GetProperty("route").GetString().ShouldBe("GET /orders");
        (await RevealsAsync(ids[1])).ShouldHaveSingleItem().GetProperty("id").GetGuid()
            .ShouldBe(entry.GetProperty("id").GetGuid());
        (await RevealsAsync(ids[2])).ShouldBeEmpty();

        async Task<string> PlaceIdAsync(string reference) =>
            (await server.PlacePersonalAsync($$"""
                {{PersonalServer.Personal}}, "reference": "{{reference}}", "metadata": {"x": "paged"}
                """))["/orders/".Length..];
    }

    [Fact]
    public async Task A_stream_is_recorded_when_it_begins_and_how_much_it_showed_when_it_ends()
    {
        await server.PlacePersonalAsync($$"""{{PersonalServer.Personal}}, "metadata": {"x": "streamed"}""");
        var watcher = await server.MakeKeyAsync(
            """{"name": "s", "scopes": ["orders:read", "orders:reveal"], "reach": "all"}""");
        (await watcher.Caller.GetAsync("/orders?q=streamed", ("Accept", "text/csv"))).ShouldBe(200).Text
            .ShouldContain("Ada Lovelace");

        var entries = (await _admin.GetAsync("/audit?type=order.revealed&actor=" + watcher.Id)).ShouldBe(200)
            .At("data").EnumerateArray().Select(entry => entry.GetProperty("detail")).ToList();
        entries.Select(detail => detail.GetProperty("stream").GetString()).ShouldBe(["ends", "begins"]);
        entries[0].GetProperty("count").GetInt32().ShouldBe(1);
    }

    [Fact]
    public async Task Events_are_recorded_as_lists_are()
    {
        var path = await server.PlacePersonalAsync();
        var watcher = await server.MakeKeyAsync(
            """{"name": "e", "scopes": ["changes:read", "orders:reveal"], "reach": "all"}""");
        var (all, after) = ("", "");
        while (!all.Contains(path["/orders/".Length..]))
        {
            var page = (await watcher.Caller.GetAsync("/changes?limit=500&wait=1" + after)).ShouldBe(200);
            all += page.Text;
            after = "&after=" + page.String("next");
        }

        (await _admin.GetAsync("/audit?type=order.revealed&actor=" + watcher.Id)).ShouldBe(200).Text
            .ShouldContain(path["/orders/".Length..]);
    }

    [Fact]
    public async Task What_can_not_be_recorded_is_not_shown()
    {
        var path = await server.PlacePersonalAsync();
        await server.Database.ExecuteAsync("alter table audit rename to audit_elsewhere");
        try
        {
            var refused = await _admin.GetAsync(path);
            refused.ShouldRefuse(500, "internal-error");
            PersonalServer.ShouldTellNothing(refused.Text);
            (await server.Editor.GetAsync(path)).ShouldBe(200);
        }
        finally
        {
            await server.Database.ExecuteAsync("alter table audit_elsewhere rename to audit");
        }

        server.Log.TakeErrors().ShouldHaveSingleItem().Event.Id.ShouldBe(3000);
        (await _admin.GetAsync(path)).ShouldBe(200);
    }

    private static List<string> Listed(JsonElement entry) =>
        entry.GetProperty("detail").TryGetProperty("orders", out var orders)
            ? [.. orders.EnumerateArray().Select(id => id.GetString()!)]
            : [];

    private async Task<List<JsonElement>> RevealsAsync(string subject) =>
        [.. (await _admin.GetAsync("/audit?type=order.revealed&subject=" + subject)).ShouldBe(200).At("data")
            .EnumerateArray()];
}
