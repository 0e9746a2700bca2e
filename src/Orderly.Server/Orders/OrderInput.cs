using System.Text.Json;
using Orderly.Contract.Problems;
using Orderly.Server.Http;

namespace Orderly.Server.Orders;

/// <summary>A service line as a caller gave it.</summary>
internal sealed record LineInput(string Id, int Quantity, decimal? Fee, string? Name)
{
    /// <summary>Whether the line is just the id as a string.</summary>
    public bool IsBareId { get; init; }

    /// <summary>Where in the body the id of the line at this index stands.</summary>
    public string IdPointer(int index) => IsBareId ? $"#/services/{index}" : $"#/services/{index}/id";
}

/// <summary>A customer as a caller gave it.</summary>
internal sealed record CustomerInput(Given<string> Name, Given<string> Email, Given<string> Phone);

/// <summary>
/// The body of a write on an order, read strictly but not yet judged: the same for POST, PUT and (with every field
/// optional) PATCH. What is wrong with it stands in <see cref="Faults"/>.
/// </summary>
internal sealed class OrderInput : IWriteInput
{
    public const int ServicesMax = 200;
    public const int QuantityMax = 1_000_000;
    public const int ReferenceLengthMax = 100;
    public const int NotesLengthMax = 4_000;
    public const int NameLengthMax = 200;
    public const int EmailLengthMax = 254;
    public const int PhoneLengthMax = 50;
    public const int MetadataPairsMax = 50;
    public const int MetadataKeyLengthMax = 64;
    public const int MetadataValueLengthMax = 512;
    private const int ServiceIdLengthMax = 200;

    /// <summary>Stands for an amount that was given and refused, so that it is not asked for once more.</summary>
    private const decimal RefusedAmount = 0;

    private static readonly string[] Fields =
    [
        "datetime", "services", "totalfee", "currency", "reference", "customer", "notes", "metadata",
        "version", "id", "number", "status", "nextStatuses", "adjustment", "team",
        "createdAt", "createdBy", "updatedAt", "updatedBy", "updatableFrom",
    ];

    private static readonly string[] LineFields = ["id", "quantity", "fee", "name"];
    private static readonly string[] CustomerFields = ["name", "email", "phone"];

    private OrderInput(bool isPatch) => IsPatch = isPatch;

    /// <summary>Whether what is left out stays as it is (PATCH) or is cleared (POST, PUT).</summary>
    public bool IsPatch { get; }

    public Faults Faults { get; } = new();
    public Given<DateTime?> Datetime { get; private set; }
    public Given<IReadOnlyList<LineInput>> Services { get; private set; }
    public Given<decimal?> TotalFee { get; private set; }

    /// <summary>Empty where one was given and refused.</summary>
    public Given<string> Currency { get; private set; }

    public Given<string> Reference { get; private set; }
    public Given<CustomerInput> Customer { get; private set; }
    public Given<string> Notes { get; private set; }
    public Given<IReadOnlyList<KeyValuePair<string, string?>>> Metadata { get; private set; }

    /// <summary>The version that the caller's change is based on; it acts as If-Match does.</summary>
    public int? Version { get; private set; }

    /// <summary>Read-only fields that the caller sent back; they must be as they are stored.</summary>
    public List<JsonMember> ReadOnly { get; } = [];

    /// <summary>The service records that the lines name.</summary>
    public IReadOnlyList<string> ServiceIds =>
        Services.Value is { } lines ? [.. lines.Select(line => line.Id).Where(id => id.Length > 0)] : [];

    /// <summary>Reads a body. The JSON must live as long as the input.</summary>
    public static OrderInput Read(JsonElement body, bool isPatch)
    {
        var input = new OrderInput(isPatch);
        var members = JsonMembers.Of(body, "#", Fields, input.Faults);
        members.ForEach(member => input.Take(member));
        if (!isPatch && body.ValueKind == JsonValueKind.Object)
        {
            input.RequireFields(members);
        }

        return input;
    }

    private void Take(in JsonMember member)
    {
        if (member.IsNull && !IsPatch)
        {
            return;
        }

        switch (member.Name)
        {
            case "datetime":
                Datetime = Given<DateTime?>.As(member.IsNull ? RefuseNull(member) : ReadDatetime(member));
                break;
            case "services":
                Services = Given<IReadOnlyList<LineInput>>.As(ReadLines(member));
                break;
            case "totalfee":
                TotalFee = Given<decimal?>.As(
                    member.IsNull ? null : JsonMembers.Money(member, Faults) ?? RefusedAmount);
                break;
            case "currency":
                Currency = Given<string>.As(member.IsNull ? null : JsonMembers.Currency(member, Faults) ?? "");
                break;
            case "reference":
                Reference = Given<string>.As(Text(member, 1, ReferenceLengthMax));
                break;
            case "customer":
                Customer = Given<CustomerInput>.As(member.IsNull ? null : ReadCustomer(member));
                break;
            case "notes":
                Notes = Given<string>.As(Text(member, 0, NotesLengthMax));
                break;
            case "metadata":
                Metadata = Given<IReadOnlyList<KeyValuePair<string, string?>>>.As(
                    member.IsNull ? null : ReadMetadata(member));
                break;
            case "version":
                Version = member.IsNull ? null : JsonMembers.WholeNumber(member, 1, int.MaxValue, Faults);
                break;
            default:
                ReadOnly.Add(member);
                break;
        }
    }

    private void RequireFields(List<JsonMember> members)
    {
        foreach (var name in (string[])["datetime", "services"])
        {
            if (!members.Exists(member => !member.IsNull && string.Equals(member.Name, name, StringComparison.Ordinal)))
            {
                JsonMembers.AddMissing("#", name, Faults);
            }
        }
    }

    private string? Text(in JsonMember member, int lengthMin, int lengthMax) =>
        member.IsNull ? null : JsonMembers.Text(member, lengthMin, lengthMax, Faults);

    private DateTime? RefuseNull(in JsonMember member)
    {
        Faults.Add(ProblemCode.MissingField, member.Pointer, $"\"{member.Name}\" is required and can't be cleared.");
        return null;
    }

    private DateTime? ReadDatetime(in JsonMember member)
    {
        var instant = JsonMembers.Instant(member, Faults);
        if (instant is { Year: < 1900 or > 2200 })
        {
            Faults.Add(ProblemCode.OutOfRange, member.Pointer, "The time must be from year 1900 to 2200 (UTC).");
            return null;
        }

        return instant;
    }

    private List<LineInput>? ReadLines(in JsonMember member)
    {
        if (member.IsNull)
        {
            RefuseNull(member);
            return null;
        }

        if (member.Value.ValueKind != JsonValueKind.Array)
        {
            Faults.Add(ProblemCode.WrongType, member.Pointer,
                $"An array of service lines is expected here, not {JsonMembers.Kind(member.Value)}.");
            return null;
        }

        var count = member.Value.GetArrayLength();
        if (count is 0 or > ServicesMax)
        {
            Faults.Add(ProblemCode.InvalidCount, member.Pointer,
                $"1 to {ServicesMax} service lines are taken; there are {count}.");
        }

        var lines = new List<LineInput>(Math.Min(count, ServicesMax));
        var index = 0;
        foreach (var element in member.Value.EnumerateArray())
        {
            if (index == ServicesMax)
            {
                break;
            }

            lines.Add(ReadLine(element, index++));
        }

        return lines;
    }

    private LineInput ReadLine(JsonElement element, int index)
    {
        if (element.ValueKind == JsonValueKind.String)
        {
            var name = index.ToString(System.Globalization.CultureInfo.InvariantCulture);
            var member = new JsonMember("#/services", name, element);
            var bareId = JsonMembers.Text(member, 1, ServiceIdLengthMax, Faults) ?? "";
            return new LineInput(bareId, 1, Fee: null, Name: null) { IsBareId = true };
        }

        string? id = null, lineName = null;
        int? quantity = null;
        decimal? fee = null;
        var place = $"#/services/{index}";
        var idGiven = false;
        foreach (var member in JsonMembers.Of(element, place, LineFields, Faults))
        {
            if (member.IsNull)
            {
                continue;
            }

            switch (member.Name)
            {
                case "id":
                    id = Text(member, 1, ServiceIdLengthMax);
                    idGiven = true;
                    break;
                case "quantity":
                    quantity = JsonMembers.WholeNumber(member, 1, QuantityMax, Faults);
                    break;
                case "fee":
                    fee = JsonMembers.Money(member, Faults) ?? RefusedAmount;
                    break;
                default:
                    lineName = Text(member, 1, NameLengthMax);
                    break;
            }
        }

        if (!idGiven && element.ValueKind == JsonValueKind.Object)
        {
            JsonMembers.AddMissing(place, "id", Faults);
        }

        return new LineInput(id ?? "", quantity ?? 1, fee, lineName);
    }

    private CustomerInput ReadCustomer(in JsonMember customer)
    {
        Given<string> name = default, email = default, phone = default;
        foreach (var member in JsonMembers.Of(customer.Value, customer.Pointer, CustomerFields, Faults))
        {
            switch (member.Name)
            {
                case "name":
                    name = Given<string>.As(Text(member, 1, NameLengthMax));
                    break;
                case "email":
                    email = Given<string>.As(Text(member, 1, EmailLengthMax));
                    CheckEmail(member, email.Value);
                    break;
                default:
                    phone = Given<string>.As(Text(member, 1, PhoneLengthMax));
                    break;
            }
        }

        return new CustomerInput(name, email, phone);
    }

    /// <summary>Something, an @, and something, without spaces; whether it exists only a mail would tell.</summary>
    private void CheckEmail(in JsonMember member, string? email)
    {
        if (email is null)
        {
            return;
        }

        var at = email.IndexOf('@', StringComparison.Ordinal);
        if (at <= 0 || at == email.Length - 1 || email.LastIndexOf('@') != at
            || email.Any(letter => char.IsWhiteSpace(letter) || char.IsControl(letter)))
        {
            Faults.Add(ProblemCode.InvalidValue, member.Pointer,
                "An e-mail address is expected, as a.name@example.com.");
        }
    }

    private List<KeyValuePair<string, string?>> ReadMetadata(in JsonMember metadata)
    {
        var members = JsonMembers.OfAnyName(metadata, Faults);
        if (members.Count > MetadataPairsMax)
        {
            Faults.Add(ProblemCode.InvalidCount, metadata.Pointer,
                $"At most {MetadataPairsMax} pairs are taken; there are {members.Count}.");
        }

        var pairs = new List<KeyValuePair<string, string?>>(members.Count);
        foreach (var member in members.Take(MetadataPairsMax))
        {
            if (member.Name.Length is 0 || member.Name.EnumerateRunes().Count() > MetadataKeyLengthMax)
            {
                Faults.Add(ProblemCode.InvalidLength, metadata.Pointer,
                    $"A key of metadata has 1 to {MetadataKeyLengthMax} characters.");
            }

            if (member.IsNull)
            {
                pairs.Add(new(member.Name, value: null));
            }
            else if (JsonMembers.Text(member, 0, MetadataValueLengthMax, Faults) is { } value)
            {
                pairs.Add(new(member.Name, value));
            }
        }

        return pairs;
    }
}
