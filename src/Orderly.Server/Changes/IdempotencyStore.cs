using Npgsql;
using Orderly.Server.Database;

namespace Orderly.Server.Changes;

/// <summary>What a used key stands for.</summary>
internal sealed record IdempotencyRecord(Guid OrderId, int Version, int AnswerStatus, byte[] RequestDigest);

/// <summary>Reads used keys and lets them expire. They are written with the orders, in the same transaction.</summary>
internal sealed class IdempotencyStore(ReadDataSource reads, WriteDataSource writes)
{
    private const string SelectOne =
        """
        select order_id, version, answer_status, request_digest
        from idempotency
        where caller = $1 and key = $2
        """;

    /// <summary>For a request that changed nothing: its key is used up all the same.</summary>
    private const string Insert =
        """
        insert into idempotency
            (caller, key, write_id, order_id, version, answer_status, request_digest, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, now())
        on conflict on constraint idempotency_pkey do nothing
        """;

    private const string DeleteExpired =
        """
        delete from idempotency
        where (caller, key) in (
            select caller, key from idempotency where created_at < now() - $1::interval order by created_at limit $2)
        """;

    public async Task<IdempotencyRecord?> FindAsync(IdempotencyClaim claim)
    {
        await using var command = reads.Source.CreateCommand(SelectOne);
        command.Parameters.Add(Parameters.Of(claim.Caller));
        command.Parameters.Add(Parameters.Of(claim.Key));
        await using var reader = await command.ExecuteReaderAsync();
        return await reader.ReadAsync()
            ? new IdempotencyRecord(
                reader.GetGuid(0), reader.GetInt32(1), reader.GetInt32(2), reader.GetFieldValue<byte[]>(3))
            : null;
    }

    /// <summary>Returns whether the key was still free.</summary>
    public async Task<bool> RecordAsync(IdempotencyClaim claim, Guid writeId, Guid orderId, int version)
    {
        await using var command = writes.Source.CreateCommand(Insert);
        command.Parameters.Add(Parameters.Of(claim.Caller));
        command.Parameters.Add(Parameters.Of(claim.Key));
        command.Parameters.Add(Parameters.Of(writeId));
        command.Parameters.Add(Parameters.Of(orderId));
        command.Parameters.Add(Parameters.Of(version));
        command.Parameters.Add(Parameters.Of(claim.AnswerStatus));
        command.Parameters.Add(Parameters.Of(claim.RequestDigest));
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
