using Orderly.Server.Access;
using Orderly.Server.Http;
using Orderly.Server.Privacy;

namespace Orderly.Server.Orders;

/// <summary>How a value is compared with the one that a caller gave.</summary>
internal enum Comparison
{
    Equal,
    AtLeast,
    Above,
    AtMost,
    Below,
}

/// <summary>Whether deleted orders are wanted.</summary>
internal enum DeletedOrders
{
    Exclude,
    Include,
    Only,
}

/// <summary>A limit on one field: a decimal for totalfee, a long for number, an instant for the others.</summary>
internal sealed record Bound(string Field, Comparison Comparison, object Value)
{
    public bool IsUpper => Comparison is Comparison.AtMost or Comparison.Below or Comparison.Equal;

    public bool IsLower => Comparison is Comparison.AtLeast or Comparison.Above or Comparison.Equal;

    /// <summary>Whether what has the value itself is within.</summary>
    public bool HasValue => Comparison is not (Comparison.Above or Comparison.Below);
}

/// <summary>Which orders are wanted: those that fit everything it says. Read and checked, without SQL.</summary>
internal sealed record OrderFilter
{
    public const string Datetime = "datetime";
    public const string CreatedAt = "createdAt";
    public const string UpdatedAt = "updatedAt";
    public const string TotalFee = "totalfee";
    public const string Number = "number";

    /// <summary>What <c>metadata.region=eu</c> begins with.</summary>
    public const string MetadataPrefix = "metadata.";

    /// <summary>The fields that a list can be sorted by and limited to a range of.</summary>
    public static readonly IReadOnlyList<string> OrderedFields = [CreatedAt, Datetime, UpdatedAt, TotalFee, Number];

    /// <summary>Any of these; all where there are none.</summary>
    public IReadOnlyList<OrderStatus> Statuses { get; init; } = [];

    public IReadOnlyList<Bound> Bounds { get; init; } = [];

    /// <summary>Of these teams at the same time; two different ones leave nothing.</summary>
    public IReadOnlyList<string> Teams { get; init; } = [];

    public string? Reference { get; init; }

    /// <summary>All of these, see <see cref="OrderTerms"/>.</summary>
    public IReadOnlyList<string> Terms { get; init; } = [];

    public DeletedOrders Deleted { get; init; }

    /// <summary>
    /// What the caller asked for in one text, the same for the same filter: what a cursor is bound to.
    /// </summary>
    public string Identity { get; init; } = "";

    /// <summary>Whether all live orders are wanted.</summary>
    public bool IsAllLive =>
        Deleted == DeletedOrders.Exclude && Reference is null
        && Statuses.Count + Bounds.Count + Teams.Count + Terms.Count == 0;

    /// <summary>The same filter, and only what the caller may see.</summary>
    public OrderFilter Within(string? onlyTeam) => onlyTeam is null ? this : this with { Teams = [.. Teams, onlyTeam] };
}

/// <summary>Reads a filter of orders out of a query, with every fault of it.</summary>
internal static class OrderFilterInput
{
    private const int WordsMax = 16;
    private const int QueryLengthMax = 500;
    private const int MetadataFiltersMax = 10;
    private const int TeamLengthMax = 200;

    private static readonly (string Suffix, Comparison Comparison)[] Operators =
    [
        ("", Comparison.Equal), ("[gte]", Comparison.AtLeast), ("[gt]", Comparison.Above), ("[lte]", Comparison.AtMost),
        ("[lt]", Comparison.Below),
    ];

    private static readonly string[] Deleted = ["include", "only"];

    /// <summary>The parameters of a filter; those of metadata have the caller's names.</summary>
    public static readonly IReadOnlyList<string> Names =
    [
        "status", "service", "reference", "team", "customer.email", "q", "deleted",
        .. OrderFilter.OrderedFields.SelectMany(field => Operators.Select(op => field + op.Suffix)),
    ];

    public static IReadOnlyList<TakesParameter> Described { get; } =
    [
        new("status", "string", $"Any of these, with commas between them: {string.Join(", ", Order.StatusTexts)}.")
        {
            LengthMax = string.Join(',', Order.StatusTexts).Length, Pattern = "^[a-z]+(,[a-z]+)*$",
        },
        new("service", "string", "Orders with a line of this service record.")
        {
            LengthMax = Services.ServiceInput.IdLengthMax, Pattern = Services.ServiceInput.IdPattern,
        },
        .. OrderFilter.OrderedFields.SelectMany(field => Operators.Select(op => Describe(field, op.Suffix))),
        new("reference", "string", "The order with this reference.") { LengthMax = OrderInput.ReferenceLengthMax },
        new("team", "string", "Orders of this team.") { LengthMax = TeamLengthMax },
        new("customer.email", "string", "Orders for this address; case and space around it do not count.")
        {
            LengthMax = OrderInput.EmailLengthMax,
        },
        new("metadata", "object",
            "`metadata.<key>=<value>`: orders with this pair, such as `metadata.region=eu`; several (at most "
            + $"{MetadataFiltersMax}) must all be there.")
        {
            LengthMax = OrderInput.MetadataValueLengthMax,
        },
        new("q", "string",
            $"Orders that have every whole word of this (at most {WordsMax}), in any case, in their reference, the "
            + "names of their services or the values of their metadata.")
        {
            LengthMax = QueryLengthMax,
        },
        new("deleted", "string", "Deleted orders, too, or only those. Takes the scope `orders:delete`.")
        {
            Values = Deleted,
        },
    ];

    /// <summary>The filter that the query asks for, or why this caller may not ask for it.</summary>
    public static Result<OrderFilter> Read(QueryInput query, Caller caller, EmailIndex emails)
    {
        var filter = Read(query, emails);
        return filter.Deleted != DeletedOrders.Exclude && !caller.Scopes.Contains(Scopes.OrdersDelete)
            ? ApiKeyGate.MissingScope(caller, Scopes.OrdersDelete)
            : filter;
    }

    public static OrderFilter Read(QueryInput query, EmailIndex emails)
    {
        var identity = new List<string>();
        var statuses = query.Choices("status", Order.StatusTexts) ?? [];
        var filter = new OrderFilter
        {
            Statuses = [.. statuses.Select(Order.ParseStatus).OfType<OrderStatus>()],
            Bounds = [.. OrderFilter.OrderedFields.SelectMany(field => ReadBounds(query, field))],
            Reference = query.Text("reference", 1, OrderInput.ReferenceLengthMax),
            Teams = query.Text("team", 1, TeamLengthMax) is { } team ? [team] : [],
            Terms = [.. ReadTerms(query, emails).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)],
            Deleted = query.Choice("deleted", Deleted) switch
            {
                "include" => DeletedOrders.Include,
                "only" => DeletedOrders.Only,
                _ => DeletedOrders.Exclude,
            },
        };
        identity.AddRange(filter.Statuses.Order().Select(status => "status=" + status.ToText()));
        identity.AddRange(filter.Bounds.Select(bound => FormattableString.Invariant(
            $"{bound.Field} {bound.Comparison} {(bound.Value is DateTime at ? at.Ticks : bound.Value)}")));
        identity.AddRange(filter.Teams.Select(name => "team=" + name));
        identity.Add("reference=" + filter.Reference);
        identity.AddRange(filter.Terms);
        identity.Add(filter.Deleted.ToString());
        return filter with { Identity = string.Join('\0', identity) };
    }

    private static IEnumerable<Bound> ReadBounds(QueryInput query, string field)
    {
        foreach (var (suffix, comparison) in Operators)
        {
            if (ReadValue(query, field, field + suffix) is { } value)
            {
                yield return new Bound(field, comparison, value);
            }
        }
    }

    private static object? ReadValue(QueryInput query, string field, string name) => field switch
    {
        OrderFilter.TotalFee => query.Money(name),
        OrderFilter.Number => query.Count(name),
        _ => query.Instant(name),
    };

    private static IEnumerable<string> ReadTerms(QueryInput query, EmailIndex emails)
    {
        if (query.Text("service") is { } service)
        {
            if (!Services.ServiceInput.IsId(service))
            {
                query.Refuse("service", $"\"service\" is the id of a service record; {Suggestion.Quote(service)} is "
                    + "none.");
            }

            yield return OrderTerms.Service(service);
        }

        if (query.Text("customer.email", 1, OrderInput.EmailLengthMax) is { } email)
        {
            if (EmailIndex.Fold(email).Length == 0)
            {
                query.Refuse("customer.email", "\"customer.email\" is an address, not only space.");
            }

            yield return emails.TermOf(email);
        }

        foreach (var term in ReadMetadata(query).Concat(ReadWords(query)))
        {
            yield return term;
        }
    }

    private static IEnumerable<string> ReadMetadata(QueryInput query)
    {
        var count = 0;
        foreach (var name in query.NamesWith(OrderFilter.MetadataPrefix))
        {
            var key = name[OrderFilter.MetadataPrefix.Length..];
            if (++count > MetadataFiltersMax)
            {
                query.Refuse(name, $"At most {MetadataFiltersMax} pairs of metadata are looked for at a time.");
            }
            else if (key.EnumerateRunes().Count() > OrderInput.MetadataKeyLengthMax
                || key.Contains('\0', StringComparison.Ordinal))
            {
                query.Refuse(Suggestion.Cut(name),
                    $"A key of metadata has 1 to {OrderInput.MetadataKeyLengthMax} characters, none of them NUL.");
            }
            else if (query.Text(name, 0, OrderInput.MetadataValueLengthMax) is { } value)
            {
                yield return OrderTerms.Metadata(key, value);
            }
        }
    }

    private static IEnumerable<string> ReadWords(QueryInput query)
    {
        if (query.Text("q", 1, QueryLengthMax) is not { } text)
        {
            return [];
        }

        var words = OrderTerms.Words(text).Distinct(StringComparer.Ordinal).ToList();
        if (words.Count is 0 or > WordsMax)
        {
            query.Refuse("q", $"\"q\" has 1 to {WordsMax} words of letters or digits; there are {words.Count}.");
            return [];
        }

        return words.Select(OrderTerms.Word);
    }

    private static TakesParameter Describe(string field, string suffix)
    {
        var meaning = suffix switch
        {
            "" => "is exactly this",
            "[gte]" => "is this or more",
            "[gt]" => "is more than this",
            "[lte]" => "is this or less",
            _ => "is less than this",
        };
        var description = $"Orders whose {field} {meaning}.";
        return field switch
        {
            OrderFilter.TotalFee => new(field + suffix, "number", description),
            OrderFilter.Number => new(field + suffix, "integer", description)
            {
                Format = "int64", Minimum = 0, Maximum = long.MaxValue,
            },
            _ => Http.Described.Time(field + suffix, description),
        };
    }
}
