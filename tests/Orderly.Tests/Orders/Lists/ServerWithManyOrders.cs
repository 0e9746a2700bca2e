using System.Globalization;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Orders.Lists;

/// <summary>A server with orders of every kind, made by a fixed seed, and what it shows of each.</summary>
public sealed class ServerWithManyOrders(TestCluster cluster) : RunningServer(cluster), IAsyncLifetime
{
    private const int OrdersCount = 160;
    private static readonly string[] Records = ["deep-clean", "window", "unpriced"];
    private readonly List<ListedOrder> _orders = [];

    internal IReadOnlyList<ListedOrder> Orders => _orders;

    internal ListOracle Oracle => new(_orders);

    public static readonly string[] Regions = ["eu", "us", "EU", "", "North East", "eu=west"];
    public static readonly string[] Emails = ["ada@example.com", "Bob@Example.com", "über@example.com"];
    public static readonly string[] Names = ["Deep Window", "window", "Größe XL", "rush"];

    async ValueTask IAsyncLifetime.InitializeAsync()
    {
        await InitializeAsync();
        var random = new Random(20261123);
        Api[] callers =
        [
            Api, await CallerAsync("billing", "orders:write", "orders:delete", "orders:read"),
            await CallerAsync("field", "orders:write", "orders:delete", "orders:read"),
        ];
        var ids = new List<string>();
        for (var i = 0; i < OrdersCount; i++)
        {
            ids.Add(await PlaceAsync(callers[random.Next(3)], random, i));
        }

        foreach (var id in ids)
        {
            // Some of the same moment, so that ties are there to be broken.
            await Database.ExecuteAsync(
                "update orders set created_at = created_at - $2 * interval '1 day', "
                + "updated_at = updated_at - $3 * interval '1 day' where order_id = $1",
                Guid.Parse(id), 20 + random.Next(5), random.Next(15));
        }

        await Database.ExecuteAsync(
            "update orders set created_at = date_trunc('day', created_at) where number % 3 = 0");
        foreach (var id in ids)
        {
            var json = (await Api.GetAsync("/orders/" + id)).ShouldBe(200).Json;
            var isDeleted = random.Next(8) == 0;
            if (isDeleted)
            {
                (await Api.DeleteAsync("/orders/" + id)).ShouldBe(204);
                json = (await Api.GetAsync("/orders?deleted=only&number=" + json.GetProperty("number"))).At("data/0");
            }

            _orders.Add(new ListedOrder(json, isDeleted));
        }
    }

    private static async Task<string> PlaceAsync(Api caller, Random random, int index)
    {
        var lines = Enumerable.Range(0, 1 + random.Next(3)).Select(_ =>
            $"{{\"id\": \"{Records[random.Next(3)]}\", \"fee\": {random.Next(3)}.5"
            + (random.Next(3) == 0 ? $", \"name\": \"{Names[random.Next(Names.Length)]}\"" : "") + "}");
        var members = new List<string> { $"\"totalfee\": {random.Next(40)}.{random.Next(2)}0" };
        if (random.Next(2) == 0)
        {
            members.Add($"\"reference\": \"PO-{index / 2}-{(char)('a' + (index % 2))}\"");
        }

        if (random.Next(2) == 0)
        {
            members.Add($"\"customer\": {{\"email\": \"{Emails[random.Next(Emails.Length)]}\"}}");
        }

        if (random.Next(3) > 0)
        {
            members.Add($"\"metadata\": {{\"region\": \"{Regions[random.Next(Regions.Length)]}\", "
                + $"\"tier\": \"{random.Next(3)}\"}}");
        }

        var datetime = new DateTime(2026, 1 + random.Next(12), 1 + random.Next(3), 0, 0, 0, DateTimeKind.Utc);
        var id = await caller.PlaceAsync(AnOrder.At(
            $"\"{datetime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture)}\"",
            $"[{string.Join(',', lines)}]", string.Join(',', members)));
        string[] life = [.. new[] { "confirmed", "completed" }.Take(random.Next(3))];
        foreach (var status in random.Next(4) == 0 ? ["cancelled"] : life)
        {
            (await caller.PostAsync($"/orders/{id}/status", $"{{\"status\": \"{status}\"}}")).ShouldBe(200);
        }

        return id;
    }
}
