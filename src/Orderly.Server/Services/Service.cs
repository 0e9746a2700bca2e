using System.Text.Json;
using System.Text.RegularExpressions;
using Orderly.Contract.Problems;
using Orderly.Server.Http;

namespace Orderly.Server.Services;

/// <summary>A service record as it stands in the database.</summary>
internal sealed record Service
{
    public required string Id { get; init; }
    public required int Version { get; init; }
    public required string Name { get; init; }
    public string? Description { get; init; }
    public decimal? Fee { get; init; }
    public required string Currency { get; init; }
    public required bool Active { get; init; }
    public DateTime CreatedAt { get; init; }
    public DateTime UpdatedAt { get; init; }

    /// <summary>Whether what a caller may set is the same.</summary>
    public bool HasContentOf(Service other) =>
        this with { Version = 0, CreatedAt = default, UpdatedAt = default }
            == other with { Version = 0, CreatedAt = default, UpdatedAt = default }
        && Scale(Fee) == Scale(other.Fee);

    private static int? Scale(decimal? fee) => fee?.Scale;
}

/// <summary>The body of a write on a service record, read strictly.</summary>
internal sealed partial class ServiceInput
{
    private const int NameLengthMax = 200;
    private const int DescriptionLengthMax = 4_000;

    private static readonly string[] Fields =
        ["id", "name", "description", "fee", "currency", "active", "version", "createdAt", "updatedAt"];

    private readonly Dictionary<string, JsonMember> _readOnly = new(StringComparer.Ordinal);
    private Given<string> _name;
    private Given<string> _description;
    private Given<decimal?> _fee;
    private Given<string> _currency;
    private Given<bool?> _active;
    private string? _id;

    private ServiceInput(bool isPatch) => IsPatch = isPatch;

    /// <summary>Whether what is left out stays as it is (PATCH) or is cleared (PUT).</summary>
    public bool IsPatch { get; }

    public Faults Faults { get; } = new();

    /// <summary>The version that the caller's change is based on; it acts as If-Match does.</summary>
    public int? Version { get; private set; }

    public static bool IsId(string text) => IdShape().IsMatch(text);

    public static ServiceInput Read(JsonElement body, bool isPatch)
    {
        var input = new ServiceInput(isPatch);
        var nameGiven = false;
        foreach (var member in JsonMembers.Of(body, "#", Fields, input.Faults))
        {
            nameGiven |= string.Equals(member.Name, "name", StringComparison.Ordinal) && !member.IsNull;
            input.Take(member);
        }

        if (!isPatch && !nameGiven && body.ValueKind == JsonValueKind.Object)
        {
            JsonMembers.AddMissing("#", "name", input.Faults);
        }

        return input;
    }

    /// <summary>The record after the write, or why it cannot be.</summary>
    public Result<Service> Apply(string id, Service? current, string defaultCurrency)
    {
        var faults = new Faults(Faults);
        if (_id is not null && !string.Equals(_id, id, StringComparison.Ordinal))
        {
            faults.Add(ProblemCode.ReadOnlyField, "#/id", "\"id\" must be the one in the path, or be left out.");
        }

        foreach (var (name, member) in _readOnly)
        {
            var stored = string.Equals(name, "createdAt", StringComparison.Ordinal)
                ? current?.CreatedAt
                : current?.UpdatedAt;
            if (JsonMembers.Instant(member, new Faults()) != stored)
            {
                faults.Add(ProblemCode.ReadOnlyField, member.Pointer,
                    $"\"{name}\" is read-only, and it differs from what is stored.");
            }
        }

        if (faults.ToProblem() is { } problem)
        {
            return problem;
        }

        var kept = IsPatch ? current : null;
        return new Service
        {
            Id = id,
            Version = (current?.Version ?? 0) + 1,
            Name = _name.Value ?? kept!.Name,
            Description = _description.IsGiven ? _description.Value : kept?.Description,
            Fee = _fee.IsGiven ? _fee.Value : kept?.Fee,
            Currency = (_currency.IsGiven ? _currency.Value : kept?.Currency) ?? defaultCurrency,
            Active = (_active.IsGiven ? _active.Value : kept?.Active) ?? true,
        };
    }

    private void Take(in JsonMember member)
    {
        if (member.IsNull && (!IsPatch || member.Name is "id" or "version" or "createdAt" or "updatedAt"))
        {
            return;
        }

        switch (member.Name)
        {
            case "id":
                _id = JsonMembers.Text(member, 1, 64, Faults);
                break;
            case "name":
                if (member.IsNull)
                {
                    Faults.Add(ProblemCode.MissingField, member.Pointer, "\"name\" is required and can't be cleared.");
                    break;
                }

                _name = Given<string>.As(JsonMembers.Text(member, 1, NameLengthMax, Faults));
                break;
            case "description":
                _description = Given<string>.As(
                    member.IsNull ? null : JsonMembers.Text(member, 0, DescriptionLengthMax, Faults));
                break;
            case "fee":
                _fee = Given<decimal?>.As(member.IsNull ? null : JsonMembers.Money(member, Faults));
                break;
            case "currency":
                _currency = Given<string>.As(member.IsNull ? null : JsonMembers.Currency(member, Faults));
                break;
            case "active":
                _active = Given<bool?>.As(member.IsNull ? null : JsonMembers.Bool(member, Faults));
                break;
            case "version":
                Version = JsonMembers.WholeNumber(member, 1, int.MaxValue, Faults);
                break;
            default:
                _readOnly[member.Name] = member;
                break;
        }
    }

    [GeneratedRegex(
        "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex IdShape();
}
