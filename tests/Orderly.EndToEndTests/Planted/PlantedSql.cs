namespace Orderly.EndToEndTests.Planted;

/// <summary>Bugs in the database of a test, each as a well-known way to build such a service has them.</summary>
internal static class PlantedSql
{
    /// <summary>
    /// The feed is numbered by a sequence and read by <c>seq &gt; cursor</c>: numbers are given before the commit and
    /// seen after it, so a reader goes past what is not committed yet.
    /// </summary>
    public static readonly IReadOnlyList<string> SequenceAsPosition =
    [
        "create sequence planted_position",
        """
        create function planted_append() returns trigger language plpgsql as $$
        begin
            insert into feed (position, order_id, version, appended_at)
            values (nextval('planted_position'), new.order_id, new.version, now());
            perform pg_sleep(random() * 0.01);
            return null;
        end $$
        """,
        "create trigger planted before insert on pending for each row execute function planted_append()",
        "alter table feed_bounds rename to feed_bounds_unused",
        """
        create view feed_bounds as
        select true as only_row, coalesce((select max(position) from feed), 0) as last_position,
            0::bigint as forgotten_position
        """,
    ];

    /// <summary>Events are published beside the transaction, and some never are.</summary>
    public static readonly IReadOnlyList<string> EventsGetLost = SwallowInserts("pending");

    /// <summary>History is written beside the transaction, and some never is.</summary>
    public static readonly IReadOnlyList<string> HistoryGetsLost = SwallowInserts("revisions");

    /// <summary>A commit is acknowledged before it is on disk, and written there seconds later.</summary>
    public static readonly IReadOnlyList<string> AcknowledgedBeforeDurable =
    [
        "alter system set synchronous_commit = off",
        "alter system set wal_writer_delay = '10s'",
        "alter system set wal_writer_flush_after = '64MB'",
        "select pg_reload_conf()",
    ];

    /// <summary>One in 32 rows is silently not there.</summary>
    private static IReadOnlyList<string> SwallowInserts(string table) =>
    [
        """
        create function planted_swallow() returns trigger language plpgsql as $$
        begin
            return case when get_byte(uuid_send(new.order_id), 15) % 32 = 0 and new.version > 1 then null else new end;
        end $$
        """,
        $"create trigger planted before insert on {table} for each row execute function planted_swallow()",
    ];
}
