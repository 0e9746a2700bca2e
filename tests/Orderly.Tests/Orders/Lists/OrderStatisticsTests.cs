using Microsoft.Extensions.Time.Testing;
using Npgsql;
using Orderly.Server.Database;
using Orderly.Server.Orders;

namespace Orderly.Tests.Orders.Lists;

/// <summary>What is known of the orders from PostgreSQL's samples is near to what they are.</summary>
public sealed class OrderStatisticsTests(DatabaseWithManyRows database) : IClassFixture<DatabaseWithManyRows>
{
    private static readonly ValueSpread Fees = new(
        Bounds: [0, 10, 20, 30, 40], Shared: [9.9, 25], SharedShares: [0.4, 0.2]);

    [Theory]
    [InlineData("totalfee[gte]=9.9", 0.901)]
    [InlineData("totalfee[gt]=9.9", 0.501)]
    [InlineData("totalfee[lte]=9.9", 0.499)]
    [InlineData("totalfee[lt]=9.9", 0.099)]
    [InlineData("totalfee=9.9", 0.4)]
    [InlineData("totalfee=9.8", 0)]
    [InlineData("totalfee[gt]=9.9&totalfee[lt]=25", 0.151)]
    [InlineData("totalfee[gte]=9.9&totalfee[lte]=25", 0.751)]
    [InlineData("totalfee[gte]=41", 0)]
    [InlineData("totalfee[gte]=30&totalfee[lt]=20", 0)]
    [InlineData("number[gte]=1000000", 1)]
    public void A_range_has_the_values_that_many_share_where_its_limits_say_so(string query, double share)
    {
        var (filter, _) = ListPlanTests.Read(query, "-createdAt");
        var known = new OrderStatistics(1_000, ValueShares.None, ValueShares.None, ValueShares.None,
            new Dictionary<string, ValueSpread>(StringComparer.Ordinal) { [OrderFilter.TotalFee] = Fees });

        known.ShareOfBounds(filter.Bounds).ShouldBe(share, 1e-9);
    }

    [Fact]
    public async Task What_can_not_be_read_anew_is_what_it_was()
    {
        var time = new FakeTimeProvider();
        await using var reads = DataSources.ForReads(
            database.ConnectionString + ";Options=-c statement_timeout=500ms", log: null);
        using var store = new OrderStatisticsStore(reads, time);
        var before = (await store.GetAsync(TestContext.Current.CancellationToken)).ShouldNotBeNull();
        await using var holder = new NpgsqlConnection(database.ConnectionString);
        await holder.OpenAsync(TestContext.Current.CancellationToken);
        await using var hold = new NpgsqlCommand("begin; lock table pg_statistic in access exclusive mode", holder);
        await hold.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        time.Advance(TimeSpan.FromMinutes(2));

        (await store.GetAsync(TestContext.Current.CancellationToken)).ShouldBeSameAs(before);
        (await store.GetAsync(TestContext.Current.CancellationToken)).ShouldBeSameAs(before, "and not tried again");
    }

    [Fact]
    public void Terms_that_are_not_known_are_rarer_than_those_that_are()
    {
        var terms = database.Statistics.Terms;

        terms.Known.Count.ShouldBeGreaterThan(200);
        terms.Of("w:clean").ShouldBe(1, 0.01);
        terms.Of("w:4711").ShouldBe(terms.Other);
        terms.Other.ShouldBeGreaterThan(1 / database.Statistics.Rows);
        terms.Other.ShouldBeLessThan(0.2 * terms.Known.Values.Min());
    }
}
