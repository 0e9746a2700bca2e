using Npgsql;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Changes;

/// <summary>
/// Whatever somebody with all rights on the database changes, the verification finds it, given one checkpoint from
/// outside. Each change is made by chance from a seed, and taken back.
/// </summary>
public sealed class LogMutationTests(WrittenLog log) : IClassFixture<WrittenLog>
{
    private const int Seed = 20_261_123;

    /// <summary>All that counts as the log. Where it is the same before and after, nothing was changed.</summary>
    private const string SelectDigest =
        """
        select md5(concat(
            (select string_agg(o::text, '' order by order_id) from orders o),
            (select string_agg(r::text, '' order by order_id, version) from revisions r),
            (select string_agg(f::text, '' order by position) from feed f),
            (select string_agg(p::text, '' order by order_id, version) from pending p),
            (select last_position from feed_bounds),
            (select string_agg(c::text, '' order by tree_size) from checkpoints c)))
        """;

    [Fact]
    public Task Hundreds_of_changes_by_chance_are_all_found() => FindAllAsync(300, Seed);

    /// <summary>Takes minutes; run it with <c>--explicit only</c>.</summary>
    [Fact(Explicit = true)]
    public Task Ten_thousand_changes_by_chance_are_all_found() => FindAllAsync(10_000, Seed + 1);

    private async Task FindAllAsync(int count, int seed)
    {
        var versions = await log.Database.SingleAsync<long>("select count(*) from revisions");
        var mutations = new LogMutation(new Random(seed), (int)versions, log.Changed);
        await using var connection = await log.Database.OpenAsync();
        var before = await DigestAsync(connection);
        var missed = new List<string>();
        var (made, refused) = (0, 0);
        while (made < count)
        {
            var sql = mutations.Next();
            switch (await IsChangeAsync(connection, sql, before))
            {
                case null:
                    refused++;
                    refused.ShouldBeLessThan(count + 100, $"too many changes are refused by the schema, as {sql}");
                    continue;
                case false:
                    continue;
            }

            made++;
            if ((await log.FindAsync(connection, sql, [log.Kept])).Count == 0)
            {
                missed.Add(sql);
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{made - missed.Count} of {made} changes were found; {refused} more the schema refused.");
        missed.ShouldBeEmpty();
        (await log.FindAsync(null, log.Kept)).ShouldBeEmpty();
    }

    /// <summary>Null: the schema refuses it.</summary>
    private static async Task<bool?> IsChangeAsync(NpgsqlConnection connection, string sql, string before)
    {
        await using var transaction = await connection.BeginTransactionAsync();
        try
        {
            await using var command = new NpgsqlCommand(sql, connection);
            await command.ExecuteNonQueryAsync();
        }
        catch (PostgresException exception) when (exception.SqlState.StartsWith("23", StringComparison.Ordinal))
        {
            return null;
        }

        var isChange = await DigestAsync(connection) != before;
        await transaction.RollbackAsync();
        return isChange;
    }

    private static async Task<string> DigestAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand(SelectDigest, connection);
        return (string)(await command.ExecuteScalarAsync())!;
    }
}
