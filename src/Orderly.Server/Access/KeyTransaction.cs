using Orderly.Server.Changes;
using Orderly.Server.Database;
using Orderly.Server.Http;

namespace Orderly.Server.Access;

/// <summary>A write on a key as it was asked for.</summary>
/// <param name="Id">The key that it is about; empty where it makes one.</param>
/// <param name="Claim"><see cref="IdempotencyClaim.None"/> where there is none.</param>
internal sealed record KeyWrite(
    string Id, Caller Caller, Precondition Precondition, bool IsDryRun, IdempotencyClaim Claim);

/// <summary>What became of a write on a key.</summary>
/// <param name="Secret">The secret that it made, to be shown this once.</param>
/// <param name="Note">What is to be recorded; null: nothing was changed.</param>
internal sealed record KeyWritten(ApiKey Key, string? Secret, AuditNote? Note);

/// <summary>The answer to a write on a key.</summary>
/// <param name="Body">The JSON of the key without its secret.</param>
internal sealed record KeyAnswer(int Status, int Version, byte[] Body, KeyWritten? Fresh)
{
    public bool IsReplay => Fresh is null;
}

/// <summary>
/// What every write on keys has in common: one at a time, in one transaction with its entry in the audit record and
/// the Idempotency-Key that it uses up.
/// <code>
///   lock ──► key used before? ── yes ──► the first answer, without its secret; or 422
///              │ no
///            decide and write ──► audit ──► keep the answer ──► commit
/// </code>
/// </summary>
internal sealed class KeyTransaction(
    WriteDataSource database, IdempotencyStore keys, KeyRing ring, Ids ids) : IDisposable
{
    private const int SizeHint = 1024;

    /// <summary>One connection is enough to wait for the lock of all servers.</summary>
    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <param name="work">Decides and writes on the connection; it is told the database's clock.</param>
    public async Task<Result<KeyAnswer>> RunAsync(
        KeyWrite write, int status, Func<DatabaseSession, DateTime, Task<Result<KeyWritten>>> work)
    {
        await _turn.WaitAsync();
        try
        {
            await using var session = await database.OpenAsync(CancellationToken.None);
            Result<KeyAnswer> result = default;
            await session.InTransactionAsync(
                async () =>
                {
                    (result, var isStored) = await RunLockedAsync(session, write, status, work);
                    return isStored;
                },
                CancellationToken.None);
            return result;
        }
        finally
        {
            _turn.Release();
            ring.Forget();
        }
    }

    public void Dispose() => _turn.Dispose();

    private async Task<(Result<KeyAnswer> Answer, bool IsStored)> RunLockedAsync(
        DatabaseSession session, KeyWrite write, int status,
        Func<DatabaseSession, DateTime, Task<Result<KeyWritten>>> work)
    {
        var now = await KeyWriteStore.LockAsync(session);
        var isKeyed = write.Claim != IdempotencyClaim.None;
        if (isKeyed && await keys.FindAsync(write.Claim) is { } record)
        {
            return (Replay(write.Claim, record, status), false);
        }

        if ((await work(session, now)).IsRefused(out var problem, out var written))
        {
            return (problem, false);
        }

        var body = DocumentOf(written.Key);
        var answer = new KeyAnswer(status, written.Key.Version, body, written);
        if (write.IsDryRun)
        {
            return (answer with { Fresh = written with { Secret = null } }, false);
        }

        if (written.Note is { } note)
        {
            await AuditStore.AppendAsync(session, note);
        }

        var isFree = !isKeyed || await IdempotencyStore.RecordAsync(
            session, write.Claim, ids.Next(), new KeyUse(Guid.Empty, answer.Version, body));
        return isFree ? (answer, true) : (IdempotentRequests.InFlight(), false);
    }

    private static Result<KeyAnswer> Replay(IdempotencyClaim claim, IdempotencyRecord record, int status) =>
        record.IsOf(claim)
            ? new KeyAnswer(status, record.Use.Version, record.Use.Answer!, Fresh: null)
            : IdempotentRequests.Mismatch(claim);

    private static byte[] DocumentOf(ApiKey key)
    {
        using var text = new PooledBuffer(SizeHint);
        KeyDocument.Write(key, secret: null, text);
        return text.WrittenSpan.ToArray();
    }
}
