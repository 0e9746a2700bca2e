using Npgsql;
using Orderly.Server.Database;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Database;

public sealed class MigratorTests(TestCluster cluster)
{
    private static async Task<IReadOnlyList<string>> ApplyAsync(TestDatabase database)
    {
        await using var connection = await database.OpenAsync();
        return await Migrator.ApplyAsync(connection, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Every_migration_is_applied_once_in_order()
    {
        await using var database = await cluster.CreateEmptyAsync();

        (await ApplyAsync(database)).ShouldBe(Migrator.Known.Select(migration => migration.Name));
        (await ApplyAsync(database)).ShouldBeEmpty();
        (await database.ListAsync<int>("select version from schema_migrations order by version"))
            .ShouldBe(Migrator.Known.Select(migration => migration.Version));
    }

    [Fact]
    public async Task Of_several_that_start_at_once_one_migrates_and_the_others_wait()
    {
        await using var database = await cluster.CreateEmptyAsync();

        var applied = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => ApplyAsync(database)));

        applied.Count(names => names.Count == Migrator.Known.Count).ShouldBe(1);
        applied.Count(names => names.Count == 0).ShouldBe(7);
    }

    [Fact]
    public async Task A_migration_that_was_edited_after_it_ran_is_refused_by_name()
    {
        await using var database = await cluster.CloneAsync();
        await database.ExecuteAsync("update schema_migrations set checksum = '\\x00' where version = 1");

        (await Should.ThrowAsync<MigrationException>(() => ApplyAsync(database))).Message
            .ShouldStartWith("Migration 0001_orders was edited");
    }

    [Fact]
    public async Task A_schema_that_is_newer_is_refused_by_name_and_left_alone()
    {
        await using var database = await cluster.CloneAsync();
        await database.ExecuteAsync(
            "insert into schema_migrations (version, name, checksum) values (9999, '9999_future', '\\x00')");

        (await Should.ThrowAsync<MigrationException>(() => ApplyAsync(database))).Message.ShouldContain("9999_future");
        (await database.ListAsync<int>("select version from schema_migrations")).Count
            .ShouldBe(Migrator.Known.Count + 1);
    }

    [Fact]
    public async Task A_refusal_leaves_no_lock_behind()
    {
        await using var database = await cluster.CloneAsync();
        await database.ExecuteAsync("update schema_migrations set checksum = '\\x00' where version = 1");
        await using var connection = await database.OpenAsync();
        await Should.ThrowAsync<MigrationException>(
            () => Migrator.ApplyAsync(connection, TestContext.Current.CancellationToken));

        await using var locks = new NpgsqlCommand(
            "select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()", connection);
        (await locks.ExecuteScalarAsync(TestContext.Current.CancellationToken)).ShouldBe(0L);
    }

    [Fact]
    public async Task Who_is_told_to_stop_while_it_migrates_stops_and_leaves_no_lock_behind()
    {
        await using var database = await cluster.CloneAsync();
        await using var holder = await HoldMigrationsAsync(database, "access exclusive");
        await using var writes = DataSources.ForWrites(database.ConnectionString, log: null);
        await using var connection = await writes.Source.OpenConnectionAsync(TestContext.Current.CancellationToken);
        using var told = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

        var applying = ApplyingAsync();
        await Patience.UntilAsync(async () => await CountWaitingAsync(database) == 1);
        await told.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(applying);
        await Patience.UntilAsync(async () => await database.SingleAsync<long>(
            "select count(*) from pg_locks where locktype = 'advisory' and database = "
            + "(select oid from pg_database where datname = current_database())") == 0);

        async Task ApplyingAsync() => await Migrator.ApplyAsync(connection, told.Token);
    }

    [Fact]
    public async Task A_database_that_is_lost_in_the_middle_of_a_migration_is_told_of_with_its_name()
    {
        await using var database = await cluster.CreateEmptyAsync();
        await database.ExecuteAsync(
            "create table schema_migrations (version integer, name text, checksum bytea, applied_at timestamptz)");
        await using var holder = await HoldMigrationsAsync(database, "share");
        await using var connection = await database.OpenAsync();

        var applying = ApplyingAsync();
        await Patience.UntilAsync(async () => await CountWaitingAsync(database) == 1);
        await database.ExecuteAsync($"select pg_terminate_backend({connection.ProcessID})");

        (await Should.ThrowAsync<MigrationException>(applying)).Message
            .ShouldStartWith("The database was lost during migration 0001_orders");

        async Task ApplyingAsync() => await Migrator.ApplyAsync(connection, TestContext.Current.CancellationToken);
    }

    private static async Task<NpgsqlConnection> HoldMigrationsAsync(TestDatabase database, string mode)
    {
        var holder = await database.OpenAsync();
        await using var hold = new NpgsqlCommand($"begin; lock table schema_migrations in {mode} mode", holder);
        await hold.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        return holder;
    }

    private static Task<long> CountWaitingAsync(TestDatabase database) => database.SingleAsync<long>(
        "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'");

    /// <summary>A number may be left out: it is given when the work begins, and the work may come to nothing.</summary>
    [Fact]
    public void Migrations_are_in_the_order_of_their_numbers_and_each_has_its_own() =>
        Migrator.Known.Select(migration => migration.Version)
            .ShouldBe(Migrator.Known.Select(migration => migration.Version).Distinct().Order());
}
