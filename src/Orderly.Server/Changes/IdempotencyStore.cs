using Npgsql;
using Orderly.Server.Database;

namespace Orderly.Server.Changes;

/// <summary>The write that a used key stands for.</summary>
/// <param name="OrderId">The order that was written; empty where it was something else.</param>
/// <param name="Version">The version that the write left.</param>
/// <param name="Answer">The body of the first answer, where no log has it; null for orders.</param>
internal sealed record KeyUse(Guid OrderId, int Version, byte[]? Answer);

/// <summary>A used key, and for which request it was used.</summary>
internal sealed record IdempotencyRecord(KeyUse Use, byte[] RequestDigest)
{
    /// <summary>Whether it was used for the same request.</summary>
    public bool IsOf(IdempotencyClaim claim) => RequestDigest.AsSpan().SequenceEqual(claim.RequestDigest);
}

/// <summary>Reads used keys and lets them expire. They are written with the orders, in the same transaction.</summary>
internal sealed class IdempotencyStore(ReadDataSource reads, WriteDataSource writes)
{
    private const string SelectOne =
        """
        select order_id, version, answer, request_digest
        from idempotency
        where caller = $1 and key = $2
        """;

    /// <summary>For what is no order, and for a request that changed nothing: its key is used up, too.</summary>
    private const string Insert =
        """
        insert into idempotency
            (caller, key, write_id, order_id, version, answer_status, request_digest, answer, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, now())
        on conflict on constraint idempotency_pkey do nothing
        """;

    private const string DeleteExpired =
        """
        delete from idempotency
        where (caller, key) in (
            select caller, key from idempotency where created_at < now() - $1::interval order by created_at limit $2)
        """;

    public Task<IdempotencyRecord?> FindAsync(IdempotencyClaim claim) => reads.LookUpAsync(
        SelectOne,
        parameters =>
        {
            parameters.Add(Parameters.Of(claim.Caller));
            parameters.Add(Parameters.Of(claim.Key));
        },
        async reader => await reader.ReadAsync()
            ? new IdempotencyRecord(
                new KeyUse(
                    reader.GetGuid(0), reader.GetInt32(1),
                    reader.IsDBNull(2) ? null : reader.GetFieldValue<byte[]>(2)),
                reader.GetFieldValue<byte[]>(3))
            : null,
        CancellationToken.None);

    /// <summary>Returns whether the key was still free.</summary>
    public async Task<bool> RecordAsync(IdempotencyClaim claim, Guid writeId, KeyUse use)
    {
        await using var session = await writes.OpenAsync(CancellationToken.None);
        return await RecordAsync(session, claim, writeId, use);
    }

    /// <summary>Uses the key up in the transaction of the session. Returns whether it was still free.</summary>
    public static async Task<bool> RecordAsync(
        DatabaseSession session, IdempotencyClaim claim, Guid writeId, KeyUse use)
    {
        await using var command = new NpgsqlCommand(Insert, session.Connection);
        command.Parameters.Add(Parameters.Of(claim.Caller));
        command.Parameters.Add(Parameters.Of(claim.Key));
        command.Parameters.Add(Parameters.Of(writeId));
        command.Parameters.Add(Parameters.Of(use.OrderId));
        command.Parameters.Add(Parameters.Of(use.Version));
        command.Parameters.Add(Parameters.Of(claim.AnswerStatus));
        command.Parameters.Add(Parameters.Of(claim.RequestDigest));
        command.Parameters.Add(Parameters.OfNullable(use.Answer));
        return await command.ExecuteNonQueryAsync() == 1;
    }

    /// <summary>Forgets at most so many keys that are older. Returns how many there were.</summary>
    public async Task<int> DeleteExpiredAsync(TimeSpan retention, int count, CancellationToken stop)
    {
        await using var command = writes.Source.CreateCommand(DeleteExpired);
        command.Parameters.Add(Parameters.Of(retention));
        command.Parameters.Add(Parameters.Of(count));
        return await command.ExecuteNonQueryAsync(stop);
    }
}
