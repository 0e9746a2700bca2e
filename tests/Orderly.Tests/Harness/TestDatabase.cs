using Npgsql;

namespace Orderly.Tests.Harness;

/// <summary>A database, looked into and prepared by tests behind the server's back.</summary>
public sealed class TestDatabase(string connectionString, TestDatabase? admin = null) : IAsyncDisposable
{
    private const int KeptConnectionsMax = 4;

    private readonly NpgsqlConnectionStringBuilder _settings = new(connectionString) { Pooling = false };

    /// <summary>
    /// For single statements: a process for each of them is what tests would wait for most. They are kept where the
    /// database is ours to drop.
    /// </summary>
    private readonly NpgsqlDataSource _lookUps = NpgsqlDataSource.Create(
        new NpgsqlConnectionStringBuilder(connectionString)
        {
            Pooling = admin is not null, MaxPoolSize = KeptConnectionsMax,
        });

    /// <summary>What the log holds, whether it is in the feed yet or not: <c>from {Logged}</c>.</summary>
    public const string Logged =
        "(select order_id, version from pending union all select order_id, version from feed) as logged";

    public string Name => _settings.Database!;

    /// <summary>For a server: pooled, as its own settings say.</summary>
    public string ConnectionString
    {
        get
        {
            var settings = new NpgsqlConnectionStringBuilder(_settings.ConnectionString);
            settings.Remove("Pooling");
            return settings.ConnectionString;
        }
    }

    /// <summary>A session of its own.</summary>
    public async Task<NpgsqlConnection> OpenAsync()
    {
        var connection = new NpgsqlConnection(_settings.ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    public async Task<int> ExecuteAsync(string sql, params object[] parameters)
    {
        await using var connection = await _lookUps.OpenConnectionAsync();
        await using var command = Command(connection, sql, parameters);
        return await command.ExecuteNonQueryAsync();
    }

    /// <summary>The first column of every row.</summary>
    public async Task<List<T>> ListAsync<T>(string sql, params object[] parameters)
    {
        await using var connection = await _lookUps.OpenConnectionAsync();
        await using var command = Command(connection, sql, parameters);
        await using var reader = await command.ExecuteReaderAsync();
        var values = new List<T>();
        while (await reader.ReadAsync())
        {
            values.Add(reader.IsDBNull(0) ? default! : reader.GetFieldValue<T>(0));
        }

        return values;
    }

    /// <summary>The first column of the only row.</summary>
    public async Task<T> SingleAsync<T>(string sql, params object[] parameters) =>
        (await ListAsync<T>(sql, parameters)).ShouldHaveSingleItem();

    /// <summary>Waits until all that was written has its place in the feed.</summary>
    public Task WaitForFeedAsync() => Patience.UntilAsync(
        async () => await SingleAsync<long>("select count(*) from pending") == 0);

    /// <summary>Moves the clock on for one order, as the server sees it: the order was created earlier.</summary>
    public async Task AgeAsync(string orderId, string interval = "3 hours") => (await ExecuteAsync(
        "update orders set created_at = created_at - $2::interval, updated_at = updated_at - $2::interval "
        + "where order_id = $1", Guid.Parse(orderId), interval)).ShouldBe(1);

    public async ValueTask DisposeAsync()
    {
        await _lookUps.DisposeAsync();
        if (admin is not null)
        {
            await admin.ExecuteAsync($"drop database {Name} with (force)");
        }
    }

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql, object[] parameters)
    {
        var command = new NpgsqlCommand(sql, connection);
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = parameter });
        }

        return command;
    }
}
