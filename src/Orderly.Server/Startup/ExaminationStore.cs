using System.Globalization;
using Npgsql;
using Orderly.Server.Database;

namespace Orderly.Server.Startup;

/// <summary>Looks at a database as whoever is on call would: what may lose data, and what is about to fail.</summary>
internal sealed class ExaminationStore(NpgsqlConnection connection, TimeProvider time)
{
    private const int VersionMin = 150000;
    private const int ConnectionsNeeded = 45;
    private const int ClockSecondsWarning = 2;
    private const int ClockSecondsFailure = 60;
    private const int PendingSecondsMax = 60;
    private const int TransactionMinutesMax = 15;
    private const long TransactionIdAgeMax = 1_000_000_000;
    private const long SlotBytesMax = 10L * 1024 * 1024 * 1024;
    private const int KeyDaysMin = 14;

    private const string SelectSettings =
        """
        select current_setting('server_version'), current_setting('server_version_num')::int,
            current_setting('fsync') = 'on', current_setting('synchronous_commit'),
            current_setting('full_page_writes') = 'on', current_setting('data_checksums') = 'on',
            current_setting('server_encoding'), current_setting('max_connections')::int,
            current_setting('superuser_reserved_connections')::int, current_setting('wal_level'),
            current_setting('archive_mode') <> 'off', current_setting('autovacuum') = 'on',
            current_setting('default_transaction_read_only') = 'on', pg_is_in_recovery(),
            (select rolsuper from pg_roles where rolname = current_user), clock_timestamp()
        """;

    private const string SelectBusiness =
        """
        select (select sum(numbackends)::bigint from pg_stat_database),
            (select age(datfrozenxid)::bigint from pg_database where datname = current_database()),
            coalesce((select extract(epoch from now() - min(xact_start))::bigint from pg_stat_activity
                where datname = current_database() and pid <> pg_backend_pid()), 0),
            coalesce((select max(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn))::bigint
                from pg_replication_slots where not active), 0)
        """;

    private const string SelectFeed =
        """
        select b.last_position, coalesce((select max(position) from feed), 0),
            (select count(*) from (select from pending limit 100001) p),
            coalesce((select extract(epoch from now() - min(r.recorded_at))::bigint
                from (select order_id, version from pending order by order_id, version limit 1000) p
                join revisions r on r.order_id = p.order_id and r.version = p.version), 0)
        from feed_bounds b
        """;

    private const string SelectKeys =
        """
        select count(*) filter (where k.expires_at is null),
            count(*) filter (where k.expires_at between now() and now() + $1),
            (select string_agg(name, ', ' order by name) from (
                select n.name from keys n
                where n.revoked_at is null and n.expires_at between now() and now() + $1
                order by n.expires_at limit 5) soon)
        from keys k
        where k.revoked_at is null and k.reach = 'all' and 'keys:manage' = any (k.scopes)
        """;

    /// <summary>Everything that can be asked of any PostgreSQL.</summary>
    public async Task<List<Diagnosis>> ExamineServerAsync() =>
    [
        .. await ReadAsync(SelectSettings, row => Settings(row)), .. await ReadAsync(SelectBusiness, Business),
        Encryption(),
    ];

    /// <summary>What can be asked only where the schema is there.</summary>
    public async Task<List<Diagnosis>> ExamineContentAsync() =>
    [
        .. await ReadAsync(SelectFeed, Feed),
        .. await ReadAsync(SelectKeys, Keys, Parameters.Of(TimeSpan.FromDays(KeyDaysMin))),
    ];

    private List<Diagnosis> Settings(NpgsqlDataReader row)
    {
        const string Topic = "database";
        var connections = row.GetInt32(7) - row.GetInt32(8);
        return
        [
            Diagnosis.Of(row.GetInt32(1) >= VersionMin, Severity.Failure, Topic, $"PostgreSQL {row.GetString(0)}",
                "It needs PostgreSQL 15 or newer: upgrade it (pg_upgrade)."),
            Switch(row.GetBoolean(2), Severity.Failure, "fsync", "A crash of the machine breaks data: set it on."),
            Diagnosis.Of(row.GetString(3) is not "off", Severity.Failure, Topic,
                $"synchronous_commit {row.GetString(3)}",
                "A crash loses orders that were acknowledged: set it to on."),
            Switch(row.GetBoolean(4), Severity.Failure, "full_page_writes", "A crash can break pages: set it on."),
            Switch(row.GetBoolean(5), Severity.Warning, "data_checksums",
                "Silent damage of a disk is not noticed: stop PostgreSQL and run pg_checksums --enable."),
            Diagnosis.Of(row.GetString(6) is "UTF8", Severity.Failure, Topic, $"encoding {row.GetString(6)}",
                "Make a database with encoding UTF8 and restore into it."),
            Diagnosis.Of(connections >= ConnectionsNeeded, Severity.Warning, Topic, Text($"{connections} connections"),
                Text($"One server uses up to {ConnectionsNeeded}: raise max_connections, or lower Maximum Pool Size.")),
            Diagnosis.Of(row.GetString(9) is not "minimal" && row.GetBoolean(10), Severity.Warning, "backup",
                row.GetBoolean(10) ? "the write-ahead log is archived" : "the write-ahead log is not archived",
                "Only dumps can be restored, not a point in time: see docs/operations/backup.md."),
            Switch(row.GetBoolean(11), Severity.Warning, "autovacuum", "Tables grow and slow down: set it on."),
            Diagnosis.Of(!row.GetBoolean(12) && !row.GetBoolean(13), Severity.Failure, Topic,
                row.GetBoolean(13) ? "this is a standby" : row.GetBoolean(12) ? "it is read-only" : "it takes writes",
                "Name the primary in ConnectionStrings:Orderly, or unset default_transaction_read_only."),
            Diagnosis.Of(!row.GetBoolean(14), Severity.Warning, "role",
                row.GetBoolean(14) ? "connects as a superuser" : "connects as an ordinary role",
                "Give the service a role of its own that owns its database and no more."),
            Clock((row.GetDateTime(15) - time.GetUtcNow().UtcDateTime).TotalSeconds),
        ];
    }

    private static Diagnosis Switch(bool isOn, Severity otherwise, string name, string advice) =>
        Diagnosis.Of(isOn, otherwise, "database", $"{name} {(isOn ? "on" : "off")}", advice);

    private static Diagnosis Clock(double seconds) => Diagnosis.Of(
        Math.Abs(seconds) < ClockSecondsWarning,
        Math.Abs(seconds) < ClockSecondsFailure ? Severity.Warning : Severity.Failure, "clock",
        Text($"PostgreSQL's clock is {Math.Abs(seconds):0.0} s {(seconds < 0 ? "behind" : "ahead of")} this machine's"),
        "Times of orders are PostgreSQL's, expiry of keys and tokens is judged by both: run NTP on each machine.");

    private static List<Diagnosis> Business(NpgsqlDataReader row) =>
    [
        Diagnosis.Of(row.GetInt64(1) < TransactionIdAgeMax, Severity.Failure, "database",
            Text($"oldest transaction id {row.GetInt64(1):N0} old"),
            "PostgreSQL stops at 2 billion: find out what keeps VACUUM from freezing, and run VACUUM FREEZE."),
        Diagnosis.Of(row.GetInt64(2) < TransactionMinutesMax * 60, Severity.Warning, "database",
            Text($"oldest transaction open for {row.GetInt64(2)} s"),
            "It keeps dead rows alive: look at pg_stat_activity, and end it unless it is a dump or a stream."),
        Diagnosis.Of(row.GetInt64(3) < SlotBytesMax, Severity.Warning, "database",
            Text($"unused replication slots keep {row.GetInt64(3):N0} bytes of the write-ahead log"),
            "The disk will fill: drop the slot (pg_drop_replication_slot), or start what used it."),
    ];

    private Diagnosis Encryption()
    {
        var text = new NpgsqlConnectionStringBuilder(connection.ConnectionString);
        var isLocal = text.Host is null or "localhost" or "127.0.0.1" or "::1" || text.Host.StartsWith('/');
        return Diagnosis.Of(isLocal || text.SslMode == SslMode.VerifyFull, Severity.Warning, "tls",
            isLocal ? "the database is on this machine" : $"SSL Mode {text.SslMode} to {text.Host}",
            "Whoever is in between can read and change orders: set SSL Mode=VerifyFull and Root Certificate.");
    }

    private static List<Diagnosis> Feed(NpgsqlDataReader row) =>
    [
        Diagnosis.Of(row.GetInt64(0) == row.GetInt64(1), Severity.Failure, "feed",
            Text($"ends at position {row.GetInt64(1)}, counted {row.GetInt64(0)}"),
            "Entries were removed or added by hand, or a restore is not whole: run verify, and restore a backup."),
        Diagnosis.Of(row.GetInt64(3) < PendingSecondsMax, Severity.Warning, "feed",
            Text($"{row.GetInt64(2)} changes wait for their place, the oldest for {row.GetInt64(3)} s"),
            "Readers fall behind: start a server, or look for event 2002 in its log."),
    ];

    private static List<Diagnosis> Keys(NpgsqlDataReader row) =>
    [
        Diagnosis.Of(row.GetInt64(0) > 0, Severity.Failure, "keys",
            Text($"{row.GetInt64(0)} keys that do not expire can manage keys"),
            "Nobody can make or revoke keys for long: set Orderly:BootstrapKey and restart a server."),
        Diagnosis.Of(row.IsDBNull(2), Severity.Warning, "keys",
            row.IsDBNull(2) ? Text($"none expires within {KeyDaysMin} days") : $"expire soon: {row.GetString(2)}",
            "Rotate them (POST /keys/{id}/rotate), or set expiresAt, before their callers are refused."),
    ];

    private async Task<List<Diagnosis>> ReadAsync(
        string sql, Func<NpgsqlDataReader, List<Diagnosis>> read, params NpgsqlParameter[] parameters)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.AddRange(parameters);
        await using var reader = await command.ExecuteReaderAsync();
        return await reader.ReadAsync() ? read(reader) : [];
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
