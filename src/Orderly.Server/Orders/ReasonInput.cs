using System.Text.Json;
using Orderly.Contract.Problems;
using Orderly.Server.Http;

namespace Orderly.Server.Orders;

/// <summary>
/// The small bodies of writes that are not about content: a status, a version to go back to, a reason.
/// </summary>
internal sealed class ReasonInput : IWriteInput
{
    private ReasonInput()
    {
    }

    public Faults Faults { get; } = new();

    public OrderStatus? Status { get; private set; }

    /// <summary>The version to go back to.</summary>
    public int? To { get; private set; }

    public string? Reason { get; private set; }

    /// <summary>The version that the write is based on; it acts as If-Match does.</summary>
    public int? Version { get; private set; }

    /// <param name="required">Those of the fields that must be there.</param>
    public static ReasonInput Read(JsonElement body, string[] fields, params string[] required)
    {
        var input = new ReasonInput();
        var missing = new HashSet<string>(required, StringComparer.Ordinal);
        foreach (var member in JsonMembers.Of(body, "#", fields, input.Faults))
        {
            if (!member.IsNull)
            {
                missing.Remove(member.Name);
                input.Take(member);
            }
        }

        foreach (var name in missing.Where(_ => body.ValueKind == JsonValueKind.Object))
        {
            JsonMembers.AddMissing("#", name, input.Faults);
        }

        return input;
    }

    private void Take(in JsonMember member)
    {
        switch (member.Name)
        {
            case "status":
                Status = ReadStatus(member);
                break;
            case "to":
                To = JsonMembers.WholeNumber(member, 1, int.MaxValue, Faults);
                break;
            case "version":
                Version = JsonMembers.WholeNumber(member, 1, int.MaxValue, Faults);
                break;
            default:
                Reason = JsonMembers.Text(member, 1, ReasonText.LengthMax, Faults);
                break;
        }
    }

    private OrderStatus? ReadStatus(in JsonMember member)
    {
        if (JsonMembers.Text(member, 0, int.MaxValue, Faults) is not { } text)
        {
            return null;
        }

        if (Order.ParseStatus(text) is { } status)
        {
            return status;
        }

        Faults.Add(ProblemCode.InvalidValue, member.Pointer,
            $"A status is one of {string.Join(", ", Order.StatusTexts)}.{Suggestion.For(text, Order.StatusTexts)}");
        return null;
    }
}
