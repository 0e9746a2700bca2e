using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Orderly.Tests.Orders.Lists;

/// <summary>
/// What a list must be, found by looking at every order: written apart from the service and as plainly as can be.
/// </summary>
internal sealed partial class ListOracle(IReadOnlyList<ListedOrder> orders)
{
    /// <summary>The ids of the orders that fit each parameter, in order.</summary>
    public List<string> Answer(IReadOnlyList<(string Name, string Value)> parameters, string sort, string? onlyTeam)
    {
        var deleted = parameters.FirstOrDefault(parameter => parameter.Name == "deleted").Value;
        var found = orders.Where(order => deleted switch
            {
                null => !order.IsDeleted,
                "only" => order.IsDeleted,
                _ => true,
            })
            .Where(order => onlyTeam is null || order.Text("team") == onlyTeam)
            .Where(order => parameters.All(parameter => Fits(order, parameter.Name, parameter.Value)));
        var field = sort.TrimStart('-');
        var ascending = found.OrderBy(order => order.Key(field))
            .ThenBy(order => order.Text("id"), StringComparer.Ordinal).Select(order => order.Text("id"));
        return [.. sort[0] == '-' ? ascending.Reverse() : ascending];
    }

    private static bool Fits(ListedOrder order, string name, string value)
    {
        if (name.StartsWith("metadata."))
        {
            return order.Json.GetProperty("metadata").TryGetProperty(name["metadata.".Length..], out var member)
                && member.GetString() == value;
        }

        var bracket = name.IndexOf('[');
        if (bracket > 0 || name is "totalfee" or "number" or "datetime" or "createdAt" or "updatedAt")
        {
            var field = bracket > 0 ? name[..bracket] : name;
            var compared = order.Key(field).CompareTo(ListedOrder.ParseKey(field, value));
            return (bracket > 0 ? name[bracket..] : "") switch
            {
                "[gte]" => compared >= 0,
                "[gt]" => compared > 0,
                "[lte]" => compared <= 0,
                "[lt]" => compared < 0,
                _ => compared == 0,
            };
        }

        return name switch
        {
            "status" => value.Split(',').Contains(order.Text("status")),
            "service" => order.Lines.Any(line => line.GetProperty("id").GetString() == value),
            "reference" => order.Json.GetProperty("reference").GetString() == value,
            "team" => order.Text("team") == value,
            "customer.email" => string.Equals(order.Email, value.Trim(), StringComparison.OrdinalIgnoreCase),
            "q" => WordsOf(value).All(order.Words.Contains),
            "deleted" => true,
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, message: null),
        };
    }

    public static IEnumerable<string> WordsOf(string text) =>
        Word().Matches(text).Select(match => match.Value.ToLowerInvariant());

    [GeneratedRegex(@"[\p{L}\p{M}\p{N}]+", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Word();
}

/// <summary>One order as the service showed it, and whether it was deleted then.</summary>
internal sealed class ListedOrder(JsonElement json, bool isDeleted)
{
    public JsonElement Json { get; } = json;

    public bool IsDeleted { get; } = isDeleted;

    public IEnumerable<JsonElement> Lines => Json.GetProperty("services").EnumerateArray();

    public string? Email => Json.GetProperty("customer") is { ValueKind: JsonValueKind.Object } customer
        ? customer.GetProperty("email").GetString()
        : null;

    public HashSet<string> Words => Lines.Select(line => line.GetProperty("name").GetString()!)
        .Append(Json.GetProperty("reference").GetString() ?? "")
        .Concat(Json.GetProperty("metadata").EnumerateObject().Select(pair => pair.Value.GetString()!))
        .SelectMany(ListOracle.WordsOf).ToHashSet(StringComparer.Ordinal);

    public string Text(string field) => Json.GetProperty(field).GetString()!;

    public IComparable Key(string field) => field switch
    {
        "totalfee" => Json.GetProperty(field).GetDecimal(),
        "number" => (decimal)Json.GetProperty(field).GetInt64(),
        _ => Json.GetProperty(field).GetDateTimeOffset().UtcDateTime,
    };

    public static IComparable ParseKey(string field, string value) => field is "totalfee" or "number"
        ? decimal.Parse(value, NumberStyles.Float, CultureInfo.InvariantCulture)
        : DateTimeOffset.Parse(value, CultureInfo.InvariantCulture).UtcDateTime;
}
