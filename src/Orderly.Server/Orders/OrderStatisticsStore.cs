using Npgsql;
using Orderly.Server.Database;

namespace Orderly.Server.Orders;

/// <summary>
/// Keeps what PostgreSQL's statistics say of the orders. One caller a minute reads it anew; the others go on with what
/// is known meanwhile, and so does that one where it can't be read.
/// </summary>
internal sealed class OrderStatisticsStore(ReadDataSource database, TimeProvider time) : IDisposable
{
    private const int KeptSeconds = 60;
    private const int NothingKeptSeconds = 5;

    /// <summary>As in PostgreSQL's analysis of arrays.</summary>
    private const int DroppedBelow = 9;

    private const double LookedAtForKept = 1_000 / 7.0;

    private const string Select =
        """
        select s.attname::text, c.reltuples::float8,
            s.most_common_vals::text::text[], s.most_common_freqs::float8[],
            s.most_common_elems::text::text[], s.most_common_elem_freqs::float8[],
            case when s.attname in ('totalfee', 'number') then s.histogram_bounds::text::float8[]
                when s.attname in ('created_at', 'updated_at', 'datetime') then array(
                    select extract(epoch from v.at)::float8
                    from unnest(s.histogram_bounds::text::timestamptz[]) with ordinality v (at, i) order by v.i) end,
            case when s.attname in ('totalfee', 'number') then s.most_common_vals::text::float8[]
                when s.attname in ('created_at', 'updated_at', 'datetime') then array(
                    select extract(epoch from v.at)::float8
                    from unnest(s.most_common_vals::text::timestamptz[]) with ordinality v (at, i) order by v.i) end,
            s.correlation::float8,
            -- How many elements are kept at most, and how many an order has on the average.
            10 * coalesce(nullif(a.attstattarget, -1), current_setting('default_statistics_target')::integer),
            s.elem_count_histogram[array_upper(s.elem_count_histogram, 1)]::float8
        from pg_class c
        join pg_namespace n on n.oid = c.relnamespace
        join pg_stats s on s.schemaname = n.nspname and s.tablename = c.relname
        join pg_attribute a on a.attrelid = c.oid and a.attname = s.attname
        where c.oid = to_regclass('orders')
            and s.attname in
                ('terms', 'status', 'team', 'created_at', 'updated_at', 'datetime', 'totalfee', 'number')
        """;

    private readonly SemaphoreSlim _once = new(1, 1);
    private volatile Known? _known;

    /// <summary>Null where there are none, as of a database that is new.</summary>
    public async ValueTask<OrderStatistics?> GetAsync(CancellationToken stop)
    {
        var before = _known;
        if (before is not null && (IsNew(before) || !await _once.WaitAsync(0, stop)))
        {
            return before.Statistics; // where it is not new, somebody else reads it just now
        }

        if (before is null)
        {
            await _once.WaitAsync(stop);
        }

        try
        {
            if (_known is not { } known || !IsNew(known))
            {
                _known = known = new Known(await ReadAsync(stop), time.GetTimestamp());
            }

            return known.Statistics;
        }
        catch (Exception exception) when (before is not null && DatabaseFailure.IsDatabase(exception))
        {
            _known = before with { ReadAt = time.GetTimestamp() };
            return before.Statistics;
        }
        finally
        {
            _once.Release();
        }
    }

    public void Dispose() => _once.Dispose();

    private bool IsNew(Known known) => time.GetElapsedTime(known.ReadAt).TotalSeconds
        < (known.Statistics is null ? NothingKeptSeconds : KeptSeconds);

    private Task<OrderStatistics?> ReadAsync(CancellationToken stop) =>
        database.LookUpAsync(Select, _ => { }, reader => ReadAsync(reader, stop), stop);

    private static async Task<OrderStatistics?> ReadAsync(NpgsqlDataReader reader, CancellationToken stop)
    {
        OrderStatistics? read = null;
        while (await reader.ReadAsync(stop))
        {
            read ??= new OrderStatistics(
                reader.GetDouble(1), ValueShares.None, ValueShares.None, ValueShares.None,
                new Dictionary<string, ValueSpread>(StringComparer.Ordinal));
            read = reader.GetString(0) switch
            {
                "terms" => read with { Terms = SharesOfElements(reader) },
                "status" => read with { Statuses = SharesOf(Array<string>(reader, 2), Array<double>(reader, 3)) },
                "team" => read with { Teams = SharesOf(Array<string>(reader, 2), Array<double>(reader, 3)) },
                var column => read with
                {
                    Spreads = new Dictionary<string, ValueSpread>(read.Spreads, StringComparer.Ordinal)
                    {
                        [FieldOf(column)] = new ValueSpread(
                            Array<double>(reader, 6), Array<double>(reader, 7), Array<double>(reader, 3))
                        {
                            Correlation = reader.IsDBNull(8) ? 0 : reader.GetDouble(8),
                        },
                    },
                },
            };
        }

        return read is { Rows: > 0 } && read.Spreads.TryGetValue(OrderFilter.CreatedAt, out var created)
            && created.IsKnown ? read : null;
    }

    private static string FieldOf(string column) => column switch
    {
        "created_at" => OrderFilter.CreatedAt,
        "updated_at" => OrderFilter.UpdatedAt,
        _ => column,
    };

    private static ValueShares SharesOf(string[] values, double[] shares) =>
        new(ByValue(values, shares), Math.Max(0, 1 - shares.Sum()));

    /// <summary>
    /// Shares of elements end with the least and the greatest of them, and that of null. PostgreSQL drops elements that
    /// are rarer than nine in as many as it looks at between two times of dropping; any other than those it keeps is,
    /// unless there are more than it may keep.
    /// </summary>
    private static ValueShares SharesOfElements(NpgsqlDataReader reader)
    {
        var (values, shares) = (Array<string>(reader, 4), Array<double>(reader, 5));
        var (keptMax, ofOrder) = (reader.GetInt32(9), reader.IsDBNull(10) ? 1 : reader.GetDouble(10));
        var dropped = DroppedBelow * ofOrder / (keptMax * LookedAtForKept);
        return new ValueShares(
            ByValue(values, shares),
            shares.Length <= values.Length ? 1 : values.Length < keptMax ? dropped : shares[values.Length]);
    }

    private static Dictionary<string, double> ByValue(string[] values, double[] shares) => values
        .Zip(shares)
        .ToDictionary(pair => pair.First, pair => pair.Second, StringComparer.Ordinal);

    private static T[] Array<T>(NpgsqlDataReader reader, int column) =>
        reader.IsDBNull(column) ? [] : reader.GetFieldValue<T[]>(column);

    private sealed record Known(OrderStatistics? Statistics, long ReadAt);
}
