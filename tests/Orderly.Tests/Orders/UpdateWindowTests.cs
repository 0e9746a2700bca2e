using System.Globalization;
using Npgsql;
using Orderly.Server.Orders;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Orders;

/// <summary>An order can be updated from three hours after its creation on, by the database's clock.</summary>
public sealed class UpdateWindowTests(RunningServer server) : IClassFixture<RunningServer>
{
    private readonly Api _api = server.Api;

    [Theory]
    [InlineData("0 s", 10_800)]
    [InlineData("1 hour", 7_200)]
    [InlineData("2 hours 59 minutes", 60)]
    public async Task A_young_order_is_refused_with_the_time_from_which_on_it_can_be_updated(string age, int seconds)
    {
        var id = await _api.PlaceAsync();
        await server.Database.AgeAsync(id, age);
        var order = await _api.GetAsync("/orders/" + id);
        foreach (var refused in (Reply[])
        [
            await _api.PutAsync("/orders/" + id, AnOrder.With("\"notes\": \"x\"")),
            await _api.PatchAsync("/orders/" + id, """{"notes": "x"}"""),
        ])
        {
            refused.ShouldRefuse(409, "order-not-yet-updatable");
            refused.String("updatableFrom").ShouldBe(order.String("updatableFrom"));
            var retryAfter = int.Parse(refused.Header("Retry-After")!, CultureInfo.InvariantCulture);
            retryAfter.ShouldBeInRange(seconds - 30, seconds);
        }

        (await _api.GetAsync("/orders/" + id)).Text.ShouldBe(order.Text);
    }

    [Theory]
    [InlineData("3 hours")]
    [InlineData("10 years")]
    public async Task An_order_of_three_hours_or_more_is_updated(string age)
    {
        var id = await _api.PlaceAsync();
        await server.Database.AgeAsync(id, age);

        (await _api.PatchAsync("/orders/" + id, """{"notes": "x"}""")).ShouldBe(200);
    }

    [Theory]
    [InlineData("1900-01-01T00:00:00Z")]
    [InlineData("2200-01-01T00:00:00Z")]
    public async Task When_the_order_takes_place_does_not_matter(string datetime)
    {
        var path = "/orders/" + await _api.PlaceAsync(AnOrder.At($"\"{datetime}\""));

        (await _api.PatchAsync(path, """{"notes": "x"}""")).ShouldRefuse(409, "order-not-yet-updatable");
    }

    [Fact]
    public async Task An_update_does_not_start_the_three_hours_again()
    {
        var path = await server.PlaceOldAsync();

        (await _api.PatchAsync(path, """{"notes": "x"}""")).ShouldBe(200);
        (await _api.PatchAsync(path, """{"notes": "y"}""")).ShouldBe(200);
    }

    [Theory]
    [InlineData("3 hours", true)]
    [InlineData("3 hours 1 microsecond", true)]
    [InlineData("2 hours 59 minutes 59.999 seconds", false)]
    [InlineData("2 hours 59 minutes 59.999999 seconds", false)]
    public async Task Exactly_three_hours_is_enough_and_a_moment_less_is_not(string age, bool isStored)
    {
        var id = Guid.Parse(await _api.PlaceAsync());
        await using var connection = await server.Database.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var command = new NpgsqlCommand(
            "update orders set created_at = now() - $2::interval, updated_at = now() where order_id = $1", connection))
        {
            command.Parameters.AddWithValue(id);
            command.Parameters.AddWithValue(age);
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        var receipts = await OrderWriteStore.StoreAsync(connection, [AWrite.Update(id, baseVersion: 1)]);

        receipts.Count.ShouldBe(isStored ? 1 : 0);
        await using var version = new NpgsqlCommand("select version from orders where order_id = $1", connection);
        version.Parameters.AddWithValue(id);
        (await version.ExecuteScalarAsync(TestContext.Current.CancellationToken)).ShouldBe(isStored ? 2 : 1);
    }
}

/// <summary>Orders:UpdatableAfter.</summary>
public sealed class ConfiguredWindowTests(LenientServer server) : IClassFixture<LenientServer>
{
    [Fact]
    public async Task A_window_of_nothing_lets_an_order_be_updated_at_once()
    {
        var placed = await server.Api.PostAsync("/orders", AnOrder.Of("""["in-euro"]"""));

        placed.ShouldBe(201).String("currency").ShouldBe("EUR");
        placed.String("updatableFrom").ShouldBe(placed.String("createdAt"));
        (await server.Api.PatchAsync("/orders/" + placed.Id, """{"notes": "x"}""")).ShouldBe(200);
    }
}
