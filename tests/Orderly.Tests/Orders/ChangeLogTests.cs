using Orderly.Tests.Harness;

namespace Orderly.Tests.Orders;

/// <summary>Every write leaves a row in the log that holds the order as it then stood.</summary>
public sealed class ChangeLogTests(RunningServer server) : IClassFixture<RunningServer>
{
    private async Task ShouldLogAsync(string id, int version, string kind, string actor, bool deleted = false)
    {
        (await server.Database.SingleAsync<bool>(
            """
            select r.kind = $3 and r.actor = $4 and r.deleted = $5 and r.status = o.status and r.reason is null
                and o.version = r.version and r.write_id = o.write_id and r.recorded_at = o.updated_at
                and o.updated_by = $4 and (o.deleted_at is not null) = $5
                and r.content = o.content and r.personal is not distinct from o.personal
            from revisions r join orders o on o.order_id = r.order_id
            where r.order_id = $1 and r.version = $2
            """, Guid.Parse(id), version, kind, actor, deleted)).ShouldBeTrue($"version {version}");
        (await server.Database.ListAsync<int>(
            $"select version from {TestDatabase.Logged} where order_id = $1 order by version", Guid.Parse(id)))
            .ShouldBe(Enumerable.Range(1, version));
    }

    [Fact]
    public async Task Each_write_is_logged_as_what_it_was_and_by_whom()
    {
        var editor = await server.CallerAsync("billing", "orders:write", "orders:delete");
        var path = await server.PlaceOldAsync(AnOrder.With("\"reference\": \"logged\""));
        var id = path["/orders/".Length..];
        await server.Database.ExecuteAsync(
            "update revisions set recorded_at = o.updated_at from orders o "
            + "where o.order_id = revisions.order_id and o.order_id = $1", Guid.Parse(id));

        await ShouldLogAsync(id, 1, "placed", "bootstrap");
        (await editor.PutAsync(path, AnOrder.With("\"customer\": {\"name\": \"Ada\"}"))).ShouldBe(200)
            .String("updatedBy").ShouldBe("billing-orders:write-orders:delete");
        await ShouldLogAsync(id, 2, "updated", "billing-orders:write-orders:delete");
        (await server.Api.PatchAsync(path, """{"services": ["window"], "notes": "x"}""")).ShouldBe(200);
        await ShouldLogAsync(id, 3, "updated", "bootstrap");
        (await editor.DeleteAsync(path)).ShouldBe(204);
        await ShouldLogAsync(id, 4, "deleted", "billing-orders:write-orders:delete", deleted: true);
    }

    [Fact]
    public async Task Earlier_versions_stay_as_they_were()
    {
        var path = await server.PlaceOldAsync(AnOrder.With("\"notes\": \"first\", \"metadata\": {\"a\": \"1\"}"));
        var first = await server.Api.GetAsync(path);
        (await server.Api.PutAsync(path, AnOrder.Of("""["window"]"""))).ShouldBe(200);

        var content = await server.Database.SingleAsync<string>(
            "select content from revisions where order_id = $1 and version = 1", Guid.Parse(first.Id));
        content.ShouldContain($"\"services\":{first.Raw("services")}");
        content.ShouldContain("\"metadata\":{\"a\":\"1\"}");
        (await server.Api.GetAsync(path + "/revisions/1")).ShouldBe(200).String("order/notes").ShouldBe("first");
    }

    [Fact]
    public async Task Personal_data_stands_in_its_own_column_alone()
    {
        var id = await server.Api.PlaceAsync(AnOrder.With(
            """ "notes": "secret-note", "customer": {"name": "Ada Secret", "email": "secret@example.com"} """));

        (await server.Database.SingleAsync<string>(
            "select row_to_json(o)::text from (select *, null as personal_data from orders) o where o.order_id = $1",
            Guid.Parse(id))).ShouldNotContain("secret");
    }
}
