using Npgsql;
using Orderly.Server.Observability;

namespace Orderly.Server.Database;

/// <summary>Whether the database can be used, and has the schema that this version needs.</summary>
internal sealed class DatabaseCheck(ReadDataSource database)
{
    private const int TimeoutSeconds = 3;

    private const string SelectState =
        "select current_setting('server_version'), (select max(version) from schema_migrations)";

    public async Task<IReadOnlyList<HealthCheck>> RunAsync(CancellationToken stop)
    {
        try
        {
            await using var command = database.Source.CreateCommand(SelectState);
            command.CommandTimeout = TimeoutSeconds;
            await using var reader = await command.ExecuteReaderAsync(stop);
            await reader.ReadAsync(stop);
            var needed = Migrator.Known[^1];
            var found = reader.GetInt32(1);
            return
            [
                new HealthCheck("database", Ok: true, $"PostgreSQL {reader.GetString(0)}"),
                new HealthCheck("migrations", found >= needed.Version,
                    $"schema {found}, this version needs {needed.Version}"),
            ];
        }
        catch (NpgsqlException exception)
        {
            return [new HealthCheck("database", Ok: false, exception.Message)];
        }
    }
}
