using System.Globalization;
using System.Reflection;
using Npgsql;
using Orderly.Server.Database;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Database;

/// <summary>Every SQL statement of the service is one that the migrated schema understands.</summary>
public sealed class StatementTests(TestCluster cluster)
{
    private static readonly string[] Verbs = ["select ", "insert ", "update ", "delete ", "with ", "create ", "copy "];

    /// <summary>The constants that hold a statement, rather than a part of one.</summary>
    private static List<(string Name, string Sql)> StatementsOf(Assembly assembly) =>
        [.. assembly.GetTypes()
            .SelectMany(type => type.GetFields(
                BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.DeclaredOnly))
            .Where(field => field is { IsLiteral: true, FieldType.Name: nameof(String) })
            .Select(field => (
                $"{field.DeclaringType!.Name}.{field.Name}", ((string)field.GetRawConstantValue()!).TrimStart()))
            .Where(statement => Verbs.Any(verb => statement.Item2.StartsWith(verb, StringComparison.Ordinal)))];

    [Fact]
    public async Task Every_statement_can_be_prepared()
    {
        await using var database = await cluster.CloneAsync();
        await using var connection = await database.OpenAsync();
        var faults = new List<string>();
        var statements = StatementsOf(typeof(Migrator).Assembly);
        foreach (var (_, sql) in statements.Where(statement => statement.Sql.StartsWith("create temp table ")))
        {
            await using var create = new NpgsqlCommand(sql, connection); // what other statements use
            await create.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        foreach (var (name, sql) in statements)
        {
            if (await PrepareAsync(connection, sql) is { } fault)
            {
                faults.Add($"{name}: {fault}");
            }
        }

        faults.ShouldBeEmpty();
    }

    [Fact]
    public void The_statements_of_every_store_are_among_them()
    {
        var types = StatementsOf(typeof(Migrator).Assembly)
            .Select(statement => statement.Name.Split('.')[0]).ToHashSet();

        types.ShouldContain("OrderStore");
        types.ShouldContain("OrderWriteStore");
        types.ShouldContain("ServiceStore");
        types.ShouldContain("KeyStore");
        types.ShouldContain("KeyWriteStore");
        types.ShouldContain("AuditStore");
        types.ShouldContain("OverrideStore");
        types.ShouldContain("OrderKeyStore");
        types.ShouldContain("PersonalWriteStore");
        types.ShouldContain("SealStore");
        types.ShouldContain("RewrapStore");
        types.ShouldContain("KeyRegisterStore");
        types.ShouldContain("Migrator");
    }

    [Fact]
    public async Task A_statement_that_the_schema_does_not_understand_is_found()
    {
        await using var database = await cluster.CloneAsync();
        await using var connection = await database.OpenAsync();

        (await PrepareAsync(connection, "select no_such_column from orders where order_id = $1")).ShouldNotBeNull();
    }

    /// <summary>PREPARE without types, where unnest needs to be told them: those that the stores give.</summary>
    private static async Task<string?> PrepareAsync(NpgsqlConnection connection, string sql)
    {
        await using var transaction = await connection.BeginTransactionAsync();
        foreach (var types in (string[])["", TypesOf(sql)])
        {
            await using var savepoint = new NpgsqlCommand("savepoint s", connection);
            await savepoint.ExecuteNonQueryAsync();
            try
            {
                await using var command = new NpgsqlCommand($"prepare tested {types} as {sql}", connection);
                await command.ExecuteNonQueryAsync();
                await using var drop = new NpgsqlCommand("deallocate tested", connection);
                await drop.ExecuteNonQueryAsync();
                return null;
            }
            catch (PostgresException exception)
                when (types.Length == 0 && sql.Contains("unnest", StringComparison.Ordinal))
            {
                await using var rollback = new NpgsqlCommand("rollback to s", connection);
                await rollback.ExecuteNonQueryAsync();
                _ = exception.MessageText; // a second try follows, with types
            }
            catch (PostgresException) when (sql.StartsWith("create ", StringComparison.Ordinal)
                || sql.StartsWith("copy ", StringComparison.Ordinal))
            {
                return null; // PREPARE takes neither; the migrations and the verification run them
            }
            catch (PostgresException exception)
            {
                return exception.MessageText;
            }
        }

        return null;
    }

    /// <summary>The type of each column that an unnest names, by that name.</summary>
    private static string TypesOf(string sql)
    {
        var start = sql.IndexOf("as w", StringComparison.Ordinal);
        if (start < 0)
        {
            return "(text[], text[], uuid[])";
        }

        var columns = sql[(sql.IndexOf('(', start) + 1)..sql.IndexOf(')', start)]
            .Split(',', StringSplitOptions.TrimEntries);
        var before = sql[..start];
        var first = before.LastIndexOf("unnest(", StringComparison.Ordinal) + "unnest(".Length;
        before[first..].Split(',').Length.ToString(CultureInfo.InvariantCulture).ShouldBe(columns.Length.ToString());
        return "(" + string.Join(", ", columns.Select(column => column switch
        {
            "order_id" or "write_id" => "uuid[]",
            "version" or "base_version" or "answer_status" or "kek_version" => "integer[]",
            "datetime" or "created_at" => "timestamptz[]",
            "totalfee" => "numeric[]",
            "totalfee_stated" or "deleted" => "boolean[]",
            "personal" or "request_digest" or "salt" or "wrapped" or "old" or "fingerprint" => "bytea[]",
            "epoch" or "row_number" => "bigint[]",
            "updatable_after" => "interval[]",
            _ => "text[]",
        })) + ")";
    }
}
