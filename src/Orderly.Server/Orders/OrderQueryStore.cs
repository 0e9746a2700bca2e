using Npgsql;
using NpgsqlTypes;
using Orderly.Server.Database;
using Orderly.Server.Http;

namespace Orderly.Server.Orders;

/// <summary>Where a page of orders goes on: behind the one with this value of the sort's field, and this id.</summary>
internal sealed record OrderPosition(object Key, Guid Id);

/// <summary>
/// A filter and a sort as SQL. The text is put together from constants only; every value is a parameter. What it
/// gives can be run as it is: a page, all orders for a stream, or how many there are.
/// </summary>
internal sealed class OrderQueryStore
{
    private const string SelectRows = $"select {OrderStore.Columns} from orders o";
    private const string Live = "o.deleted_at is null";
    private const string Deleted = "o.deleted_at is not null";

    private readonly List<NpgsqlParameter> _parameters = [];
    private readonly List<string> _conditions = [];
    private readonly DeletedOrders _deleted;

    private OrderQueryStore(OrderFilter filter)
    {
        _deleted = filter.Deleted;
        AddColumns(filter);
    }

    private void AddColumns(OrderFilter filter)
    {
        if (filter.Statuses.Count == 1)
        {
            _conditions.Add($"o.status = {Take(Parameters.Of(filter.Statuses[0].ToText()))}");
        }
        else if (filter.Statuses.Count > 1)
        {
            _conditions.Add($"o.status = any ({Take(
                Parameters.Column(filter.Statuses, NpgsqlDbType.Text, status => status.ToText()))})");
        }

        foreach (var team in filter.Teams)
        {
            _conditions.Add($"o.team = {Take(Parameters.Of(team))}");
        }

        if (filter.Reference is { } reference)
        {
            _conditions.Add($"o.reference = {Take(Parameters.Of(reference))}");
        }

        if (filter.Terms.Count > 0)
        {
            _conditions.Add($"o.terms @> {Take(Parameters.Column(filter.Terms, NpgsqlDbType.Text, term => term))}");
        }

        foreach (var bound in filter.Bounds)
        {
            _conditions.Add($"{ColumnOf(bound.Field)} {SignOf(bound.Comparison)} {Take(bound.Value)}");
        }
    }

    /// <summary>
    /// The first orders behind a position. How they are found is left to the planner, which may walk along the sort's
    /// index until it has enough. Where that index has all that the filter asks for, the table is read for the page
    /// only.
    /// </summary>
    public static NpgsqlBatchCommand Page(OrderFilter filter, Sort sort, OrderPosition? after, int count)
    {
        var query = new OrderQueryStore(filter);
        query.StartBehind(sort, after);
        var limit = $"limit {query.Take(Parameters.Of(count))}";
        var others = filter.Bounds.Count(bound => !sort.IsBy(bound.Field))
            + (sort.IsBy(OrderFilter.CreatedAt) ? 0 : filter.Statuses.Count + filter.Teams.Count);
        if (query.Branches is [var only] && (others == 0 || filter.Terms.Count > 0))
        {
            return query.ToCommand($"{SelectRows} where {query.Where(only)} {OrderBy(sort)} {limit}");
        }

        // Only ids, from the index. Live and deleted orders have their own: the first of each, and of those the first.
        var first = query.Branches.Select(branch =>
            $"(select o.order_id, {ColumnOf(sort.Field)} as key from orders o where {query.Where(branch)} "
            + $"{OrderBy(sort)} {limit})");
        return query.ToCommand(Fetch(string.Join(" union all ", first), sort, limit));
    }

    /// <summary>
    /// The same page, found the other way: everything that fits first, by the filter's own indexes, then sorted.
    /// </summary>
    public static NpgsqlBatchCommand GatheredPage(OrderFilter filter, Sort sort, OrderPosition? after, int count)
    {
        var query = new OrderQueryStore(filter);
        query.StartBehind(sort, after);
        var all = query.Branches.Select(branch =>
            $"(select o.order_id, {ColumnOf(sort.Field)} as key from orders o where {query.Where(branch)} offset 0)");
        var limit = $"limit {query.Take(Parameters.Of(count))}";
        return query.ToCommand(Fetch(string.Join(" union all ", all), sort, limit));
    }

    /// <summary>
    /// The same page among the first orders of a range, each of which is then read for the rest of the filter. They may
    /// not be enough to fill it. All of the range are found by its index, or the first by the sort's if that knows it.
    /// </summary>
    public static NpgsqlBatchCommand ReadPage(
        OrderFilter filter, Sort sort, OrderPosition? after, int count, ListWay way)
    {
        var bounds = filter.Bounds.ToLookup(
            bound => sort.IsBy(bound.Field) || string.Equals(bound.Field, way.RangeField, StringComparison.Ordinal));
        var query = new OrderQueryStore(filter with { Terms = [], Bounds = [.. bounds[true]] });
        query.StartBehind(sort, after);
        var all = sort.IsBy(OrderFilter.CreatedAt) ? "offset 0" : "";
        var found = $"select o.order_id, {ColumnOf(sort.Field)} as key from orders o where {query.Where(Live)} {all}";
        var first = $"select f.order_id, f.key from ({found}) f {OrderBy("f.key", "f.order_id", sort)} "
            + $"limit {query.Take(Parameters.Of(way.ReadOfRange))}";
        query._conditions.Clear();
        query.AddRead(filter.Terms);
        query.AddColumns(new OrderFilter { Bounds = [.. bounds[false]] });
        var rest = string.Join(" and ", query._conditions);
        return query.ToCommand($"select {OrderStore.Columns} from ({first}) p, "
            + $"lateral (select * from orders o where o.order_id = p.order_id and {rest} offset 0) o "
            + $"{OrderBy("p.key", "p.order_id", sort)} limit {query.Take(Parameters.Of(count))}");
    }

    /// <summary>
    /// The same page, walked to past a limited number of orders, which may not be enough to fill it.
    /// </summary>
    public static NpgsqlBatchCommand WalkedPage(
        OrderFilter filter, Sort sort, OrderPosition? after, int count, ListWay way)
    {
        var query = new OrderQueryStore(new OrderFilter
        {
            Bounds = [.. filter.Bounds.Where(bound => sort.IsBy(bound.Field))],
        });
        query.StartBehind(sort, after);
        var walked = query.Walked(filter, sort, way);
        if (way.ComparedTerm is { } term)
        {
            query.AddColumns(filter with { Bounds = [], Terms = [term] });
            query.AddRead([.. filter.Terms.Except([term], StringComparer.Ordinal)]);
            return query.ToCommand(query.ComparedWith(walked, sort, count));
        }

        query._conditions.Clear();
        query.AddColumns(filter with
        {
            Statuses = way.WalksStatus ? [] : filter.Statuses,
            Teams = way.WalksTeam ? [] : filter.Teams,
            Bounds = [.. filter.Bounds.Where(bound => !sort.IsBy(bound.Field))],
        });
        return query.ToCommand($"select {OrderStore.Columns} from (select * {walked}) o "
            + $"where {string.Join(" and ", query._conditions)} {OrderBy(sort, way)} "
            + $"limit {query.Take(Parameters.Of(count))}");
    }

    /// <summary>
    /// The orders to walk past. Those of one status or team come in the order of its index, which no other index has:
    /// the planner would otherwise walk past all orders, where it takes most for such.
    /// </summary>
    private string Walked(OrderFilter filter, Sort sort, ListWay way)
    {
        var conditions = _conditions.Prepend(Live).ToList();
        if (ColumnOf(way) is { } column)
        {
            var value = Take(Parameters.Of(way.WalksStatus ? filter.Statuses[0].ToText() : filter.Teams[0]));
            conditions.Add($"({column}, o.created_at) >= ({value}, {Oldest(way)})");
            conditions.Add($"({column}, o.created_at) <= ({value}, {Newest(way)})");
        }

        return $"from orders o where {string.Join(" and ", conditions)} "
            + $"{OrderBy(sort, way)} limit {Take(Parameters.Of(way.WalkedRows))}";
    }

    /// <summary>
    /// The page among those walked past, which are told from the others by the first and the last of them, so that
    /// their index and that of terms can be compared before any order is read.
    /// </summary>
    private string ComparedWith(string walked, Sort sort, int count)
    {
        var key = ColumnOf(sort.Field);
        _conditions.Add($"{key} >= (select least from walked)");
        _conditions.Add($"{key} <= (select most from walked)");
        var found = $"select o.order_id, {key} as key from orders o where {Where(Live)} offset 0";
        return $"with walked as materialized (select min(w.key) as least, max(w.key) as most "
            + $"from (select {key} as key {walked}) w) {Fetch(found, sort, $"limit {Take(Parameters.Of(count))}")}";
    }

    private static string? ColumnOf(ListWay way) => way.WalksStatus ? "o.status" : way.WalksTeam ? "o.team" : null;

    /// <summary>All walked past have the same in the column, if there is one.</summary>
    private static string OrderBy(Sort sort, ListWay way) => ColumnOf(way) is { } column
        ? OrderBy(sort.IsDescending ? column + " desc, o.created_at" : column + ", o.created_at", "o.order_id", sort)
        : OrderBy(sort);

    private string Newest(ListWay way) => $"coalesce({Take(Parameters.OfNullable(way.Newest))}, 'infinity')";

    private string Oldest(ListWay way) => $"coalesce({Take(Parameters.OfNullable(way.Oldest))}, '-infinity')";

    /// <summary>The same page, found by the index of terms alone, in one span of time after the other.</summary>
    public static NpgsqlBatchCommand SpannedPage(
        OrderFilter filter, Sort sort, OrderPosition? after, int count, SpanSearch search)
    {
        var query = new OrderQueryStore(new OrderFilter());
        var bounds = filter.Bounds.ToLookup(bound => sort.IsBy(bound.Field));
        query.AddIndexed(filter, search);
        query.AddRead(bounds[false]);
        var found = query.Where(Live);
        query._conditions.Clear();
        query.AddColumns(new OrderFilter { Bounds = [.. bounds[true]] });
        query.StartBehind(sort, after);
        var within = query._conditions.Count == 0 ? "true" : string.Join(" and ", query._conditions);
        var spans = new OrderSpansStore(
            found, within,
            query.Take(Parameters.OfNullable(search.Newest)), query.Take(Parameters.OfNullable(search.Oldest)),
            OrderBy(sort), sort.IsDescending, $"limit {query.Take(Parameters.Of(count))}");
        var ids = spans.Ids(query.Take(Parameters.Of(search.ShortSpans)), search.TriesAll);
        // Lateral, since the planner takes them for a hundred thousand, and would read the whole table to join it.
        return query.ToCommand($"select {OrderStore.Columns} from ({ids}) p, "
            + $"lateral (select * from orders o where o.order_id = p.order_id offset 0) o {OrderBy(sort)}");
    }

    /// <summary>Every order that fits, in order.</summary>
    public static NpgsqlBatchCommand All(OrderFilter filter, Sort sort)
    {
        var query = new OrderQueryStore(filter);
        return query.ToCommand(query.Branches is [var only]
            ? $"{SelectRows} where {query.Where(only)} {OrderBy(sort)}"
            : query.Merged(sort));
    }

    /// <summary>How many fit.</summary>
    public static NpgsqlBatchCommand Count(OrderFilter filter)
    {
        var query = new OrderQueryStore(filter);
        return query.ToCommand(
            $"select count(*) from ({string.Join(" union all ", query.Branches.Select(query.SelectIds))}) found");
    }

    /// <summary>How many the planner believes to fit, as the plan in JSON.</summary>
    public static NpgsqlBatchCommand Estimate(OrderFilter filter)
    {
        var query = new OrderQueryStore(filter);
        return query.ToCommand(
            $"explain (format json) {string.Join(" union all ", query.Branches.Select(query.SelectIds))}");
    }

    /// <summary>Conditions that the index of terms knows, and no other index, and those that none knows.</summary>
    private void AddIndexed(OrderFilter filter, SpanSearch search)
    {
        var terms = filter.Terms.Except(search.ReadTerms, StringComparer.Ordinal).ToArray();
        _conditions.Add($"o.terms @> {Take(Parameters.Column(terms, NpgsqlDbType.Text, term => term))}");
        AddRead(search.ReadTerms);
        if (filter.Statuses.Count > 0)
        {
            _conditions.Add($"array[{(search.ReadsStatus ? "o.status || ''" : "o.status")}] && {Take(
                Parameters.Column(filter.Statuses, NpgsqlDbType.Text, status => status.ToText()))}");
        }

        foreach (var team in filter.Teams)
        {
            _conditions.Add($"array[o.team] && {Take(
                Parameters.Column([team], NpgsqlDbType.Text, name => name))}");
        }
    }

    /// <summary>Terms that orders are read for, since no index has what they are compared with.</summary>
    private void AddRead(IReadOnlyList<string> terms)
    {
        if (terms.Count > 0)
        {
            _conditions.Add(
                $"(o.terms || '{{}}'::text[]) @> {Take(Parameters.Column(terms, NpgsqlDbType.Text, term => term))}");
        }
    }

    /// <summary>Ranges that orders are read for, since no index has what they are compared with.</summary>
    private void AddRead(IEnumerable<Bound> bounds)
    {
        foreach (var bound in bounds)
        {
            var nothing = bound.Value is DateTime ? "interval '0'" : "0";
            _conditions.Add(
                $"({ColumnOf(bound.Field)} + {nothing}) {SignOf(bound.Comparison)} {Take(bound.Value)}");
        }
    }

    /// <summary>The value of an order in the sort's field.</summary>
    public static object KeyOf(StoredOrder order, Sort sort) => sort.Field switch
    {
        OrderFilter.Datetime => order.Content.Datetime.ToUniversalTime(),
        OrderFilter.UpdatedAt => order.UpdatedAt,
        OrderFilter.TotalFee => order.Content.TotalFee,
        OrderFilter.Number => order.Number,
        _ => order.CreatedAt,
    };

    /// <summary>Each has a partial index for each sort, or is small.</summary>
    private string[] Branches => _deleted switch
    {
        DeletedOrders.Exclude => [Live],
        DeletedOrders.Only => [Deleted],
        DeletedOrders.Include => [Live, Deleted],
    };

    private static string ColumnOf(string field) => field switch
    {
        OrderFilter.CreatedAt => "o.created_at",
        OrderFilter.Datetime => "o.datetime",
        OrderFilter.UpdatedAt => "o.updated_at",
        OrderFilter.TotalFee => "o.totalfee",
        OrderFilter.Number => "o.number",
        _ => throw new ArgumentOutOfRangeException(nameof(field), field, message: null),
    };

    private static string SignOf(Comparison comparison) => comparison switch
    {
        Comparison.Equal => "=",
        Comparison.AtLeast => ">=",
        Comparison.Above => ">",
        Comparison.AtMost => "<=",
        Comparison.Below => "<",
    };

    private static string OrderBy(Sort sort) => OrderBy(ColumnOf(sort.Field), "o.order_id", sort);

    private static string OrderBy(string key, string id, Sort sort) =>
        sort.IsDescending ? $"order by {key} desc, {id} desc" : $"order by {key}, {id}";

    /// <summary>The rows of the first ids among those found, which are few: each is fetched by its key.</summary>
    private static string Fetch(string found, Sort sort, string limit) =>
        $"{SelectRows} join (select f.order_id from ({found}) f {OrderBy("f.key", "f.order_id", sort)} {limit}) p "
        + $"on p.order_id = o.order_id {OrderBy(sort)}";

    /// <summary>Both branches along their own indexes, merged, where one statement over both would sort all.</summary>
    private string Merged(Sort sort)
    {
        var branches = Branches.Select(branch => $"select o.* from orders o where {Where(branch)}");
        return $"select {OrderStore.Columns} from ({string.Join(" union all ", branches)}) o {OrderBy(sort)}";
    }

    private string SelectIds(string branch) => $"select o.order_id from orders o where {Where(branch)}";

    private string Where(string branch) => string.Join(" and ", [branch, .. _conditions]);

    private void StartBehind(Sort sort, OrderPosition? after)
    {
        if (after is not null)
        {
            _conditions.Add($"({ColumnOf(sort.Field)}, o.order_id) {(sort.IsDescending ? '<' : '>')} "
                + $"({Take(after.Key)}, {Take(Parameters.Of(after.Id))})");
        }
    }

    private string Take(object value) => Take(value switch
    {
        DateTime instant => Parameters.Of(instant),
        decimal amount => Parameters.Of(amount),
        long number => Parameters.Of(number),
        _ => throw new ArgumentOutOfRangeException(nameof(value), value, message: null),
    });

    private string Take(NpgsqlParameter parameter)
    {
        _parameters.Add(parameter);
        return $"${_parameters.Count}";
    }

    private NpgsqlBatchCommand ToCommand(string sql)
    {
        var command = new NpgsqlBatchCommand(sql);
        command.Parameters.AddRange(_parameters.ToArray());
        return command;
    }
}
