using Npgsql;

namespace Orderly.Bench.Load;

/// <summary>
/// The indexes of a database that are not part of a constraint, taken away while it is filled and made again after,
/// which is quicker and leaves them as a restored backup would.
/// </summary>
internal static class SecondaryIndexes
{
    private const int SqlTimeoutSeconds = 7_200;
    private const string Memory = "set maintenance_work_mem = '512MB'; set work_mem = '256MB'";

    private const string SelectIndexes =
        """
        select i.indexname, i.indexdef
        from pg_indexes i
        where i.schemaname = 'public' and i.tablename in ('orders', 'order_lines', 'revisions')
            and not exists (select from pg_constraint c where c.conname = i.indexname)
        """;

    public static async Task FillWithout(
        NpgsqlConnectionStringBuilder database, string sql, params NpgsqlParameter[] parameters)
    {
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync();
        var indexes = new List<(string Name, string Sql)>();
        await using (var command = new NpgsqlCommand(SelectIndexes, connection))
        await using (var reader = await command.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync()) indexes.Add((reader.GetString(0), reader.GetString(1)));
        }
        await Execute(connection, Memory);
        foreach (var (name, _) in indexes) await Execute(connection, $"drop index \"{name}\"");
        await Execute(connection, sql, parameters);
        foreach (var (_, definition) in indexes) await Execute(connection, definition);
        await Execute(connection, "vacuum analyze");
    }

    private static async Task Execute(NpgsqlConnection connection, string sql, params NpgsqlParameter[] parameters)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = SqlTimeoutSeconds };
        command.Parameters.AddRange(parameters);
        await command.ExecuteNonQueryAsync();
    }
}
