using System.Data;
using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace Orderly.Server.Database;

/// <summary>One numbered file of plain SQL.</summary>
internal sealed record Migration(int Version, string Name, string Sql)
{
    /// <summary>SHA-256 of the text, so that a file that was edited after it ran is found.</summary>
    public byte[] Checksum { get; } = SHA256.HashData(Encoding.UTF8.GetBytes(Sql));
}

/// <summary>The schema cannot be brought to what this version of the service needs.</summary>
internal sealed class MigrationException(string message) : Exception(message);

/// <summary>
/// Brings the schema up to date. Runs under an advisory lock, so that servers that start together do not get in each
/// other's way, each file in a transaction of its own; refuses a schema that is newer than this version knows.
/// </summary>
internal static class Migrator
{
    private const long LockKey = 0x6f_72_64_65_72_6c_79; // "orderly"
    private const string ResourcePrefix = "Orderly.Server.Database.Migrations.";

    /// <summary>A large table may take long to be changed, and other servers wait for the one that does it.</summary>
    private const int TimeoutSeconds = 4 * 3600;
    private const int LockAttemptsMax = 200;
    private const int LockPauseMilliseconds = 1_000;

    private const string Lock = "select pg_advisory_lock($1)";
    private const string Unlock = "select pg_advisory_unlock($1)";

    private const string CreateTable =
        """
        create table if not exists schema_migrations (
            version integer not null,
            name text not null,
            checksum bytea not null,
            applied_at timestamptz not null default now(),
            constraint schema_migrations_pkey primary key (version)
        )
        """;

    /// <summary>
    /// Whoever waits for a table keeps all who come later waiting, too: servers that are at work, where a long read has
    /// the table. So it waits for a moment only, lets them pass, and tries again.
    /// </summary>
    private const string WaitAMoment = "set local lock_timeout = '500ms'";

    private const string SelectApplied = "select version, name, checksum from schema_migrations order by version";

    private const string InsertApplied = "insert into schema_migrations (version, name, checksum) values ($1, $2, $3)";

    /// <summary>The migrations that this version of the service holds, in order.</summary>
    public static IReadOnlyList<Migration> Known { get; } = ReadKnown();

    /// <summary>Applies what is missing and returns the names of what it applied.</summary>
    /// <exception cref="MigrationException">The schema is newer, or a migration was edited after it ran.</exception>
    public static async Task<IReadOnlyList<string>> ApplyAsync(NpgsqlConnection connection, CancellationToken stop)
    {
        await ExecuteAsync(connection, Lock, stop, Parameters.Of(LockKey));
        try
        {
            await ExecuteAsync(connection, CreateTable, stop);
            var applied = await ReadAppliedAsync(connection, stop);
            Check(applied);
            var names = new List<string>();
            foreach (var migration in Known.Where(migration => !applied.ContainsKey(migration.Version)))
            {
                await ApplyWhenFreeAsync(connection, migration, stop);
                names.Add(migration.Name);
            }

            return names;
        }
        finally
        {
            // Where it was cancelled or lost the session is gone, and the lock with it.
            if (connection.State == ConnectionState.Open)
            {
                await ExecuteAsync(connection, Unlock, CancellationToken.None, Parameters.Of(LockKey));
            }
        }
    }

    /// <summary>For what only reads: changes nothing, and says what is missing.</summary>
    /// <exception cref="MigrationException">The schema is not the one that this version knows.</exception>
    public static async Task RequireCurrentAsync(NpgsqlConnection connection, CancellationToken stop)
    {
        try
        {
            var applied = await ReadAppliedAsync(connection, stop);
            Check(applied);
            if (Known.FirstOrDefault(migration => !applied.ContainsKey(migration.Version)) is { } missing)
            {
                throw new MigrationException($"The database lacks migration {missing.Name}: run the command migrate.");
            }
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.UndefinedTable)
        {
            throw new MigrationException("The database has no schema of Orderly: run the command migrate.");
        }
    }

    private static void Check(Dictionary<int, (string Name, byte[] Checksum)> applied)
    {
        foreach (var (version, (name, checksum)) in applied)
        {
            var known = Known.FirstOrDefault(migration => migration.Version == version)
                ?? throw new MigrationException(
                    $"The database has migration {name}, which this version of Orderly does not know. "
                    + "Start a version that is at least as new as the one that migrated it.");
            if (!known.Checksum.AsSpan().SequenceEqual(checksum))
            {
                throw new MigrationException(
                    $"Migration {name} was edited after it ran on this database. Put the file back as it was, and "
                    + "add a new migration for the change.");
            }
        }
    }

    private static async Task ApplyWhenFreeAsync(
        NpgsqlConnection connection, Migration migration, CancellationToken stop)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await ApplyAsync(connection, migration, stop);
                return;
            }
            catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.LockNotAvailable)
            {
                if (attempt == LockAttemptsMax)
                {
                    throw new MigrationException(
                        $"Migration {migration.Name} did not get its tables, since a long transaction has them: see "
                        + "OrderlyOldTransaction in the runbook, then start again.");
                }
            }
            catch (NpgsqlException exception) when (DatabaseFailure.IsLost(exception))
            {
                throw new MigrationException(
                    $"The database was lost during migration {migration.Name}, of which nothing stays: start again. "
                    + exception.Message);
            }

            await Task.Delay(LockPauseMilliseconds, stop);
        }
    }

    private static async Task ApplyAsync(NpgsqlConnection connection, Migration migration, CancellationToken stop)
    {
        await using var transaction = await connection.BeginTransactionAsync(stop);
        await ExecuteAsync(connection, WaitAMoment, stop);
        await ExecuteAsync(connection, migration.Sql, stop);
        await ExecuteAsync(connection, InsertApplied, stop,
            Parameters.Of(migration.Version), Parameters.Of(migration.Name), Parameters.Of(migration.Checksum));
        await transaction.CommitAsync(stop);
    }

    private static async Task<Dictionary<int, (string Name, byte[] Checksum)>> ReadAppliedAsync(
        NpgsqlConnection connection, CancellationToken stop)
    {
        var applied = new Dictionary<int, (string, byte[])>();
        await using var command = new NpgsqlCommand(SelectApplied, connection);
        await using var reader = await command.ExecuteReaderAsync(stop);
        while (await reader.ReadAsync(stop))
        {
            applied[reader.GetInt32(0)] = (reader.GetString(1), reader.GetFieldValue<byte[]>(2));
        }

        return applied;
    }

    private static async Task ExecuteAsync(
        NpgsqlConnection connection, string sql, CancellationToken stop, params NpgsqlParameter[] parameters)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = TimeoutSeconds };
        command.Parameters.AddRange(parameters);
        await command.ExecuteNonQueryAsync(stop);
    }

    private static List<Migration> ReadKnown()
    {
        var assembly = Assembly.GetExecutingAssembly();
        var migrations = new List<Migration>();
        foreach (var resource in assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(ResourcePrefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var stream = assembly.GetManifestResourceStream(resource)!;
            using var reader = new StreamReader(stream);
            var name = resource[ResourcePrefix.Length..^".sql".Length];
            var version = int.Parse(name.AsSpan(0, name.IndexOf('_', StringComparison.Ordinal)),
                CultureInfo.InvariantCulture);
            migrations.Add(new Migration(version, name, reader.ReadToEnd()));
        }

        return migrations;
    }
}
