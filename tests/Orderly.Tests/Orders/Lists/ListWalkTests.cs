using Orderly.Tests.Harness;

namespace Orderly.Tests.Orders.Lists;

/// <summary>Walks through filtered lists while orders are placed, changed and deleted.</summary>
public sealed class ListWalkTests(RunningServer server) : IClassFixture<RunningServer>
{
    private const int Lasting = 40;

    [Theory]
    [InlineData("sort=createdAt")]
    [InlineData("sort=-number")]
    [InlineData("sort=totalfee")]
    [InlineData("sort=-datetime")]
    [InlineData("sort=updatedAt")]
    [InlineData("q=lasting&sort=-totalfee")]
    [InlineData("status=placed&service=window")]
    public async Task Every_order_that_nobody_writes_comes_exactly_once(string query)
    {
        var lasting = new List<string>();
        for (var i = 0; i < Lasting; i++)
        {
            lasting.Add(await PlaceAsync(i % 7, "lasting"));
        }

        using var walked = new CancellationTokenSource();
        var writing = Task.Run(() => WriteAsync(walked.Token), TestContext.Current.CancellationToken);
        for (var walk = 0; walk < 3; walk++)
        {
            var ids = await ListFilterTests.WalkAsync(server.Api, query, 3);
            ids.Where(lasting.Contains).ShouldBe(lasting, ignoreOrder: true);
        }

        await walked.CancelAsync();
        await writing;
        foreach (var id in lasting)
        {
            (await server.Api.DeleteAsync("/orders/" + id)).ShouldBe(204);
        }
    }

    [Fact]
    public async Task A_page_of_very_large_orders_ends_early_and_the_walk_has_them_all()
    {
        var ids = new List<string>();
        for (var i = 0; i < 16; i++)
        {
            ids.Add(await server.Api.PlaceAsync(AnOrder.Large()));
        }

        foreach (var query in (string[])["metadata.size=large", "sort=totalfee", "sort=-number&number[gte]=1"])
        {
            var page = (await server.Api.GetAsync($"/orders?{query}&limit=500&fields=id")).ShouldBe(200);
            page.At("data").GetArrayLength().ShouldBeInRange(2, 15);
            page.String("next").ShouldNotBeNull();
            var walked = await ListFilterTests.WalkAsync(server.Api, query, 500);
            walked.Where(ids.Contains).ShouldBe(ids, ignoreOrder: true);
        }

        foreach (var id in ids)
        {
            (await server.Api.DeleteAsync("/orders/" + id)).ShouldBe(204);
        }
    }

    private async Task WriteAsync(CancellationToken stop)
    {
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            var id = await PlaceAsync(i % 7, "passing");
            (await server.Api.PostAsync($"/orders/{id}/status", """{"status": "confirmed"}""")).ShouldBe(200);
            (await server.Api.DeleteAsync("/orders/" + id)).ShouldBe(204);
        }
    }

    private Task<string> PlaceAsync(int fee, string word) => server.Api.PlaceAsync(
        AnOrder.Of("[\"window\"]", $"\"totalfee\": {fee}, \"metadata\": {{\"kind\": \"{word}\"}}"));
}
