using System.Globalization;
using Orderly.Contract.Problems;
using Orderly.Server.Http;
using Orderly.Server.Services;

namespace Orderly.Server.Orders;

/// <summary>Where an order is in its life.</summary>
/// <remarks><c>placed → confirmed → completed</c>; <c>placed | confirmed → cancelled</c>.</remarks>
internal enum OrderStatus
{
    Placed,
    Confirmed,
    Completed,
    Cancelled,
}

/// <summary>What a write did. Each becomes a row of the log.</summary>
internal enum ChangeKind
{
    Placed,
    Updated,
    StatusChanged,
    Deleted,
    Restored,
    Reverted,

    /// <summary>What is personal was erased, in every version.</summary>
    Erased,
}

/// <summary>A service line with what it was at the time of writing.</summary>
internal sealed record ServiceLine(string Id, string Name, int Quantity, decimal? Fee);

/// <summary>Who an order is for.</summary>
internal sealed record CustomerDetails(string? Name, string? Email, string? Phone);

/// <summary>The caller's part of an order.</summary>
internal sealed record OrderContent
{
    public required DateTime Datetime { get; init; }
    public required decimal TotalFee { get; init; }

    /// <summary>Whether a caller stated totalfee, rather than leaving it to be computed.</summary>
    public bool IsTotalFeeStated { get; init; } = true;
    public required string Currency { get; init; }
    public required IReadOnlyList<ServiceLine> Services { get; init; }
    public string? Reference { get; init; }
    public CustomerDetails? Customer { get; init; }
    public string? Notes { get; init; }
    public IReadOnlyList<KeyValuePair<string, string>> Metadata { get; init; } = [];

    /// <summary>totalfee − the sum of quantity × fee; null where a fee is unknown.</summary>
    public decimal? Adjustment => Totals.Sum(Services) is { } sum ? TotalFee - sum : null;
}

/// <summary>The decisions about an order. Pure: the same input gives the same decision.</summary>
internal static class Order
{
    /// <summary>What a new order holds, or why it cannot be.</summary>
    public static Result<OrderContent> Place(OrderInput input, CatalogView catalog, string defaultCurrency)
    {
        var faults = new Faults(input.Faults);
        foreach (var member in input.ReadOnly)
        {
            RefuseReadOnly(member, "a new order has none yet", faults);
        }

        if (input.Version is not null)
        {
            faults.Add(ProblemCode.ReadOnlyField, "#/version", "A new order has no version yet; leave it out.");
        }

        return Compose(input, current: null, catalog, defaultCurrency, faults);
    }

    /// <summary>What an order holds after an update, or why the input is not acceptable.</summary>
    public static Result<OrderContent> Amend(
        OrderInput input, StoredOrder current, CatalogView catalog, string defaultCurrency, TimeSpan updatableAfter)
    {
        var faults = new Faults(input.Faults);
        foreach (var member in input.ReadOnly)
        {
            if (!ReadOnlyFields.Matches(member, current, updatableAfter))
            {
                RefuseReadOnly(member, "it differs from what is stored", faults);
            }
        }

        return Compose(input, current.Content, catalog, defaultCurrency, faults);
    }

    /// <summary>
    /// Whether the order is open and, unless that is overridden, old enough; exactly the window is enough. The time is
    /// the database's, when the order was read; the write checks it again.
    /// </summary>
    public static Problem? RefuseUpdate(StoredOrder current, TimeSpan updatableAfter, bool isForced)
    {
        if (current.Status is OrderStatus.Completed or OrderStatus.Cancelled)
        {
            return new Problem(ProblemCode.OrderClosed,
                $"The order is {current.Status.ToText()}; its content can't be changed any more.");
        }

        var updatableFrom = current.CreatedAt + updatableAfter;
        if (isForced || current.ReadAt >= updatableFrom)
        {
            return null;
        }

        var seconds = (int)Math.Min(int.MaxValue, Math.Ceiling((updatableFrom - current.ReadAt).TotalSeconds));
        return new Problem(ProblemCode.OrderNotYetUpdatable,
            $"The order was created at {Instant.Format(current.CreatedAt)} and can be updated from "
            + $"{Instant.Format(updatableFrom)} on, in {seconds} s.")
        {
            RetryAfterSeconds = seconds,
            Members = [new("updatableFrom", Instant.Format(updatableFrom))],
        };
    }

    /// <summary>The statuses that can follow.</summary>
    public static IReadOnlyList<OrderStatus> Next(OrderStatus status) => status switch
    {
        OrderStatus.Placed => [OrderStatus.Confirmed, OrderStatus.Cancelled],
        OrderStatus.Confirmed => [OrderStatus.Completed, OrderStatus.Cancelled],
        OrderStatus.Completed => [],
        OrderStatus.Cancelled => [],
    };

    public static string ToText(this OrderStatus status) => status switch
    {
        OrderStatus.Placed => "placed",
        OrderStatus.Confirmed => "confirmed",
        OrderStatus.Completed => "completed",
        OrderStatus.Cancelled => "cancelled",
    };

    private static readonly OrderStatus[] Statuses = Enum.GetValues<OrderStatus>();
    private static readonly ChangeKind[] Kinds = Enum.GetValues<ChangeKind>();

    /// <summary>The texts of all statuses.</summary>
    public static readonly string[] StatusTexts = [.. Statuses.Select(status => status.ToText())];

    public static OrderStatus? ParseStatus(string text) => Parse(Statuses, text, ToText);

    public static ChangeKind? ParseKind(string text) => Parse(Kinds, text, ToText);

    public static string ToText(this ChangeKind kind) => kind switch
    {
        ChangeKind.Placed => "placed",
        ChangeKind.Updated => "updated",
        ChangeKind.StatusChanged => "status-changed",
        ChangeKind.Deleted => "deleted",
        ChangeKind.Restored => "restored",
        ChangeKind.Reverted => "reverted",
        ChangeKind.Erased => "erased",
    };

    private static T? Parse<T>(T[] values, string text, Func<T, string> toText)
        where T : struct, Enum
    {
        foreach (var value in values)
        {
            if (string.Equals(toText(value), text, StringComparison.Ordinal))
            {
                return value;
            }
        }

        return null;
    }

    private static Result<OrderContent> Compose(
        OrderInput input, OrderContent? current, CatalogView catalog, string defaultCurrency, Faults faults)
    {
        var kept = input.IsPatch ? current : null;
        var currency = (input.Currency.IsGiven ? input.Currency.Value : kept?.Currency) ?? defaultCurrency;
        var services = input.Services.Value is { } lines
            ? LineSnapshots.Take(lines, current, catalog, currency, faults)
            : LineSnapshots.Keep(kept, currency);
        var metadata = MergeMetadata(input, kept, faults);
        var totalStays = kept is { IsTotalFeeStated: true } || ReferenceEquals(services, kept?.Services);
        decimal? stated = input.TotalFee.IsGiven ? input.TotalFee.Value : totalStays ? kept?.TotalFee : null;
        var totalFee = stated ?? Totals.Compute(services, faults);
        Totals.CheckSum(services, faults);
        var customer = MergeCustomer(input, kept?.Customer, current?.Customer, faults);
        var notes = input.Notes.IsGiven
            ? MaskedFields.Resolve("notes", "#/notes", input.Notes.Value, current?.Notes, faults)
            : kept?.Notes;
        if (faults.ToProblem() is { } problem)
        {
            return problem;
        }

        return new OrderContent
        {
            Datetime = input.Datetime.Value ?? kept!.Datetime,
            Services = services,
            TotalFee = totalFee ?? 0,
            IsTotalFeeStated = input.TotalFee.IsGiven
                ? input.TotalFee.Value is not null
                : kept is { IsTotalFeeStated: true },
            Currency = currency,
            Reference = input.Reference.IsGiven ? input.Reference.Value : kept?.Reference,
            Customer = customer,
            Notes = notes,
            Metadata = metadata,
        };
    }

    /// <param name="input">What the caller sent.</param>
    /// <param name="kept">What stays where nothing was sent.</param>
    /// <param name="stored">What a masked value may stand for.</param>
    /// <param name="faults">Takes refusals.</param>
    private static CustomerDetails? MergeCustomer(
        OrderInput input, CustomerDetails? kept, CustomerDetails? stored, Faults faults)
    {
        if (!input.Customer.IsGiven)
        {
            return kept;
        }

        if (input.Customer.Value is not { } given)
        {
            return null;
        }

        var merged = new CustomerDetails(
            Take("name", given.Name, kept?.Name, stored?.Name),
            Take("email", given.Email, kept?.Email, stored?.Email),
            Take("phone", given.Phone, kept?.Phone, stored?.Phone));
        return merged is { Name: null, Email: null, Phone: null } ? null : merged;

        string? Take(string member, Given<string> sent, string? keep, string? masked) => sent.IsGiven
            ? MaskedFields.Resolve(member, "#/customer/" + member, sent.Value, masked, faults)
            : keep;
    }

    private static IReadOnlyList<KeyValuePair<string, string>> MergeMetadata(
        OrderInput input, OrderContent? kept, Faults faults)
    {
        if (!input.Metadata.IsGiven)
        {
            return kept?.Metadata ?? [];
        }

        var merged = new List<KeyValuePair<string, string>>(
            input.Metadata.Value is null ? [] : kept?.Metadata ?? []);
        foreach (var (key, value) in input.Metadata.Value ?? [])
        {
            var index = merged.FindIndex(pair => string.Equals(pair.Key, key, StringComparison.Ordinal));
            if (value is null && index >= 0)
            {
                merged.RemoveAt(index);
            }
            else if (value is not null && index >= 0)
            {
                merged[index] = new(key, value);
            }
            else if (value is not null)
            {
                merged.Add(new(key, value));
            }
        }

        if (merged.Count > OrderInput.MetadataPairsMax)
        {
            faults.Add(ProblemCode.InvalidCount, "#/metadata", string.Create(CultureInfo.InvariantCulture,
                $"At most {OrderInput.MetadataPairsMax} pairs are kept; there would be {merged.Count}."));
        }

        return merged;
    }

    private static void RefuseReadOnly(in JsonMember member, string why, Faults faults)
    {
        if (!member.IsNull)
        {
            faults.Add(ProblemCode.ReadOnlyField, member.Pointer, $"\"{member.Name}\" is read-only, and {why}.");
        }
    }
}
