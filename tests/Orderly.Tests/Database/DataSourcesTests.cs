using Npgsql;
using NpgsqlTypes;
using Orderly.Server.Database;
using Orderly.Server.Orders;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Database;

public sealed class DataSourcesTests(TestCluster cluster)
{
    [Fact]
    public async Task A_day_has_24_hours_whatever_the_time_zone_of_the_database()
    {
        await using var database = await cluster.CloneAsync();
        await database.ExecuteAsync($"alter database {database.Name} set timezone = 'Europe/Berlin'");
        await using var writes = DataSources.ForWrites(database.ConnectionString, log: null);
        await using var command = writes.Source.CreateCommand(
            "select extract(epoch from '2026-03-30T00:00:00Z'::timestamptz - "
            + "('2026-03-30T00:00:00Z'::timestamptz - $1))::integer");
        command.Parameters.Add(new NpgsqlParameter { Value = TimeSpan.FromDays(2) });

        (await command.ExecuteScalarAsync(TestContext.Current.CancellationToken)).ShouldBe(2 * 24 * 3600);
    }

    [Fact]
    public async Task Many_orders_by_id_are_asked_of_the_disk_before_the_first_is_waited_for()
    {
        await using var database = await cluster.CloneAsync();
        await using var reads = DataSources.ForReads(database.ConnectionString, log: null);
        await using var explain = reads.Many.CreateCommand("explain " + OrderStore.SelectByIds);
        explain.Parameters.Add(Parameters.Column([Guid.Empty, Guid.AllBitsSet], NpgsqlDbType.Uuid, id => id));

        // The first line is what the plan ends with.
        (await explain.ExecuteScalarAsync(TestContext.Current.CancellationToken)).ShouldBeOfType<string>()
            .ShouldStartWith("Bitmap Heap Scan on orders");
        (await ShowAsync(reads.Many)).ShouldBe("32");
    }

    [Fact]
    public async Task An_operator_may_let_the_disk_be_asked_for_more()
    {
        await using var database = await cluster.CloneAsync();
        await database.ExecuteAsync($"alter database {database.Name} set effective_io_concurrency = 200");
        await using var reads = DataSources.ForReads(database.ConnectionString, log: null);

        (await ShowAsync(reads.Many)).ShouldBe("200");
        (await ShowAsync(reads.Source)).ShouldBe("200");
    }

    private static async Task<object?> ShowAsync(NpgsqlDataSource source)
    {
        await using var command = source.CreateCommand("show effective_io_concurrency");
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
    }
}
