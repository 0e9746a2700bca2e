using Orderly.Tests.Harness;

namespace Orderly.Tests.Orders;

/// <summary>A reference is unique among the live orders of a team.</summary>
public sealed class ReferenceTests(RunningServer server) : IClassFixture<RunningServer>
{
    private readonly Api _api = server.Api;

    private static string With(string reference) => AnOrder.With($"\"reference\": \"{reference}\"");

    [Fact]
    public async Task A_second_order_with_the_same_reference_is_refused_with_the_id_of_the_first()
    {
        var first = await _api.PlaceAsync(With("twice"));

        (await _api.PostAsync("/orders", With("twice"))).ShouldRefuse(409, "reference-taken")
            .String("orderId").ShouldBe(first);
    }

    [Fact]
    public async Task References_are_told_apart_by_case_and_spaces()
    {
        await _api.PlaceAsync(With("Case"));
        await _api.PlaceAsync(With("case"));
        await _api.PlaceAsync(With("case "));
    }

    [Fact]
    public async Task Another_team_may_have_the_same_reference()
    {
        await _api.PlaceAsync(With("shared"));
        var billing = await server.CallerAsync("billing", "orders:write");

        (await billing.PostAsync("/orders", With("shared"))).ShouldBe(201).String("team").ShouldBe("billing");
        (await billing.PostAsync("/orders", With("shared"))).ShouldRefuse(409, "reference-taken");
    }

    [Fact]
    public async Task A_deleted_order_frees_its_reference()
    {
        (await _api.DeleteAsync("/orders/" + await _api.PlaceAsync(With("freed-by-delete")))).ShouldBe(204);

        await _api.PlaceAsync(With("freed-by-delete"));
    }

    [Theory]
    [InlineData("\"changed-to\"")]
    [InlineData("null")]
    public async Task A_changed_or_cleared_reference_is_free(string to)
    {
        var path = await server.PlaceOldAsync(With("freed" + to.Trim('"')));
        (await _api.PatchAsync(path, $$"""{"reference": {{to}}}""")).ShouldBe(200);

        await _api.PlaceAsync(With("freed" + to.Trim('"')));
    }

    [Fact]
    public async Task An_update_may_not_take_a_reference_that_another_order_has()
    {
        var holder = await _api.PlaceAsync(With("held"));
        var path = await server.PlaceOldAsync(With("own"));

        (await _api.PatchAsync(path, """{"reference": "held"}""")).ShouldRefuse(409, "reference-taken")
            .String("orderId").ShouldBe(holder);
        (await _api.PutAsync(path, With("held"))).ShouldRefuse(409, "reference-taken");
        var order = await _api.GetAsync(path);
        order.Version.ShouldBe(1);
        order.String("reference").ShouldBe("own");
        (await _api.PostAsync("/orders", With("own"))).ShouldRefuse(409, "reference-taken");
    }

    [Fact]
    public async Task An_order_keeps_its_own_reference_through_updates()
    {
        var path = await server.PlaceOldAsync(With("kept"));

        (await _api.PutAsync(path, AnOrder.With("\"reference\": \"kept\", \"notes\": \"x\""))).ShouldBe(200);
        (await _api.PatchAsync(path, """{"notes": "y"}""")).ShouldBe(200);
        (await _api.PostAsync("/orders", With("kept"))).ShouldRefuse(409, "reference-taken");
    }

    [Fact]
    public async Task Each_live_order_with_a_reference_has_one_row_and_no_other_order_has()
    {
        var first = await server.PlaceOldAsync(With("row-a"));
        (await _api.PatchAsync(first, """{"reference": "row-b"}""")).ShouldBe(200);
        (await _api.DeleteAsync("/orders/" + await _api.PlaceAsync(With("row-c")))).ShouldBe(204);
        await _api.PostAsync("/orders", With("row-b"));
        await _api.PostAsync("/orders", AnOrder.Of("""["nope"]""", "\"reference\": \"row-d\""));

        (await server.Database.ListAsync<string>(
            "select reference from order_references where reference like 'row-%'")).ShouldBe(["row-b"]);
    }
}
