using CsCheck;
using Npgsql;
using NpgsqlTypes;
using Orderly.Server.Changes;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Changes;

/// <summary>PostgreSQL makes the hashes when it writes, the verification makes them anew: they must agree.</summary>
public sealed class LogHashTests(TestCluster cluster)
{
    private const int RecordsCount = 400;

    private const string Insert =
        """
        insert into orders
            (order_id, write_id, number, version, status, team, datetime, totalfee, totalfee_stated, content,
             created_at, created_by, updated_at, updated_by)
        values ($1, $1, $2, 1, $3, $4, now(), 0, true, $5, $6, $7, $6, $8)
        """;

    private const string InsertRevision =
        """
        insert into revisions
            (order_id, version, write_id, kind, recorded_at, actor, reason, status, deleted, content, personal,
             totalfee_stated, personal_salt, personal_commitment, hash)
        select order_id, 1, write_id, $2, updated_at, updated_by, $3, status, $4, content, $5, $6,
            case when $5 is not null then $7 end, sha256($7 || $5),
            revision_hash($8, order_id, number, team, created_at, created_by, 1, write_id, $2, updated_at, updated_by,
                $3, status, $4, $6, content, sha256($7 || $5))
        from orders
        where order_id = $1
        """;

    private static readonly Gen<string> Text =
        Gen.OneOf(Gen.Const(""), Gen.String[Gen.Char['\x01', '\xd7ff'], 0, 40],
            Gen.String[Gen.Char.AlphaNumeric, 0, 9]);

    private static readonly Gen<string> Status = Among("placed", "confirmed", "completed", "cancelled");

    private static readonly Gen<string> Kind =
        Among("placed", "updated", "status-changed", "deleted", "restored", "reverted", "erased");

    private static readonly Gen<(string Status, string Kind, string Team, string Actor, string? Reason)> Words =
        Gen.Select(Status, Kind, Text, Text, Text.Null());

    private static readonly Gen<(
        string Content, byte[]? Personal, bool Deleted, bool? Stated, long Microseconds)> Rest =
        Gen.Select(Text, Gen.Byte.Array[0, 50].Select(bytes => (byte[])[1, .. bytes]).Null(), Gen.Bool,
            Gen.Bool.Nullable(),
            Gen.Long[-2_000_000_000_000_000, 7_000_000_000_000_000]);

    [Fact]
    public async Task Both_sides_make_the_same_hash_of_any_record()
    {
        await using var database = await cluster.CloneAsync();
        await using var connection = await database.OpenAsync();
        Gen.Select(Gen.Guid, Gen.Long, Words, Rest).Array[RecordsCount].Sample(records =>
        {
            using var transaction = connection.BeginTransaction();
            foreach (var (id, number, words, rest) in records)
            {
                Write(connection, id, number, words, rest);
            }

            var findings = new List<string>();
            new LogVerifier(key: null, kept: [], TimeProvider.System,
                finding => findings.Add(finding.What), (_, _) => { }).Run(connection).Revisions.ShouldBe(RecordsCount);
            findings.ShouldNotContain(finding => finding.Contains("hash does not match"));
            findings.ShouldNotContain(finding => finding.Contains("committed"));
        }, iter: 3, threads: 1);
    }

    private static Gen<string> Among(params string[] words) =>
        Gen.Int[0, words.Length - 1].Select(index => words[index]);

    private static void Write(
        NpgsqlConnection connection, Guid id, long number,
        (string Status, string Kind, string Team, string Actor, string? Reason) words,
        (string Content, byte[]? Personal, bool Deleted, bool? Stated, long Microseconds) rest)
    {
        var at = DateTime.UnixEpoch.AddMicroseconds(rest.Microseconds);
        Execute(connection, Insert,
            (id, NpgsqlDbType.Uuid), (number, NpgsqlDbType.Bigint), (words.Status, NpgsqlDbType.Text),
            (words.Team, NpgsqlDbType.Text), (rest.Content, NpgsqlDbType.Text), (at, NpgsqlDbType.TimestampTz),
            (words.Actor, NpgsqlDbType.Text), (words.Team, NpgsqlDbType.Text));
        Execute(connection, InsertRevision,
            (id, NpgsqlDbType.Uuid), (words.Kind, NpgsqlDbType.Text), (words.Reason, NpgsqlDbType.Text),
            (rest.Deleted, NpgsqlDbType.Boolean), (rest.Personal, NpgsqlDbType.Bytea),
            (rest.Stated, NpgsqlDbType.Boolean), (LogHash.NewSalt(), NpgsqlDbType.Bytea),
            (LogHash.BeforeFirst, NpgsqlDbType.Bytea));
    }

    private static void Execute(
        NpgsqlConnection connection, string sql, params (object? Value, NpgsqlDbType Type)[] parameters)
    {
        using var command = new NpgsqlCommand(sql, connection);
        foreach (var (value, type) in parameters)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value, NpgsqlDbType = type });
        }

        command.ExecuteNonQuery().ShouldBe(1);
    }
}
