using Microsoft.Extensions.DependencyInjection;
using Orderly.Server.Access;
using Orderly.Server.Database;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Access;

/// <summary>What is done with powers that need watching is recorded.</summary>
public sealed class AuditTests(RunningServer server) : IClassFixture<RunningServer>
{
    private readonly Api _api = server.Api;

    [Fact]
    public async Task Every_change_of_a_key_is_recorded_with_who_did_it()
    {
        var (manager, caller) = await server.MakeKeyAsync(
            """{"name": "m", "scopes": ["keys:manage", "orders:read"], "reach": "all"}""");
        var made = (await caller.PostAsync("/keys", """{"name": "k", "team": "audited", "scopes": ["orders:read"]}"""))
            .ShouldBe(201);
        (await caller.PatchAsync("/keys/" + made.Id, """{"name": "k2"}""")).ShouldBe(200);
        (await caller.PatchAsync("/keys/" + made.Id, """{"name": "k2"}""")).ShouldBe(200); // changes nothing
        (await caller.PostAsync($"/keys/{made.Id}/rotate", """{"overlapSeconds": 60}""")).ShouldBe(200);
        (await caller.PatchAsync($"/keys/{made.Id}?dryRun=true", """{"name": "k3"}""")).ShouldBe(200);
        (await caller.PatchAsync("/keys/" + made.Id, """{"role": "admin"}""")).ShouldBe(403);
        (await caller.DeleteAsync("/keys/" + made.Id)).ShouldBe(204);

        var entries = (await _api.GetAsync("/audit?subject=" + made.Id)).ShouldBe(200).At("data").EnumerateArray()
            .ToList();

        entries.Select(entry => entry.GetProperty("type").GetString()).ShouldBe(
            ["key.revoked", "key.rotated", "key.changed", "key.created"]);
        entries.ShouldAllBe(entry => entry.GetProperty("actor").GetString() == manager);
        entries.ShouldAllBe(entry => entry.GetProperty("team").GetString() == "audited");
        entries[1].GetProperty("detail").GetProperty("overlapSeconds").GetInt32().ShouldBe(60);
        entries[2].GetProperty("detail").GetProperty("changedFields").GetRawText().ShouldBe("[\"name\"]");
        entries[3].GetProperty("detail").GetProperty("scopes").GetRawText().ShouldBe("[\"orders:read\"]");
    }

    [Fact]
    public async Task An_override_of_the_update_window_is_recorded_where_it_was_one()
    {
        var young = await _api.PlaceAsync();
        var old = await server.PlaceOldAsync();
        (await _api.PatchAsync($"/orders/{young}?force=true&reason=call", """{"notes": "n"}""")).ShouldBe(200);
        (await _api.PatchAsync($"/orders/{young}?force=true&reason=call", """{"notes": "n"}""")).ShouldBe(200);
        (await _api.PatchAsync($"/orders/{young}?force=true&reason=x&dryRun=true", """{"notes": "m"}""")).ShouldBe(200);
        (await _api.PatchAsync($"{old}?force=true&reason=call", """{"notes": "n"}""")).ShouldBe(200);

        var entry = (await _api.GetAsync("/audit?type=order.forced")).ShouldBe(200).At("data").EnumerateArray()
            .Where(row => row.GetProperty("subject").GetString() is { } subject
                && (subject == young || old.EndsWith(subject, StringComparison.Ordinal)))
            .ShouldHaveSingleItem();

        entry.GetProperty("subject").GetString().ShouldBe(young);
        entry.GetProperty("actor").GetString().ShouldBe("bootstrap");
        entry.GetProperty("team").GetString().ShouldBe("internal");
        entry.GetProperty("detail").GetProperty("reason").GetString().ShouldBe("call");
        entry.GetProperty("detail").GetProperty("version").GetInt32().ShouldBe(2);
    }

    [Fact]
    public async Task Entries_are_walked_page_by_page_and_filtered()
    {
        var audit = server.Services.GetRequiredService<AuditStore>();
        var make = server.Services.GetRequiredService<Ids>();
        var ids = Enumerable.Range(0, 5).Select(_ => make.Next()).ToArray();
        foreach (var id in ids)
        {
            await audit.RecordAsync(new AuditNote(id, AuditTypes.OrderRevealed, "walker", "walked", "s", "{}"));
        }

        var seen = new List<string>();
        for (var cursor = ""; cursor is not null;)
        {
            var page = (await _api.GetAsync("/audit?actor=walker&limit=2" + cursor)).ShouldBe(200);
            seen.AddRange(page.At("data").EnumerateArray().Select(row => row.GetProperty("id").GetString()!));
            cursor = page.String("next") is { } next ? "&cursor=" + next : null;
        }

        seen.ShouldBe(ids.Reverse().Select(id => id.ToString()));
        var newest = (await _api.GetAsync("/audit?actor=walker&limit=1")).String("data/0/at")!;
        (await _api.GetAsync($"/audit?actor=walker&from={newest}")).At("data").GetArrayLength().ShouldBe(1);
        (await _api.GetAsync($"/audit?actor=walker&to={newest}")).At("data").GetArrayLength().ShouldBe(4);
        (await _api.GetAsync("/audit?actor=walker&type=order.erased")).At("data").GetArrayLength().ShouldBe(0);
    }

    [Theory]
    [InlineData("type=key.create", "type invalid-parameter")]
    [InlineData("from=yesterday", "from invalid-parameter")]
    [InlineData("cursor=nope", "cursor invalid-cursor")]
    [InlineData("actor=", "actor invalid-parameter")]
    [InlineData("actr=x", "actr unknown-parameter")]
    public async Task A_wrong_filter_is_refused(string query, string fault) =>
        (await _api.GetAsync("/audit?" + query)).ShouldBe(400).Faults.ShouldBe([fault]);

    [Fact]
    public async Task Who_reaches_one_team_sees_the_entries_of_that_team()
    {
        var (_, watcher) = await server.MakeKeyAsync(
            """{"name": "w", "team": "watched", "scopes": ["audit:read"]}""");
        var (id, _) = await server.MakeKeyAsync("""{"name": "k", "team": "watched", "role": "viewer"}""");
        await server.MakeKeyAsync("""{"name": "k", "team": "elsewhere", "role": "viewer"}""");

        var rows = (await watcher.GetAsync("/audit")).ShouldBe(200).At("data").EnumerateArray().ToList();

        rows.ShouldAllBe(row => row.GetProperty("team").GetString() == "watched");
        rows.ShouldContain(row => row.GetProperty("subject").GetString() == id);
    }
}
