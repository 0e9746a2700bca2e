using Npgsql;
using NpgsqlTypes;
using Orderly.Server.Changes;
using Orderly.Server.Database;

namespace Orderly.Server.Orders;

/// <summary>
/// Stores a group of writes in one transaction and one round trip: a batch of statements, each over the whole group. A
/// write whose condition does not hold falls out by itself, and its neighbours stay.
/// </summary>
/// <remarks>
/// The statements are written so that they can only be run by key, whatever the planner believes of a table that it
/// has no statistics of yet: rows by <c>= any</c> of the group's keys, or one by one where the group may be large (a
/// join to <c>= any</c> compares every row of a group with every other), conditions as scalar subqueries (an exists
/// could be turned into a join over the whole table). What is claimed is claimed in the database's order, references
/// before keys, and orders are changed in the order of their ids, so that those who want the same wait for each other
/// but never in a circle. Of equals the first gets it.
/// </remarks>
internal static class OrderWriteStore
{
    /// <summary>
    /// A reference that another order has is left alone; the order's own statement then finds it missing.
    /// </summary>
    internal const string ClaimReferences =
        """
        insert into order_references (team, reference, order_id)
        select w.team, w.reference, w.order_id
        from unnest($1, $2, $3) with ordinality as w (team, reference, order_id)
        order by w.team, w.reference, w.ordinality
        on conflict on constraint order_references_pkey do nothing
        """;

    /// <summary>A key that is used already is left alone, too, and waits for one that is just being used.</summary>
    private const string ClaimKeys =
        """
        insert into idempotency
            (caller, key, write_id, order_id, version, answer_status, request_digest, created_at)
        select w.caller, w.key, w.write_id, w.order_id, w.version, w.answer_status, w.request_digest, now()
        from unnest($1, $2, $3, $4, $5, $6, $7) with ordinality as w
            (caller, key, write_id, order_id, version, answer_status, request_digest)
        order by w.caller, w.key, w.ordinality
        on conflict on constraint idempotency_pkey do nothing
        """;

    /// <summary>
    /// What is stored is logged by the statement that stores it: what that returns needs not be looked up, and to begin
    /// a statement costs as much as some orders. Only the database knows the number and the times that are hashed.
    /// </summary>
    private const string Log =
        """
        logged as (
            insert into revisions
                (order_id, version, write_id, kind, recorded_at, actor, reason, status, deleted, content, personal,
                 totalfee_stated, personal_salt, personal_commitment, hash)
            select s.order_id, s.version, s.write_id, s.kind, s.updated_at, s.updated_by, s.reason, s.status,
                s.deleted, s.content, s.personal, s.totalfee_stated, s.salt, c.commitment,
                revision_hash(s.previous, s.order_id, s.number, s.team, s.created_at, s.created_by, s.version,
                    s.write_id, s.kind, s.updated_at, s.updated_by, s.reason, s.status, s.deleted, s.totalfee_stated,
                    s.content, c.commitment)
            from stored s
            cross join lateral (select sha256(s.salt || s.personal) as commitment) c),
        queued as (
            insert into pending (order_id, version) select s.order_id, s.version from stored s)
        select s.write_id, s.number, s.version, s.created_at, s.updated_at from stored s
        """;

    private const string PlaceOrders =
        $"""
        with stored as (
            insert into orders
                (order_id, write_id, version, status, team, datetime, totalfee, totalfee_stated, reference, content,
                 personal, created_at, created_by, updated_at, updated_by, terms)
            select w.order_id, w.write_id, 1, w.status, w.team, w.datetime, w.totalfee, w.totalfee_stated,
                w.reference, w.content, w.personal, coalesce(w.created_at, now()), w.actor,
                coalesce(w.created_at, now()), w.actor, string_to_array(w.terms, E'\n')
            from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) as w
                (order_id, write_id, status, team, datetime, totalfee, totalfee_stated, reference, content, personal,
                 actor, epoch, created_at, key, terms)
            where w.epoch = (select epoch from catalog_epoch)
                and (w.key is null or w.write_id = (
                    select i.write_id from idempotency i where i.caller = w.actor and i.key = w.key))
                and (w.reference is null or w.order_id = (
                    select r.order_id from order_references r where r.team = w.team and r.reference = w.reference))
            returning order_id, write_id, number, version, status, team, totalfee_stated, content, personal,
                created_at, created_by, updated_at, updated_by, false as deleted, 'placed' as kind,
                null::text as reason, $17::bytea as previous,
                case when personal is not null then ($16::bytea[])[array_position($2, write_id)] end as salt),
        {Log}
        """;

    /// <summary>
    /// The version before is read by its key. Revision times grow strictly, even when the clock of a later transaction
    /// is behind.
    /// </summary>
    private const string ChangeOrders =
        $"""
        with stored as (
            update orders o
            set version = o.version + 1, write_id = w.write_id, status = w.status, datetime = w.datetime,
                totalfee = w.totalfee, totalfee_stated = w.totalfee_stated, reference = w.reference,
                content = w.content, personal = w.personal, terms = string_to_array(w.terms, E'\n'),
                updated_at = greatest(now(), o.updated_at + interval '1 microsecond'), updated_by = w.actor,
                deleted_at = case when w.deleted then greatest(now(), o.updated_at + interval '1 microsecond') end
            from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20) as w
                (order_id, write_id, base_version, status, datetime, totalfee, totalfee_stated, reference, content,
                 personal, actor, deleted, epoch, updatable_after, claimed, key, terms, kind, reason, salt)
            where o.order_id = any ($1)
                and o.order_id = w.order_id
                and o.version = w.base_version
                and (w.epoch is null or w.epoch = (select epoch from catalog_epoch))
                and (w.updatable_after is null or o.created_at <= now() - w.updatable_after)
                and (w.key is null or w.write_id = (
                    select i.write_id from idempotency i where i.caller = w.actor and i.key = w.key))
                and (w.claimed is null or w.order_id = (
                    select r.order_id from order_references r where r.team = o.team and r.reference = w.claimed))
            returning o.order_id, o.write_id, o.number, o.version, o.status, o.team, o.totalfee_stated, o.content,
                o.personal, o.created_at, o.created_by, o.updated_at, o.updated_by, w.deleted, w.kind, w.reason,
                (select p.hash from revisions p where p.order_id = o.order_id and p.version = o.version - 1)
                    as previous,
                case when o.personal is not null then w.salt end as salt),
        {Log}
        """;

    /// <summary>Claims of writes that were not stored, and references that orders no longer have.</summary>
    private const string ReleaseReferences =
        """
        delete from order_references r
        using unnest($1, $2, $3) as w (team, reference, order_id)
        where r.team = any ($1) and r.reference = any ($2)
            and r.team = w.team and r.reference = w.reference and r.order_id = w.order_id
            and r.reference is distinct from (
                select case when o.deleted_at is null then o.reference end
                from orders o where o.order_id = r.order_id)
        """;

    /// <summary>Keys of writes that were not stored are not used up. Comes last, since the log decides.</summary>
    private const string ReleaseKeys =
        """
        delete from idempotency i
        using unnest($1, $2, $3) as w (caller, key, write_id)
        where i.caller = any ($1) and i.key = any ($2)
            and i.caller = w.caller and i.key = w.key and i.write_id = w.write_id
            and i.write_id is distinct from (
                select r.write_id from revisions r where r.order_id = i.order_id and r.version = i.version)
        """;

    /// <summary>Which of these writes an earlier attempt stored, whose answer was lost with the connection.</summary>
    private const string SelectStored =
        """
        select r.write_id, o.number, r.version, o.created_at, r.recorded_at
        from unnest($1, $2) as w (order_id, write_id)
        join revisions r on r.order_id = w.order_id and r.write_id = w.write_id
        join orders o on o.order_id = w.order_id
        where r.order_id = any ($1) and o.order_id = any ($1)
        """;

    /// <summary>
    /// An attempt whose connection was lost may still run, or may not even have begun: its statements wait in the
    /// socket of a backend that stands still. Left alone it could store, later, what its caller was told is refused
    /// (a reference that was taken is free again), or what was decided anew under another id. So it is ended, and
    /// must be gone: then what it did is there for all to see, and it does nothing more.
    /// </summary>
    private const string EndBackends =
        """
        select coalesce(bool_and(pg_terminate_backend(a.pid, $2)), true)
        from pg_stat_activity a
        where a.pid = any ($1) and a.pid <> pg_backend_pid()
            and a.datname = current_database() and a.usename = current_user
        """;

    /// <summary>
    /// What a backend had committed that was ended while it waited for a synchronous standby is seen, but may not be
    /// on the standby yet. This is written behind it, so that the commit here waits for both.
    /// </summary>
    private const string WaitForStandby = "select pg_logical_emit_message(true, 'orderly', 'repeated')";

    private const int EndMilliseconds = 1_000;

    /// <summary>
    /// Stores a group on a connection of its own. A repeated attempt ends those before it; where the answer of one was
    /// lost that had stored the group, it had stored all of it that it could.
    /// </summary>
    /// <param name="began">The backends that attempts have begun on; this one is added.</param>
    public static async Task<Dictionary<Guid, WriteReceipt>> StoreAsync(
        WriteDataSource database, int lane, IReadOnlyList<OrderWrite> writes, List<int> began, int timeoutSeconds)
    {
        await using var connection = await database.OfLane(lane).OpenConnectionAsync();
        if (began.Count > 0)
        {
            await EndAsync(connection, began, timeoutSeconds);
            if (await FindStoredAsync(connection, writes) is { Count: > 0 } stored)
            {
                return stored;
            }
        }

        began.Add(connection.ProcessID);
        return await StoreAsync(connection, writes, timeoutSeconds);
    }

    /// <summary>Ends, on a connection of its own, the backends of attempts that are not followed by another.</summary>
    public static async Task EndAsync(
        WriteDataSource database, List<int> began, int timeoutSeconds, CancellationToken stop)
    {
        await using var connection = await database.Source.OpenConnectionAsync(stop);
        await EndAsync(connection, began, timeoutSeconds);
    }

    /// <summary>Ends the backends that earlier attempts have begun on.</summary>
    /// <exception cref="NpgsqlException">One of them is still there, so trying would not be safe.</exception>
    public static async Task EndAsync(NpgsqlConnection connection, List<int> began, int timeoutSeconds)
    {
        await using var command = new NpgsqlCommand(EndBackends, connection) { CommandTimeout = timeoutSeconds };
        command.Parameters.Add(Parameters.Column(began, NpgsqlDbType.Integer, pid => pid));
        command.Parameters.Add(Parameters.Of((long)EndMilliseconds));
        if (await command.ExecuteScalarAsync() is not true)
        {
            throw new NpgsqlException("An earlier attempt still runs.", new TimeoutException());
        }
    }

    /// <summary>Stores a group. The result has a receipt for each write that was stored.</summary>
    public static async Task<Dictionary<Guid, WriteReceipt>> StoreAsync(
        NpgsqlConnection connection, IReadOnlyList<OrderWrite> writes, int timeoutSeconds = 0)
    {
        await using var batch = new NpgsqlBatch(connection) { Timeout = timeoutSeconds };
        var claiming = writes.Where(write => write.ClaimedReference is not null).ToArray();
        var releasing = writes.Where(write => write.ReleasedReference is not null);
        var keyed = writes.Where(write => write.Claim is not null).ToArray();
        AddWhereAny(batch, [.. claiming.Select(Claimed)], rows => ReferenceCommand(ClaimReferences, rows));
        AddWhereAny(batch, keyed, ClaimKeysCommand);
        AddWhereAny(batch, [.. writes.Where(write => write.IsNew)], PlaceCommand);
        AddWhereAny(batch, [.. writes.Where(write => !write.IsNew).OrderBy(write => write.OrderId)], ChangeCommand);
        PersonalWriteStore.AddCommands(batch, writes);
        AddWhereAny(batch, [.. claiming.Select(Claimed), .. releasing.Select(Released)],
            rows => ReferenceCommand(ReleaseReferences, rows));
        AddWhereAny(batch, [.. writes.Where(write => write.OverriddenWindow is not null)], OverrideStore.Command);
        AddWhereAny(batch, keyed, ReleaseKeysCommand);
        await using var reader = await batch.ExecuteReaderAsync();
        return await ReadReceiptsAsync(reader);
    }

    /// <summary>The receipts of those writes that are stored already.</summary>
    public static async Task<Dictionary<Guid, WriteReceipt>> FindStoredAsync(
        NpgsqlConnection connection, IReadOnlyList<OrderWrite> writes)
    {
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new NpgsqlBatchCommand(WaitForStandby));
        batch.BatchCommands.Add(IdentityCommand(SelectStored, writes));
        await using var reader = await batch.ExecuteReaderAsync();
        await reader.NextResultAsync(); // past the place in the write-ahead log
        return await ReadReceiptsAsync(reader);
    }

    private static void AddWhereAny<T>(NpgsqlBatch batch, T[] rows, Func<T[], NpgsqlBatchCommand> command)
    {
        if (rows.Length > 0)
        {
            batch.BatchCommands.Add(command(rows));
        }
    }

    internal static (string Team, string Reference, Guid Id) Claimed(OrderWrite write) =>
        (write.Team, write.ClaimedReference!, write.OrderId);

    private static (string Team, string Reference, Guid Id) Released(OrderWrite write) =>
        (write.Team, write.ReleasedReference!, write.OrderId);

    private static async Task<Dictionary<Guid, WriteReceipt>> ReadReceiptsAsync(NpgsqlDataReader reader)
    {
        var receipts = new Dictionary<Guid, WriteReceipt>();
        do
        {
            while (await reader.ReadAsync())
            {
                receipts[reader.GetGuid(0)] = new WriteReceipt(
                    reader.GetInt64(1), reader.GetInt32(2), reader.GetDateTime(3), reader.GetDateTime(4));
            }
        }
        while (await reader.NextResultAsync());
        return receipts;
    }

    private static NpgsqlBatchCommand PlaceCommand(OrderWrite[] writes) => new(PlaceOrders)
    {
        Parameters =
        {
            Parameters.Column(writes, NpgsqlDbType.Uuid, write => write.OrderId),
            Parameters.Column(writes, NpgsqlDbType.Uuid, write => write.WriteId),
            Parameters.Column(writes, NpgsqlDbType.Text, write => write.Status.ToText()),
            Parameters.Column(writes, NpgsqlDbType.Text, write => write.Team),
            Parameters.Column(writes, NpgsqlDbType.TimestampTz, write => write.Content.Datetime),
            Parameters.Column(writes, NpgsqlDbType.Numeric, write => write.Content.TotalFee),
            Parameters.Column(writes, NpgsqlDbType.Boolean, write => write.Content.IsTotalFeeStated),
            Parameters.Column(writes, NpgsqlDbType.Text, write => write.Content.Reference),
            Parameters.Column(writes, NpgsqlDbType.Text, write => write.ContentJson),
            Parameters.Column(writes, NpgsqlDbType.Bytea, write => write.PersonalBox),
            Parameters.Column(writes, NpgsqlDbType.Text, write => write.Actor),
            Parameters.Column(writes, NpgsqlDbType.Bigint, write => write.CatalogEpoch),
            Parameters.Column(writes, NpgsqlDbType.TimestampTz, write => write.CreatedAt),
            Parameters.Column(writes, NpgsqlDbType.Text, write => write.Claim?.Key),
            Parameters.Column(writes, NpgsqlDbType.Text, write => write.Terms),
            Parameters.Column(writes, NpgsqlDbType.Bytea, write => write.NewSalt()),
            Parameters.Of(LogHash.BeforeFirst),
        },
    };

    private static NpgsqlBatchCommand ChangeCommand(OrderWrite[] writes) => new(ChangeOrders)
    {
        Parameters =
        {
            Parameters.Column(writes, NpgsqlDbType.Uuid, write => write.OrderId),
            Parameters.Column(writes, NpgsqlDbType.Uuid, write => write.WriteId),
            Parameters.Column(writes, NpgsqlDbType.Integer, write => write.BaseVersion),
            Parameters.Column(writes, NpgsqlDbType.Text, write => write.Status.ToText()),
            Parameters.Column(writes, NpgsqlDbType.TimestampTz, write => write.Content.Datetime),
            Parameters.Column(writes, NpgsqlDbType.Numeric, write => write.Content.TotalFee),
            Parameters.Column(writes, NpgsqlDbType.Boolean, write => write.Content.IsTotalFeeStated),
            Parameters.Column(writes, NpgsqlDbType.Text, write => write.Content.Reference),
            Parameters.Column(writes, NpgsqlDbType.Text, write => write.ContentJson),
            Parameters.Column(writes, NpgsqlDbType.Bytea, write => write.PersonalBox),
            Parameters.Column(writes, NpgsqlDbType.Text, write => write.Actor),
            Parameters.Column(writes, NpgsqlDbType.Boolean, write => write.IsDeleted),
            Parameters.Column(writes, NpgsqlDbType.Bigint, write => write.CatalogEpoch),
            Parameters.Column(writes, NpgsqlDbType.Interval, write => write.UpdatableAfter),
            Parameters.Column(writes, NpgsqlDbType.Text, write => write.ClaimedReference),
            Parameters.Column(writes, NpgsqlDbType.Text, write => write.Claim?.Key),
            Parameters.Column(writes, NpgsqlDbType.Text, write => write.Terms),
            Parameters.Column(writes, NpgsqlDbType.Text, write => write.Kind.ToText()),
            Parameters.Column(writes, NpgsqlDbType.Text, write => write.Reason),
            Parameters.Column(writes, NpgsqlDbType.Bytea, write => write.NewSalt()),
        },
    };

    private static NpgsqlBatchCommand ClaimKeysCommand(OrderWrite[] writes) => new(ClaimKeys)
    {
        Parameters =
        {
            Parameters.Column(writes, NpgsqlDbType.Text, write => write.Claim!.Caller),
            Parameters.Column(writes, NpgsqlDbType.Text, write => write.Claim!.Key),
            Parameters.Column(writes, NpgsqlDbType.Uuid, write => write.WriteId),
            Parameters.Column(writes, NpgsqlDbType.Uuid, write => write.OrderId),
            Parameters.Column(writes, NpgsqlDbType.Integer, write => write.BaseVersion + 1),
            Parameters.Column(writes, NpgsqlDbType.Integer, write => write.Claim!.AnswerStatus),
            Parameters.Column(writes, NpgsqlDbType.Bytea, write => write.Claim!.RequestDigest),
        },
    };

    private static NpgsqlBatchCommand ReleaseKeysCommand(OrderWrite[] writes) => new(ReleaseKeys)
    {
        Parameters =
        {
            Parameters.Column(writes, NpgsqlDbType.Text, write => write.Claim!.Caller),
            Parameters.Column(writes, NpgsqlDbType.Text, write => write.Claim!.Key),
            Parameters.Column(writes, NpgsqlDbType.Uuid, write => write.WriteId),
        },
    };

    internal static NpgsqlBatchCommand ReferenceCommand(string sql, (string Team, string Reference, Guid Id)[] rows) =>
        new(sql)
        {
            Parameters =
            {
                Parameters.Column(rows, NpgsqlDbType.Text, row => row.Team),
                Parameters.Column(rows, NpgsqlDbType.Text, row => row.Reference),
                Parameters.Column(rows, NpgsqlDbType.Uuid, row => row.Id),
            },
        };

    private static NpgsqlBatchCommand IdentityCommand(string sql, IReadOnlyList<OrderWrite> writes) => new(sql)
    {
        Parameters =
        {
            Parameters.Column(writes, NpgsqlDbType.Uuid, write => write.OrderId),
            Parameters.Column(writes, NpgsqlDbType.Uuid, write => write.WriteId),
        },
    };
}
