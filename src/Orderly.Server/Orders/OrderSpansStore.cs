namespace Orderly.Server.Orders;

/// <summary>
/// Orders that the index of terms finds, by their creation, as SQL. It looks into one span of time after the other,
/// those of <c>order_spans</c> in <c>0007_list_spans.sql</c>, and stops with the one that fills the page.
/// <code>
///   all that fit, if they are few
///     └─ they are not ─► short spans, as many as should hold a page
///                          └─ they do not ─► long spans, each: all in it, if they are few
///                                                                └─ they are not ─► the short spans within it
/// </code>
/// A span where nothing fits costs the index about 70 µs, however many orders there are; spans without any order are
/// passed over, so that one order of 1900 does not make 2,000 of them.
/// </summary>
/// <param name="Found">The conditions that the index answers, on an order <c>o</c>.</param>
/// <param name="Within">Conditions on the creation of what it finds.</param>
/// <param name="Newest">None created later is wanted; the parameter may be null.</param>
/// <param name="Oldest">None created earlier is wanted; the parameter may be null.</param>
/// <param name="OrderBy">By creation.</param>
/// <param name="IsDescending">Whether that is from the newest to the oldest.</param>
/// <param name="Limit">For as many as are wanted.</param>
internal sealed record OrderSpansStore(
    string Found, string Within, string Newest, string Oldest, string OrderBy, bool IsDescending, string Limit)
{
    /// <summary>So many are few: they are read and sorted at once.</summary>
    public const int FewMax = 300;

    public const int ShortHours = 16;
    public const int LongHours = 512;

    /// <summary>Where spans are counted from; no order is older.</summary>
    public static readonly DateTime Origin = new(1800, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private static readonly string Short = $"interval '{ShortHours} hours'";
    private static readonly string Long = $"interval '{LongHours} hours'";
    private const string Live = "from orders where deleted_at is null";

    private string EdgeSign => IsDescending ? "<" : ">=";

    /// <summary>The ids of the first orders.</summary>
    /// <param name="shortSpans">In how many of them to look before the long ones.</param>
    /// <param name="triesAll">Whether there may be few in all.</param>
    public string Ids(string shortSpans, bool triesAll) =>
        $"""
        with recursive {(triesAll ? $"those as materialized ({Few("")})," : "")}
            ends as materialized (
                select least({Newest}, (select max(created_at) {Live})) as newest,
                    greatest({Oldest}, (select min(created_at) {Live})) as oldest
                {(triesAll ? $"where not {AreFew}" : "")}),
            edges as materialized (
                select newest, oldest, {(IsDescending
                    ? $"{InShort("newest")} + {Short} * (1 - {shortSpans})"
                    : $"{InShort("oldest")} + {Short} * {shortSpans}")} as edge
                from ends),
            long_spans (at) as (
                select {InLong("edge")} from edges where edge {(IsDescending ? "> oldest" : "<= newest")}
                union all
                select {InLong("n.at")}
                from edges e, long_spans l, lateral (
                    select {(IsDescending
                        ? $"max(created_at) as at {Live} and created_at < l.at"
                        : $"min(created_at) as at {Live} and created_at >= l.at + {Long}")}
                    offset 0) n
                where n.at {(IsDescending ? ">= e.oldest" : "<= e.newest")})
        select f.order_id from (
            {(triesAll ? $"({FirstOf("those")} where {AreFew} and {Within} {OrderBy} {Limit}) union all" : "")}
            (select s.order_id
                from edges e, {(IsDescending
                    ? ShortSpans(InShort("e.newest"), "e.edge")
                    : ShortSpans(InShort("e.oldest"), $"e.edge - {Short}"))} x (at),
                    lateral ({All("x.at")} where {Within} {OrderBy} {Limit}) s)
            union all
            (select s.order_id from edges e, long_spans l, lateral ({InLongSpan}) s)) f
        {Limit}
        """;

    /// <summary>Those of a long span beyond the short ones.</summary>
    private string InLongSpan =>
        $"""
        with those as materialized ({Few(InSpan("l.at"))})
        ({FirstOf("those")} where {AreFew} and o.created_at {EdgeSign} e.edge and {Within} {OrderBy} {Limit})
        union all
        (select s.order_id
            from {(IsDescending
                ? ShortSpans(InShort($"least(l.at + {Long}, e.edge)"), $"greatest(l.at, e.oldest) - {Short}")
                : ShortSpans(InShort("greatest(l.at, e.edge)"), $"least(l.at + {Long}, e.newest)"))} x (at),
                lateral ({All("x.at")}
                    where o.created_at >= l.at and o.created_at < l.at + {Long} and o.created_at {EdgeSign} e.edge
                        and {Within} {OrderBy} {Limit}) s
            where not {AreFew})
        """;

    private static string AreFew => $"((select count(*) from those) <= {FewMax})";

    private string Few(string inSpan) =>
        $"select o.order_id, o.created_at from orders o where {Found}{inSpan} limit {FewMax + 1}";

    /// <summary>Behind an offset, so that the planner goes by what is found, not along the order.</summary>
    private string All(string span) =>
        FirstOf($"(select o.order_id, o.created_at from orders o where {Found}{InSpan(span)} offset 0)");

    private static string FirstOf(string found) => $"select o.order_id from {found} o";

    private static string InSpan(string at) => $" and order_spans(o.created_at) && array[{at}]";

    private string ShortSpans(string from, string to) =>
        $"generate_series({from}, {to}, {(IsDescending ? "-" : "")}{Short})";

    /// <summary>When the short span that holds an instant begins.</summary>
    private static string InShort(string at) => $"date_bin({Short}, {at}, timestamptz '1800-01-01 00:00:00+00')";

    /// <summary>When the long span that holds an instant begins.</summary>
    private static string InLong(string at) => $"date_bin({Long}, {at}, timestamptz '1800-01-01 00:00:01+00')";
}
