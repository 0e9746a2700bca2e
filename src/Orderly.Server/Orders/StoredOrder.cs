using Orderly.Server.Privacy;

namespace Orderly.Server.Orders;

/// <summary>An order as it stands in the database.</summary>
internal sealed record StoredOrder
{
    private OrderContent? _content;

    public required Guid Id { get; init; }
    public required long Number { get; init; }
    public required int Version { get; init; }
    public required OrderStatus Status { get; init; }
    public required string Team { get; init; }
    public required bool IsTotalFeeStated { get; init; }

    /// <summary>
    /// The caller's part but for personal data, as ready-made JSON (see <see cref="OrderDocument"/>).
    /// </summary>
    public required byte[] ContentJson { get; init; }

    /// <summary>customer and notes, encrypted and in the clear.</summary>
    public required PersonalData Personal { get; init; }

    /// <summary>customer and notes as JSON; null where there is neither.</summary>
    public byte[]? PersonalJson => Personal.Json;
    public required DateTime CreatedAt { get; init; }
    public required string CreatedBy { get; init; }
    public required DateTime UpdatedAt { get; init; }
    public required string UpdatedBy { get; init; }
    public DateTime? DeletedAt { get; init; }

    /// <summary>The database's clock when the order was read.</summary>
    public DateTime ReadAt { get; init; }

    /// <summary>The caller's part, read out of the JSON when it is asked for.</summary>
    public OrderContent Content => _content ??=
        OrderDocument.ReadContent(ContentJson, PersonalJson) with { IsTotalFeeStated = IsTotalFeeStated };
}
