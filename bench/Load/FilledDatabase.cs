using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace Orderly.Bench.Load;

/// <summary>
/// A database with so many orders, which a kept cluster has from an earlier run, or gets now. A comment says that it
/// was filled to its end.
/// </summary>
internal static class FilledDatabase
{
    private const int ReadyTimeoutSeconds = 3_600; // a migration of a kept database may take long

    private const string Filled = "filled";

    public static async Task<NpgsqlConnectionStringBuilder> Open(
        PrivatePostgres postgres, string published, string serverData, int orders, string within)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"lists_{orders}")
            + (string.Equals(within, BulkOptions.WithinYears, StringComparison.Ordinal)
                ? ""
                : "_" + within);
        var database = postgres.ConnectionString(name);
        await using var admin = new NpgsqlConnection(postgres.ConnectionString("postgres").ConnectionString);
        await admin.OpenAsync();
        await using var ask = new NpgsqlCommand(
            "select shobj_description(oid, 'pg_database') from pg_database where datname = $1", admin);
        ask.Parameters.Add(new NpgsqlParameter { Value = name });
        var isFilled = string.Equals((await ask.ExecuteScalarAsync()) as string, Filled, StringComparison.Ordinal);
        if (!isFilled)
        {
            await Execute(admin, $"drop database if exists {name}");
            await Execute(admin, $"create database {name}");
        }
        await Migrate(published, serverData, database);
        if (isFilled) return database;
        var start = Stopwatch.GetTimestamp();
        await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"filling {orders:N0} orders"));
        await ListFill.Run(database, orders, within);
        await Execute(admin, $"comment on database {name} is '{Filled}'");
        await Console.Error.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture, $"filled in {Stopwatch.GetElapsedTime(start).TotalSeconds:N0} s"));
        return database;
    }

    private static Task<string> Migrate(
        string published, string serverData, NpgsqlConnectionStringBuilder database) =>
        ChildProcess.RunTool(new ProcessStartInfo(
            "dotnet", [Path.Combine(published, "Orderly.Server.dll"), "migrate"])
        {
            WorkingDirectory = published,
            Environment =
            {
                ["ConnectionStrings__Orderly"] = database.ConnectionString,
                ["Orderly__DataDirectory"] = serverData,
                ["Orderly__StartTimeout"] = string.Create(
                    CultureInfo.InvariantCulture, $"{TimeSpan.FromSeconds(ReadyTimeoutSeconds):c}"),
            },
        });

    private static async Task Execute(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
