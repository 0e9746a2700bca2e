using System.Collections.Concurrent;
using Npgsql;

namespace Orderly.Bench.Load;

/// <summary>
/// The indexes of a database that are not part of a constraint, taken away while it is filled and made again after,
/// which is quicker and leaves them as a restored backup would.
/// </summary>
internal static class SecondaryIndexes
{
    private const int Workers = 2;
    private const int SqlTimeoutSeconds = 7_200;
    private const string Memory =
        "set maintenance_work_mem = '1GB'; set work_mem = '256MB'; set synchronous_commit = off";

    private const string SelectIndexes =
        """
        select i.indexname, i.indexdef
        from pg_indexes i
        where i.schemaname = 'public' and i.tablename in ('orders', 'order_lines', 'revisions')
            and not exists (select from pg_constraint c where c.conname = i.indexname)
        order by i.indexdef like '%using gin%' desc
        """;

    public static Task FillWithout(
        NpgsqlConnectionStringBuilder database, string sql, params NpgsqlParameter[] parameters) =>
        FillWithout(database, () => InParallel(database, [sql], parameters));

    /// <summary>Several statements, two at a time.</summary>
    public static Task FillWithout(NpgsqlConnectionStringBuilder database, IReadOnlyList<string> statements) =>
        FillWithout(database, () => InParallel(database, statements));

    private static async Task FillWithout(NpgsqlConnectionStringBuilder database, Func<Task> fill)
    {
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync();
        var indexes = new List<(string Name, string Sql)>();
        await using (var command = new NpgsqlCommand(SelectIndexes, connection))
        await using (var reader = await command.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync()) indexes.Add((reader.GetString(0), reader.GetString(1)));
        }
        foreach (var (name, _) in indexes) await Execute(connection, $"drop index \"{name}\"");
        await fill();
        await InParallel(database, [.. indexes.Select(index => index.Sql)]);
        await Execute(connection, Memory);
        await Execute(connection, "vacuum analyze");
    }

    private static Task InParallel(
        NpgsqlConnectionStringBuilder database, IReadOnlyList<string> statements, params NpgsqlParameter[] parameters)
    {
        var left = new ConcurrentQueue<string>(statements);
        return Task.WhenAll(Enumerable.Range(0, Math.Min(Workers, statements.Count)).Select(async _ =>
        {
            await using var connection = new NpgsqlConnection(database.ConnectionString);
            await connection.OpenAsync();
            await Execute(connection, Memory);
            while (left.TryDequeue(out var sql)) await Execute(connection, sql, parameters);
        }));
    }

    private static async Task Execute(NpgsqlConnection connection, string sql, params NpgsqlParameter[] parameters)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = SqlTimeoutSeconds };
        command.Parameters.AddRange(parameters);
        await command.ExecuteNonQueryAsync();
    }
}
