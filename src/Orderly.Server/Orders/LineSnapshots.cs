using Orderly.Contract.Problems;
using Orderly.Server.Http;
using Orderly.Server.Services;

namespace Orderly.Server.Orders;

/// <summary>
/// Makes service lines out of what a caller gave: name and fee are taken over from the service record as it is now,
/// or, where the order already has a line of that service, from that line, which keeps what it was then.
/// </summary>
internal static class LineSnapshots
{
    public static IReadOnlyList<ServiceLine> Take(
        IReadOnlyList<LineInput> inputs, OrderContent? existing, CatalogView catalog, string currency, Faults faults)
    {
        var free = new List<ServiceLine>(existing?.Services ?? []);
        var feesStand = IsSame(existing?.Currency, currency);
        var lines = new ServiceLine[inputs.Count];
        for (var i = 0; i < lines.Length; i++)
        {
            var input = inputs[i];
            var earlier = free.FindIndex(line => string.Equals(line.Id, input.Id, StringComparison.Ordinal));
            if (earlier >= 0)
            {
                lines[i] = Keep(input, free[earlier], feesStand);
                free.RemoveAt(earlier);
            }
            else
            {
                lines[i] = TakeOver(input, i, catalog, currency, faults);
            }
        }

        return lines;
    }

    /// <summary>
    /// The lines that stay as they are. Their fees are unknown where the order is in another currency now.
    /// </summary>
    public static IReadOnlyList<ServiceLine> Keep(OrderContent? existing, string currency) =>
        existing is null || IsSame(existing.Currency, currency)
            ? existing?.Services ?? []
            : [.. existing.Services.Select(line => line with { Fee = null })];

    /// <summary>A fee in the currency that the order had is unknown in another, as that of a record is.</summary>
    private static ServiceLine Keep(LineInput input, ServiceLine earlier, bool feesStand) =>
        new(input.Id, input.Name ?? earlier.Name, input.Quantity, input.Fee ?? (feesStand ? earlier.Fee : null));

    /// <summary>One that was refused may be any.</summary>
    private static bool IsSame(string? feeCurrency, string currency) =>
        currency.Length == 0 || string.Equals(feeCurrency, currency, StringComparison.Ordinal);

    private static ServiceLine TakeOver(LineInput input, int index, CatalogView catalog, string currency, Faults faults)
    {
        if (input.Id.Length == 0)
        {
            return new ServiceLine("", "", input.Quantity, input.Fee ?? 0);
        }

        if (!catalog.Entries.TryGetValue(input.Id, out var record))
        {
            faults.Add(ProblemCode.UnknownService, input.IdPointer(index),
                $"There is no service record {Suggestion.Quote(input.Id)}.");
            return new ServiceLine(input.Id, "", input.Quantity, input.Fee ?? 0);
        }

        if (!record.Active)
        {
            faults.Add(ProblemCode.RetiredService, input.IdPointer(index),
                $"The service record {Suggestion.Quote(input.Id)} is retired.");
        }

        var fee = IsSame(record.Currency, currency) ? record.Fee : null;
        return new ServiceLine(input.Id, input.Name ?? record.Name, input.Quantity, input.Fee ?? fee);
    }
}
