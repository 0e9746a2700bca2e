using Npgsql;
using NpgsqlTypes;
using Orderly.Server.Database;

namespace Orderly.Server.Access;

/// <summary>Something that is to be recorded.</summary>
/// <param name="Type">One of <see cref="AuditTypes"/>.</param>
/// <param name="Team">The team of what it was done to.</param>
/// <param name="Subject">The id of what it was done to.</param>
/// <param name="Detail">More about it: a JSON object, without secrets and personal data.</param>
internal sealed record AuditNote(Guid Id, string Type, string Actor, string Team, string Subject, string Detail);

/// <summary>Something that was recorded, and when.</summary>
internal sealed record AuditRow(AuditNote Note, DateTime At);

/// <summary>What is wanted of the record; null: whatever it is.</summary>
internal sealed record AuditFilter(
    string? OnlyTeam, string? Type, string? Actor, string? Subject, DateTime? From, DateTime? To);

/// <summary>Where a page of the record goes on: behind this entry.</summary>
internal sealed record AuditPosition(DateTime At, Guid Id);

/// <summary>
/// What was done with powers that need watching. Rows are only ever added, and by whoever does what they record, in
/// the same transaction: as a command of its batch, or on its connection.
/// </summary>
internal sealed class AuditStore(ReadDataSource reads, WriteDataSource writes)
{
    private const int RecordSeconds = 2;

    private const string Insert =
        """
        insert into audit (audit_id, at, type, actor, team, subject, detail)
        select w.write_id, now(), w.type, w.actor, w.team, w.subject, w.detail
        from unnest($1, $2, $3, $4, $5, $6) as w (write_id, type, actor, team, subject, detail)
        on conflict on constraint audit_pkey do nothing
        """;

    private const string SelectPage =
        $"""
        select a.audit_id, a.type, a.actor, a.team, a.subject, a.detail, a.at
        from audit a
        where (a.at, a.audit_id) < ($2, $3)
            and ($4::text is null or a.team = $4) and ($5::text is null or a.type = $5)
            and ($6::text is null or a.actor = $6)
            and ($7::text is null or a.subject = $7
                -- shown on a page with others
                or a.subject = '{AuditTypes.ManyOrders}'
                    and case when strpos(a.detail, $7) > 0 then a.detail::jsonb -> 'orders' ? $7 end)
            and a.at >= $8 and a.at < $9
        order by a.at desc, a.audit_id desc
        limit $1
        """;

    /// <summary>The statement that records these, for the batch of a store that does what they are about.</summary>
    public static NpgsqlBatchCommand Command(IReadOnlyList<AuditNote> notes) => new(Insert)
    {
        Parameters =
        {
            Parameters.Column(notes, NpgsqlDbType.Uuid, note => note.Id),
            Parameters.Column(notes, NpgsqlDbType.Text, note => note.Type),
            Parameters.Column(notes, NpgsqlDbType.Text, note => note.Actor),
            Parameters.Column(notes, NpgsqlDbType.Text, note => note.Team),
            Parameters.Column(notes, NpgsqlDbType.Text, note => note.Subject),
            Parameters.Column(notes, NpgsqlDbType.Text, note => note.Detail),
        },
    };

    /// <summary>Records in the transaction that the connection is in.</summary>
    public static async Task AppendAsync(DatabaseSession session, params IReadOnlyList<AuditNote> notes)
    {
        await using var batch = Batch(session.Connection, notes);
        await batch.ExecuteNonQueryAsync();
    }

    /// <summary>
    /// Records what needs no other write, as that personal data was shown. Whoever waits to see it waits for this, so
    /// a connection that keeps silent is given up soon; what is recorded already is not recorded twice.
    /// </summary>
    public async Task RecordAsync(params IReadOnlyList<AuditNote> notes)
    {
        await using var connection = await writes.Source.BeginAsync(
            async connection =>
            {
                await using var batch = Batch(connection, notes);
                batch.Timeout = RecordSeconds;
                await batch.ExecuteNonQueryAsync();
            },
            CancellationToken.None);
    }

    private static NpgsqlBatch Batch(NpgsqlConnection connection, IReadOnlyList<AuditNote> notes) =>
        new(connection) { BatchCommands = { Command(notes) } };

    /// <summary>What was recorded, the newest first.</summary>
    public async Task<List<AuditRow>> ListAsync(
        int count, AuditPosition? after, AuditFilter filter, CancellationToken stop)
    {
        await using var command = reads.Source.CreateCommand(SelectPage);
        command.Parameters.Add(Parameters.Of(count));
        command.Parameters.Add(Parameters.Of(after?.At ?? Parameters.EndOfTime));
        command.Parameters.Add(Parameters.Of(after?.Id ?? Guid.Empty));
        command.Parameters.Add(Parameters.Of(filter.OnlyTeam));
        command.Parameters.Add(Parameters.Of(filter.Type));
        command.Parameters.Add(Parameters.Of(filter.Actor));
        command.Parameters.Add(Parameters.Of(filter.Subject));
        command.Parameters.Add(Parameters.Of(filter.From ?? Parameters.BeginningOfTime));
        command.Parameters.Add(Parameters.Of(filter.To ?? Parameters.EndOfTime));
        await using var reader = await command.ExecuteReaderAsync(stop);
        var rows = new List<AuditRow>();
        while (await reader.ReadAsync(stop))
        {
            rows.Add(new AuditRow(
                new AuditNote(
                    reader.GetGuid(0), reader.GetString(1), reader.GetString(2), reader.GetString(3),
                    reader.GetString(4), reader.GetString(5)),
                reader.GetDateTime(6)));
        }

        return rows;
    }
}
