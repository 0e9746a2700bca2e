using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Orderly.Server.Transfer;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Transfer;

/// <summary>When imports renew the planner's statistics.</summary>
public sealed class StatisticsRefreshTests(RunningServer server) : IClassFixture<RunningServer>
{
    private const int Rows = 10_000;

    [Fact]
    public async Task An_import_that_is_large_beside_what_is_there_renews_them()
    {
        await server.Database.ExecuteAsync("analyze orders");
        var row = AnOrder.Least.ReplaceLineEndings("");
        (await server.Api.SendAsync(HttpMethod.Post, "/orders/import", string.Join('\n', Enumerable.Repeat(row, Rows)),
            ("Content-Type", "application/x-ndjson"))).ShouldBe(200);
        await Patience.UntilAsync(async () => await server.Database.SingleAsync<long>(
            "select reltuples::bigint from pg_class where oid = 'orders'::regclass") >= Rows);
    }

    [Fact]
    public async Task Imports_that_are_small_beside_it_do_not_until_they_are_half_of_it()
    {
        using var refresh = new StatisticsRefresh(
            server.Services.GetRequiredService<ImportStore>(), NullLogger<StatisticsRefresh>.Instance);
        await server.Database.ExecuteAsync("alter table orders set (autovacuum_enabled = false)"); // it counts anew
        await KnowAsync(Rows * 4);
        (await RenewsAfterAsync(Rows)).ShouldBeFalse();
        (await RenewsAfterAsync(Rows - 1)).ShouldBeFalse();
        (await RenewsAfterAsync(1)).ShouldBeTrue();

        await KnowAsync(Rows);
        (await RenewsAfterAsync(Rows - 1)).ShouldBeFalse();
        (await RenewsAfterAsync(1)).ShouldBeTrue();

        Task<bool> RenewsAfterAsync(long stored)
        {
            refresh.Follow(stored);
            return refresh.RenewAsync(TestContext.Current.CancellationToken);
        }
    }

    private Task<int> KnowAsync(long orders) => server.Database.ExecuteAsync(
        $"update pg_class set reltuples = {orders} where oid = 'orders'::regclass");
}
