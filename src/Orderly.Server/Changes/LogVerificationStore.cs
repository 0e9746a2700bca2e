using System.Data;
using Npgsql;
using Orderly.Server.Database;

namespace Orderly.Server.Changes;

/// <summary>
/// Reads the whole log for verification: streams in the order of an index, so that neither side keeps it in memory.
/// Everything is read in one snapshot.
/// </summary>
internal static class LogVerificationStore
{
    /// <summary>Streams in the order of an index; a sort or a hash table would hold the whole log.</summary>
    private const string StreamByKey =
        """
        set local jit = off; set local max_parallel_workers_per_gather = 0; set local enable_seqscan = off;
        set local enable_hashjoin = off; set local enable_sort = off; set local statement_timeout = 0
        """;

    private const string SetBasedAgain =
        "set local enable_hashjoin = on; set local enable_sort = on; set local enable_seqscan = on";

    /// <summary>
    /// The columns of the canonical bytes first, in their order (see <see cref="RevisionRow"/>). Of the order's own
    /// columns each that differs from the newest version sets a bit of differences.
    /// </summary>
    private const string CopyRevisions =
        """
        copy (
            select r.order_id, o.number, o.team, o.created_at, o.created_by, r.version, r.write_id, r.kind,
                r.recorded_at, r.actor, r.reason, r.status, r.deleted, r.totalfee_stated, r.content,
                r.personal_commitment, r.hash, r.personal_salt, r.personal, o.version,
                case when o.version = r.version then
                    (o.write_id <> r.write_id)::int + (o.status <> r.status)::int * 2
                    + (o.content <> r.content)::int * 4 + (o.personal is distinct from r.personal)::int * 8
                    + (o.totalfee_stated is distinct from r.totalfee_stated)::int * 16
                    + (o.updated_at <> r.recorded_at)::int * 32 + (o.updated_by <> r.actor)::int * 64
                    + (o.deleted_at is distinct from case when r.deleted then r.recorded_at end)::int * 128
                end,
                case when o.version = r.version then o.datetime end,
                case when o.version = r.version then o.totalfee::text end,
                case when o.version = r.version then o.reference end,
                case when r.personal is not null and r.personal_salt is null then (
                    select int4send(k.kek_version) || k.wrapped from order_keys k where k.order_id = r.order_id) end
            from revisions r
            left join orders o on o.order_id = r.order_id
            order by r.order_id, r.version
        ) to stdout (format binary)
        """;

    /// <summary>The columns of a leaf first, in their order.</summary>
    private const string CopyFeed =
        """
        copy (
            select f.position, f.order_id, f.version, f.appended_at, r.hash, f.leaf, c.note, c.frontier
            from feed f
            left join revisions r on r.order_id = f.order_id and r.version = f.version
            left join checkpoints c on c.tree_size = f.position
            order by f.position
        ) to stdout (format binary)
        """;

    private const string CopyPending = "copy (select order_id, version from pending) to stdout (format binary)";

    private const string SelectOrdersWithoutRevision =
        """
        select o.order_id
        from orders o
        where not exists (select from revisions r where r.order_id = o.order_id)
        order by o.order_id
        limit $1
        """;

    /// <summary>Checkpoints of a tree that is larger than the feed is.</summary>
    private const string SelectCheckpointsBeyond =
        "select tree_size from checkpoints where tree_size > $1 order by tree_size limit $2";

    private const string SelectBounds = "select last_position from feed_bounds";

    private const string SelectNewestNote = "select note from checkpoints order by tree_size desc limit 1";

    /// <summary>Versions that are not exactly once in the feed or on their way there.</summary>
    private const string SelectMisplaced =
        """
        select coalesce(r.order_id, f.order_id), coalesce(r.version, f.version), coalesce(f.times, 0)
        from revisions r
        full join (
            select order_id, version, count(*) as times
            from (select order_id, version from feed union all select order_id, version from pending) every
            group by order_id, version) f
            on f.order_id = r.order_id and f.version = r.version
        where f.times is null or f.times <> 1 or r.order_id is null
        limit $1
        """;

    /// <summary>Goes on in the snapshot of the caller's transaction.</summary>
    public static void Prepare(DatabaseSession session) => Execute(session, StreamByKey);

    public static void ReadRevisions(DatabaseSession session, Action<CopyRows> read) =>
        Copy(session, CopyRevisions, read);

    public static void ReadFeed(DatabaseSession session, Action<CopyRows> read) =>
        Copy(session, CopyFeed, read);

    public static void ReadPending(DatabaseSession session, Action<CopyRows> read) =>
        Copy(session, CopyPending, read);

    public static List<Guid> FindOrdersWithoutRevision(DatabaseSession session, int count) =>
        List(session, SelectOrdersWithoutRevision, row => row.GetGuid(0), Parameters.Of(count));

    public static List<long> FindCheckpointsBeyond(DatabaseSession session, long size, int count) =>
        List(session, SelectCheckpointsBeyond, row => row.GetInt64(0), Parameters.Of(size), Parameters.Of(count));

    /// <summary>What the feed's own count says; null: the row is missing.</summary>
    public static long? FindLastPosition(DatabaseSession session) =>
        List(session, SelectBounds, row => (long?)row.GetInt64(0)).FirstOrDefault();

    public static string? FindNewestNote(DatabaseSession session) =>
        List(session, SelectNewestNote, row => row.GetString(0)).FirstOrDefault();

    /// <summary>Needs a sort or a hash table, and is asked only when something is known to be wrong.</summary>
    public static List<(Guid OrderId, int Version, long Times)> FindMisplaced(DatabaseSession session, int count)
    {
        Execute(session, SetBasedAgain);
        return List(session, SelectMisplaced,
            row => (row.GetGuid(0), row.GetInt32(1), row.GetInt64(2)), Parameters.Of(count));
    }

    public static NpgsqlTransaction BeginSnapshot(DatabaseSession session)
    {
        var transaction = session.Connection.BeginTransaction(IsolationLevel.RepeatableRead);
        Execute(session, "set transaction read only");
        return transaction;
    }

    private static void Copy(DatabaseSession session, string sql, Action<CopyRows> read)
    {
        using var stream = session.Connection.BeginRawBinaryCopy(sql);
        read(new CopyRows(stream));
    }

    private static void Execute(DatabaseSession session, string sql)
    {
        using var command = new NpgsqlCommand(sql, session.Connection);
        command.ExecuteNonQuery();
    }

    private static List<T> List<T>(
        DatabaseSession session, string sql, Func<NpgsqlDataReader, T> map, params NpgsqlParameter[] parameters)
    {
        using var command = new NpgsqlCommand(sql, session.Connection);
        command.CommandTimeout = 0;
        command.Parameters.AddRange(parameters);
        using var reader = command.ExecuteReader();
        var values = new List<T>();
        while (reader.Read())
        {
            values.Add(map(reader));
        }

        return values;
    }
}
