using System.Globalization;
using Orderly.Contract.Problems;
using Orderly.Server.Access;
using Orderly.Server.Http;
using Orderly.Server.Observability;
using Orderly.Server.Privacy;

namespace Orderly.Server.Orders;

/// <summary>One page of orders, and which members of them the caller wants to see; null: all.</summary>
internal sealed record OrderList(Paged<StoredOrder> Page, FieldSelection? Fields);

/// <summary>
/// Lists orders by filter and sort, page by page, each page by key: the last is as cheap as the first.
/// </summary>
internal sealed class ListOrders(OrderListStore orders, EmailIndex emails, TimeProvider time)
{
    public const string DefaultSort = "-" + OrderFilter.CreatedAt;

    /// <summary>How a stream of CSV is laid out; nothing else takes it.</summary>
    public const string LayoutParameter = "csv";

    /// <summary>
    /// The fewest rows that are asked of the database: for one or two the planner would rather walk past a million
    /// orders, since it takes rare words for more common than they are.
    /// </summary>
    private const int FoundRowsMin = PageInput.SizeDefault + 1;

    private static readonly string[] Parameters =
        [PageInput.Limit.Name, PageInput.After.Name, "sort", PageInput.Count.Name, "fields", LayoutParameter,
            .. OrderFilterInput.Names];

    /// <summary>For lists that take more than a walk along one index.</summary>
    public SharedPlaces Places { get; } = new(orders.ListsMax, time);

    public async Task<Result<OrderList>> RunAsync(HttpRequest request, Caller caller, CancellationToken stop)
    {
        var query = QueryInput.Read(request, OrderFilter.MetadataPrefix, Parameters);
        if (OrderFilterInput.Read(query, caller, emails).IsRefused(out var notAllowed, out var filter))
        {
            return notAllowed;
        }

        var sort = Sort.Read(query, OrderFilter.OrderedFields, DefaultSort);
        var size = PageInput.Size(query);
        var countsExactly = PageInput.CountsExactly(query);
        var fields = FieldSelection.Read(query, OrderDocument.Fields);
        RefuseLayout(query, JsonBody.MediaType);
        var name = $"orders|{sort}|{filter.Identity}";
        var after = PageInput.Position(query, name, key => ParsePosition(key, sort));
        if (query.ToProblem() is { } problem)
        {
            return problem;
        }

        var asked = new Asked(filter.Within(caller.OnlyTeam), sort, after, size, name, countsExactly, fields);
        if (asked.IsWalk)
        {
            return await ReadAsync(asked, stop);
        }

        if (!await Places.TakeAsync(caller.KeyId, stop))
        {
            Meters.Overloads.Add(1, Meters.Label("reason", "no-list-place"));
            return Places.Refusal("lists with filters or counts");
        }

        try
        {
            return await ReadAsync(asked, stop);
        }
        finally
        {
            Places.GiveBack(caller.KeyId);
        }
    }

    /// <summary>Refuses to lay out what is not CSV.</summary>
    public static void RefuseLayout(QueryInput query, string mediaType)
    {
        if (query.Text(LayoutParameter) is not null)
        {
            query.Refuse(LayoutParameter, $"\"{LayoutParameter}\" says how CSV is laid out, which Accept: text/csv "
                + $"asks for; this is {mediaType}.");
        }
    }

    private async Task<Result<OrderList>> ReadAsync(Asked asked, CancellationToken stop)
    {
        var (filter, sort, after, size, name, countsExactly, fields) = asked;
        var rows = filter.IsAllLive ? size + 1 : Math.Max(size + 1, FoundRowsMin);
        if (await orders.FindAsync(filter, sort, after, rows, stop) is not { } found)
        {
            return TooBroad($"the orders can't be found, sorted by {sort.Field}", "Sort by the field that the filter "
                + "limits to a range");
        }

        var page = PageInput.Cut(
            found, size, name, order => FormatPosition(order, sort), OrderListStore.EndsEarly(found));
        if (countsExactly is null)
        {
            return new OrderList(page, fields);
        }

        return await CountAsync(filter, page, isFirst: after is null, countsExactly.Value, stop) is { } count
            ? new OrderList(page with { Count = count }, fields)
            : TooBroad("the orders can't be counted exactly", "Ask for count=estimate");
    }

    private async Task<RowCount?> CountAsync(
        OrderFilter filter, Paged<StoredOrder> page, bool isFirst, bool exactly, CancellationToken stop)
    {
        if (page.CountOfAll(isFirst) is { } all)
        {
            return new RowCount(all, IsExact: true);
        }

        if (exactly)
        {
            return await orders.CountAsync(filter, stop) is { } counted ? new RowCount(counted, IsExact: true) : null;
        }

        var seen = page.Rows.Count + (page.Next is null ? 0 : 1);
        return new RowCount(Math.Max(seen, await orders.EstimateAsync(filter, stop)), IsExact: false);
    }

    private static Problem TooBroad(string what, string remedy) => new(ProblemCode.ListTooBroad,
        $"Too many orders would have to be looked through: {what} within the time limit. {remedy}, or narrow the "
        + "filter, best by a shorter range or a rarer word.");

    private static string[] FormatPosition(StoredOrder last, Sort sort) =>
    [
        OrderQueryStore.KeyOf(last, sort) is var key && key is DateTime instant
            ? PageInput.KeyOf(instant)
            : ((IFormattable)key).ToString(format: null, CultureInfo.InvariantCulture),
        last.Id.ToString("N"),
    ];

    private static OrderPosition? ParsePosition(string[] texts, Sort sort)
    {
        if (texts is not [var text, var idText] || !Guid.TryParseExact(idText, "N", out var id))
        {
            return null;
        }

        object? key = sort.Field switch
        {
            OrderFilter.TotalFee => decimal.TryParse(
                text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount) ? amount : null,
            OrderFilter.Number => long.TryParse(
                text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null,
            _ => PageInput.InstantOf(text),
        };
        return key is null ? null : new OrderPosition(key, id);
    }

    /// <param name="Name">What a cursor is bound to.</param>
    /// <param name="CountsExactly">Null: does not count.</param>
    private sealed record Asked(
        OrderFilter Filter, Sort Sort, OrderPosition? After, int Size, string Name, bool? CountsExactly,
        FieldSelection? Fields)
    {
        /// <summary>Whether it goes along one index, and no more.</summary>
        public bool IsWalk => Filter.IsAllLive && CountsExactly is null;
    }
}
