using Orderly.Server.Database;
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
        command.Parameters.Add(new Npgsql.NpgsqlParameter { Value = TimeSpan.FromDays(2) });

        (await command.ExecuteScalarAsync(TestContext.Current.CancellationToken)).ShouldBe(2 * 24 * 3600);
    }
}
