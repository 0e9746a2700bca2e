using System.Text.Json.Serialization;

namespace Orderly.Bench.EfCore;

internal sealed record ServiceInput(string Name, decimal? Fee);

internal sealed record OrderLineInput(string Id, int? Quantity, decimal? Fee, string? Name);

internal sealed record OrderInput(
    DateTimeOffset? Datetime,
    [property: JsonPropertyName("totalfee")] decimal? TotalFee,
    string? Currency,
    List<OrderLineInput>? Services,
    string? Reference,
    string? Notes,
    Dictionary<string, string>? Metadata)
{
    private const int LinesMax = 200;

    public Dictionary<string, string[]> Validate()
    {
        var errors = new Dictionary<string, string[]>(StringComparer.Ordinal);
        if (Datetime is null) errors["datetime"] = ["is required"];
        if (TotalFee < 0) errors["totalfee"] = ["must be 0 or more"];
        if (Currency is not null && Currency.Length != 3) errors["currency"] = ["must be an ISO 4217 code"];
        if (Reference is not null && Reference.Length is < 1 or > 100) errors["reference"] = ["1 to 100 characters"];
        if (Notes?.Length > 4000) errors["notes"] = ["at most 4,000 characters"];
        if (Metadata?.Count > 50 || Metadata?.Any(p => p.Key.Length > 64 || p.Value.Length > 512) == true)
            errors["metadata"] = ["at most 50 pairs of at most 64 and 512 characters"];
        if (Services is null || Services.Count is < 1 or > LinesMax)
        {
            errors["services"] = ["must have 1 to 200 lines"];
        }
        else
        {
            for (var i = 0; i < Services.Count; i++)
            {
                var line = Services[i];
                if (line.Id is null or "") errors[$"services[{i}].id"] = ["is required"];
                if (line.Quantity is < 1 or > 1_000_000) errors[$"services[{i}].quantity"] = ["must be 1 or more"];
                if (line.Fee < 0) errors[$"services[{i}].fee"] = ["must be 0 or more"];
            }
        }
        return errors;
    }
}

internal sealed record OrderLineOutput(string Id, string Name, int Quantity, decimal Fee);

internal sealed record OrderOutput(
    Guid Id,
    string Status,
    DateTimeOffset Datetime,
    [property: JsonPropertyName("totalfee")] decimal TotalFee,
    string Currency,
    IEnumerable<OrderLineOutput> Services,
    decimal Adjustment,
    string? Reference,
    string? Notes,
    Dictionary<string, string> Metadata,
    int Version,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt)
{
    public static OrderOutput Of(OrderEntity order) => new(
        order.Id,
        order.Status,
        order.Datetime,
        order.TotalFee,
        order.Currency,
        order.Lines.OrderBy(l => l.LineNo).Select(l => new OrderLineOutput(l.ServiceId, l.Name, l.Quantity, l.Fee)),
        order.TotalFee - order.Lines.Sum(l => l.Quantity * l.Fee),
        order.Reference,
        order.Notes,
        order.Metadata,
        order.Version,
        order.CreatedAt,
        order.UpdatedAt);
}

internal sealed record OrderPage(IEnumerable<OrderOutput> Data);
