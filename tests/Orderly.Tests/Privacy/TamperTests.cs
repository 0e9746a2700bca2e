using Orderly.Tests.Harness;

namespace Orderly.Tests.Privacy;

/// <summary>An order whose personal data was tampered with is out of use by itself; all others are not.</summary>
public sealed class TamperTests(PersonalServer server) : IClassFixture<PersonalServer>
{
    private const int Alert = 2200;
    private readonly Api _admin = server.Api;

    public static TheoryData<string> Changes { get; } =
    [
        "update orders set personal = set_byte(personal, 40, get_byte(personal, 40) # 1) where order_id = $1",
        "update orders set personal = set_byte(personal, 5, get_byte(personal, 5) # 128) where order_id = $1",
        "update orders set personal = set_byte(personal, 0, 2) where order_id = $1",
        "update orders set personal = substring(personal from 1 for 10) where order_id = $1",
        "update orders o set personal = (select personal from orders p where p.order_id <> $1 and personal is not null "
            + "limit 1) where o.order_id = $1",
        "update order_keys set wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1) where order_id = $1",
        "update order_keys k set wrapped = (select wrapped from order_keys o where o.order_id <> $1 limit 1) "
            + "where k.order_id = $1",
        "update order_keys set kek_version = 9 where order_id = $1",
        "delete from order_keys where order_id = $1",
    ];

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task A_changed_byte_closes_that_order_alone(string change)
    {
        var mark = $"tampered{Changes.Count}x{Math.Abs(change.GetHashCode(StringComparison.Ordinal))}";
        var other = await PlaceAsync(mark);
        var path = await PlaceAsync(mark);
        var id = path["/orders/".Length..];
        (await server.Database.ExecuteAsync(change, Guid.Parse(id))).ShouldBe(1);

        (await _admin.GetAsync(path)).ShouldRefuse(500, "personal-data-unreadable");
        (await server.Editor.GetAsync(path)).ShouldRefuse(500, "personal-data-unreadable");
        (await _admin.PatchAsync(path, """{"metadata": {}}""")).ShouldRefuse(500, "personal-data-unreadable");
        (await _admin.PutAsync(path, AnOrder.Least)).ShouldRefuse(500, "personal-data-unreadable");
        (await _admin.GetAsync(other)).ShouldBe(200).String("notes").ShouldBe("Ring twice at the blue door");
        foreach (var accept in (string[])["application/json", "application/x-ndjson"])
        {
            var list = (await _admin.GetAsync($"/orders?q={mark}&sort=createdAt", ("Accept", accept))).ShouldBe(200);
            list.Text.ShouldContain(id);
            list.Text.ShouldContain("\"customer\":null,\"notes\":null");
            list.Text.ShouldContain("Ring twice at the blue door");
        }

        server.Log.TakeErrors().ShouldAllBe(entry => entry.Event.Id == Alert
            && entry.Message.Contains(id) && entry.Message.StartsWith("ALERT"));

        (await _admin.PostAsync(path + "/erase", """{"reason": "beyond repair"}""")).ShouldBe(200);
        (await _admin.GetAsync(path)).ShouldBe(200).Raw("notes").ShouldBe("null");
        server.Log.TakeErrors().ShouldAllBe(entry => entry.Event.Id == Alert);
    }

    [Fact]
    public async Task A_version_that_was_tampered_with_is_refused_and_listed_without_it()
    {
        var path = await PlaceAsync("versions");
        (await _admin.PatchAsync(path, """{"notes": "second"}""")).ShouldBe(200);
        await server.Database.ExecuteAsync(
            "update revisions set personal = set_byte(personal, 40, get_byte(personal, 40) # 1) "
            + "where order_id = $1 and version = 1", Guid.Parse(path["/orders/".Length..]));

        (await _admin.GetAsync(path + "/revisions/1")).ShouldRefuse(500, "personal-data-unreadable");
        (await _admin.PostAsync(path + "/revert", """{"to": 1, "reason": "test"}"""))
            .ShouldRefuse(500, "personal-data-unreadable");
        (await _admin.GetAsync(path + "/revisions")).ShouldBe(200).At("data").GetArrayLength().ShouldBe(2);
        (await _admin.GetAsync(path)).ShouldBe(200).String("notes").ShouldBe("second");
        server.Log.TakeErrors().ShouldAllBe(entry => entry.Event.Id == Alert);
        (await server.VerifyAsync()).ShouldContain(finding => finding.Contains("not what the version was committed"));
        (await _admin.PostAsync(path + "/erase", """{"reason": "beyond repair"}""")).ShouldBe(200);
    }

    private Task<string> PlaceAsync(string mark) =>
        server.PlacePersonalAsync($$"""{{PersonalServer.Personal}}, "metadata": {"mark": "{{mark}}"}""");
}
