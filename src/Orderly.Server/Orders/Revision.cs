using System.Text.Json;
using Orderly.Server.Privacy;

namespace Orderly.Server.Orders;

/// <summary>One version of an order as the log has it.</summary>
internal sealed record Revision
{
    private OrderContent? _content;

    public required int Version { get; init; }
    public required ChangeKind Kind { get; init; }
    public required DateTime RecordedAt { get; init; }
    public required string Actor { get; init; }
    public string? Reason { get; init; }
    public required OrderStatus Status { get; init; }
    public required bool IsDeleted { get; init; }
    public required byte[] ContentJson { get; init; }
    public required PersonalData Personal { get; init; }

    /// <summary>customer and notes as JSON; null where there is neither, or they were erased since.</summary>
    public byte[]? PersonalJson => Personal.Json;

    /// <summary>The caller's part, read out of the JSON when it is asked for.</summary>
    public OrderContent Content => _content ??= OrderDocument.ReadContent(ContentJson, PersonalJson);

    /// <summary>The order as it stood at this version.</summary>
    public StoredOrder On(StoredOrder order) => order with
    {
        Version = Version,
        Status = Status,
        ContentJson = ContentJson,
        Personal = Personal,
        UpdatedAt = RecordedAt,
        UpdatedBy = Actor,
        DeletedAt = IsDeleted ? RecordedAt : null,
    };

    /// <summary>The fields in which an order differs from one of its versions.</summary>
    public static IReadOnlyList<string> ChangedFields(Revision then, StoredOrder now) =>
        ChangedFields(then.Status, then.ContentJson, then.PersonalJson, now.Status, now.ContentJson, now.PersonalJson);

    /// <summary>The fields in which one version differs from the one before.</summary>
    public IReadOnlyList<string> ChangedFields(Revision? before) => before is null
        ? []
        : ChangedFields(before.Status, before.ContentJson, before.PersonalJson, Status, ContentJson, PersonalJson);

    private static List<string> ChangedFields(
        OrderStatus statusBefore, byte[] contentBefore, byte[]? personalBefore,
        OrderStatus statusAfter, byte[] contentAfter, byte[]? personalAfter)
    {
        var fields = new List<string>();
        if (statusBefore != statusAfter)
        {
            fields.Add("status");
        }

        AddDifferences(contentBefore, contentAfter, fields);
        AddDifferences(
            personalBefore ?? OrderDocument.NoPersonal.ToArray(), personalAfter ?? OrderDocument.NoPersonal.ToArray(),
            fields);
        return fields;
    }

    /// <summary>Both are written in the same canonical form, member by member.</summary>
    private static void AddDifferences(byte[] before, byte[] after, List<string> fields)
    {
        if (before.AsSpan().SequenceEqual(after))
        {
            return;
        }

        using var from = JsonDocument.Parse(before);
        using var to = JsonDocument.Parse(after);
        foreach (var member in to.RootElement.EnumerateObject())
        {
            if (!from.RootElement.TryGetProperty(member.Name, out var earlier)
                || !string.Equals(earlier.GetRawText(), member.Value.GetRawText(), StringComparison.Ordinal))
            {
                fields.Add(member.Name);
            }
        }
    }
}
