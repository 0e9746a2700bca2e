using Npgsql;
using Orderly.Server.Database;

namespace Orderly.Server.Changes;

/// <summary>
/// Moves log entries from <c>pending</c> into <c>feed</c>. Several plain statements in one transaction, under a lock
/// that only one server at a time can have.
/// </summary>
internal static class FeedStore
{
    private const long LockKey = 0x6f_72_64_65_72_6c_79_01;
    private const int MovedMax = 5_000;
    private const int StepTimeoutSeconds = 5;
    private const int ForgottenMax = 10_000;

    /// <summary>
    /// Its own statement: what the next ones see must have begun after the lock was had. A server that then stands
    /// still (a paused machine, a lost network) would keep the lock for as long, and the feed of all with it; so
    /// PostgreSQL ends a transaction that it hears nothing of.
    /// </summary>
    private const string TryLock =
        "select pg_try_advisory_xact_lock($1), set_config('idle_in_transaction_session_timeout', '2s', true)";

    private const string SelectEnd = "select last_position from feed_bounds";

    /// <summary>
    /// Of one order, version n is committed before n + 1 begins, so n is visible here whenever n + 1 is: by order and
    /// version is an order that no reader can find wrong.
    /// </summary>
    private const string Append =
        """
        insert into feed (position, order_id, version, appended_at, leaf)
        select p.position, p.order_id, p.version, now(), feed_leaf(p.position, p.order_id, p.version, now(), (
            select r.hash from revisions r where r.order_id = p.order_id and r.version = p.version))
        from (
            select $1 + row_number() over (order by order_id, version) as position, order_id, version
            from (select order_id, version from pending order by order_id, version limit $2) oldest) p
        """;

    /// <summary>
    /// Only what was moved: more may have become visible since. Each by its key: a join is planned without knowing how
    /// little was moved, and went through all of a million that waited after an import, for each 5,000 of them.
    /// </summary>
    internal const string RemoveMoved =
        """
        delete from pending
        where ctid = any (array(
            select p.ctid
            from feed f
            cross join lateral (
                select p.ctid from pending p where p.order_id = f.order_id and p.version = f.version offset 0) p
            where f.position > $1))
        """;

    private const string MoveEnd = "update feed_bounds set last_position = last_position + $1";

    /// <summary>The positions before the first that is young enough, at most so many at a time.</summary>
    private const string Forget =
        """
        update feed_bounds b
        set forgotten_position = least(b.forgotten_position + $2, coalesce(
            (select f.position - 1 from feed f
             where f.position > b.forgotten_position and f.appended_at >= now() - $1::interval
             order by f.position limit 1),
            b.last_position))
        """;

    private const string SelectBounds = "select last_position, forgotten_position from feed_bounds";

    private const string Vacuum = "vacuum pending";

    /// <summary>Moves what is visible. Null: another server has the lock.</summary>
    public static async Task<int?> MoveAsync(DatabaseSession session, CancellationToken stop)
    {
        await using var transaction = await session.Connection.BeginTransactionAsync(stop);
        if (!await TryLockAsync(session, stop))
        {
            return null;
        }

        var end = (long)(await ScalarAsync(session, SelectEnd, stop))!;
        await using var append = Step(Append, session);
        append.Parameters.Add(Parameters.Of(end));
        append.Parameters.Add(Parameters.Of(MovedMax));
        var moved = await append.ExecuteNonQueryAsync(stop);
        if (moved > 0)
        {
            await using var remove = Step(RemoveMoved, session);
            remove.Parameters.Add(Parameters.Of(end));
            await remove.ExecuteNonQueryAsync(stop);
            await using var advance = Step(MoveEnd, session);
            advance.Parameters.Add(Parameters.Of(moved));
            await advance.ExecuteNonQueryAsync(stop);
        }

        await transaction.CommitAsync(stop);
        return moved;
    }

    /// <summary>
    /// Forgets what is older than the retention, a batch at a time, under the lock of the sequencer. The rows stay:
    /// they are the leaves that the log is verified by.
    /// </summary>
    public static async Task ForgetAsync(DatabaseSession session, TimeSpan retention, CancellationToken stop)
    {
        await using var transaction = await session.Connection.BeginTransactionAsync(stop);
        if (!await TryLockAsync(session, stop))
        {
            return;
        }

        await using var forget = Step(Forget, session);
        forget.Parameters.Add(Parameters.Of(retention));
        forget.Parameters.Add(Parameters.Of((long)ForgottenMax));
        await forget.ExecuteNonQueryAsync(stop);
        await transaction.CommitAsync(stop);
    }

    /// <summary>How far the feed reaches.</summary>
    public static Task<FeedBounds> ReadBoundsAsync(ReadDataSource database) => database.LookUpAsync(
        SelectBounds, _ => { },
        async reader =>
        {
            await reader.ReadAsync();
            return new FeedBounds(reader.GetInt64(0), reader.GetInt64(1));
        },
        CancellationToken.None);

    /// <summary>
    /// Rows pass through pending and leave their space behind; every look at it would walk over that.
    /// </summary>
    public static async Task VacuumAsync(DatabaseSession session, CancellationToken stop)
    {
        await using var command = new NpgsqlCommand(Vacuum, session.Connection);
        await command.ExecuteNonQueryAsync(stop);
    }

    /// <summary>Takes the lock of the sequencer until the transaction ends. False: another server has it.</summary>
    public static async Task<bool> TryLockAsync(DatabaseSession session, CancellationToken stop) =>
        await ScalarAsync(session, TryLock, stop, Parameters.Of(LockKey)) is true;

    /// <summary>
    /// A connection that keeps silent is given up before long: the feed of all waits for the one that has the lock.
    /// </summary>
    private static NpgsqlCommand Step(string sql, DatabaseSession session) =>
        new(sql, session.Connection) { CommandTimeout = StepTimeoutSeconds };

    private static async Task<object?> ScalarAsync(
        DatabaseSession session, string sql, CancellationToken stop, params NpgsqlParameter[] parameters)
    {
        await using var command = Step(sql, session);
        command.Parameters.AddRange(parameters);
        return await command.ExecuteScalarAsync(stop);
    }
}
