using Orderly.Server.Changes;
using Orderly.Server.Privacy;

namespace Orderly.Server.Orders;

/// <summary>One decided write: the whole new state of an order, and on what condition it may be stored.</summary>
internal sealed record OrderWrite
{
    public required ChangeKind Kind { get; init; }
    public required Guid OrderId { get; init; }

    /// <summary>Names this very write, so that it can be found again after a lost connection.</summary>
    public required Guid WriteId { get; init; }

    /// <summary>The version that the decision was made on; 0 for a new order.</summary>
    public required int BaseVersion { get; init; }
    public required string Team { get; init; }
    public required OrderStatus Status { get; init; }
    public required OrderContent Content { get; init; }
    public required byte[] ContentJson { get; init; }
    public required PersonalData Personal { get; init; }

    /// <summary>customer and notes as JSON; null where there is neither.</summary>
    public byte[]? PersonalJson => Personal.Json;

    /// <summary>customer and notes as they are stored, which is never in the clear.</summary>
    public byte[]? PersonalBox => Personal.Sealed?.Bytes ?? (PersonalJson is null
        ? null
        : throw new InvalidOperationException("Personal data was to be stored before it was sealed."));

    /// <summary>The salt of the log's commitment to what is personal; null where nothing is.</summary>
    public byte[]? NewSalt() => PersonalBox is null ? null : LogHash.NewSalt();

    /// <summary>The order's data key, where it is known.</summary>
    public WrappedKey? KnownKey { get; init; }

    /// <summary>The data key that comes with this write; null where the order needs none, or has one.</summary>
    public WrappedKey? NewKey { get; init; }

    /// <summary>Whether the order's data key and salts are destroyed, and with them all that is personal.</summary>
    public bool IsErasure { get; init; }
    public required string Actor { get; init; }

    /// <summary>
    /// The catalog epoch that the lines were made at and that the write is stored at; null where it takes nothing from
    /// the catalog, or that is looked at otherwise.
    /// </summary>
    public long? CatalogEpoch { get; init; }

    /// <summary>For a new order that comes from elsewhere: when it was created there; null: now.</summary>
    public DateTime? CreatedAt { get; init; }

    /// <summary>How old the order must be, by the database's clock; null where its age does not matter.</summary>
    public TimeSpan? UpdatableAfter { get; init; }

    /// <summary>The reference that becomes the order's with this write; null where none is new.</summary>
    public string? ClaimedReference { get; init; }

    /// <summary>The reference that stops being the order's with this write.</summary>
    public string? ReleasedReference { get; init; }

    /// <summary>The caller's Idempotency-Key, which is used up with this write; null where there is none.</summary>
    public IdempotencyClaim? Claim { get; init; }
    public bool IsDeleted { get; init; }

    /// <summary>The update window that the caller overrides, which is recorded; null where it does not.</summary>
    public TimeSpan? OverriddenWindow { get; init; }
    public string? Reason { get; init; }

    /// <summary>
    /// What the order can be found by, in one text. Made when the write is sealed: by its own caller, not by the one
    /// writer that all wait for.
    /// </summary>
    public string Terms
    {
        get => field ?? throw new InvalidOperationException("An order was to be stored before its terms were made.");
        private init;
    }

    /// <summary>The write with all that it takes to be stored.</summary>
    /// <param name="emailTerm">What the order is found by through its customer's address.</param>
    public OrderWrite Termed(string? emailTerm) =>
        this with { Terms = OrderTerms.TextOf(Content, emailTerm) };

    public bool IsNew => BaseVersion == 0;

    /// <summary>A write that keeps everything of the order but what is then said otherwise.</summary>
    public static OrderWrite On(StoredOrder current, ChangeKind kind, Guid writeId, string actor) => new()
    {
        Kind = kind,
        OrderId = current.Id,
        WriteId = writeId,
        BaseVersion = current.Version,
        Team = current.Team,
        Status = current.Status,
        Content = current.Content,
        ContentJson = current.ContentJson,
        Personal = current.Personal,
        KnownKey = current.Personal.Sealed?.Key,
        Actor = actor,
    };

    /// <summary>The same write with other content; the reference is claimed and set free as it needs to be.</summary>
    public OrderWrite WithContent(OrderContent content)
    {
        var personal = OrderDocument.WritePersonal(content);
        var isSame = (personal ?? []).AsSpan().SequenceEqual(PersonalJson ?? []);
        var renamed = !string.Equals(Content.Reference, content.Reference, StringComparison.Ordinal);
        return this with
        {
            Content = content,
            ContentJson = OrderDocument.WriteContent(content),
            Personal = isSame ? Personal : PersonalData.Given(personal),
            ClaimedReference = renamed ? content.Reference : null,
            ReleasedReference = renamed ? Content.Reference : null,
        };
    }

    /// <summary>Whether the write would leave the order as it is. Equal content gives equal bytes.</summary>
    public bool ChangesNothing(StoredOrder current) =>
        !IsErasure
        && Status == current.Status
        && IsDeleted == current.DeletedAt is not null
        && ContentJson.AsSpan().SequenceEqual(current.ContentJson)
        && (PersonalJson ?? []).AsSpan().SequenceEqual(current.PersonalJson ?? []);

    /// <summary>The order as it stands once the write is stored.</summary>
    /// <param name="before">The order as it stood; null for a new one.</param>
    public StoredOrder ToStored(StoredOrder? before, WriteReceipt receipt) => new()
    {
        Id = OrderId,
        Number = receipt.Number,
        Version = receipt.Version,
        Status = Status,
        Team = Team,
        IsTotalFeeStated = Content.IsTotalFeeStated,
        ContentJson = ContentJson,
        Personal = Personal,
        CreatedAt = receipt.CreatedAt,
        CreatedBy = before?.CreatedBy ?? Actor,
        UpdatedAt = receipt.UpdatedAt,
        UpdatedBy = Actor,
    };
}

/// <summary>What the database added to a write that it stored.</summary>
internal sealed record WriteReceipt(long Number, int Version, DateTime CreatedAt, DateTime UpdatedAt);

/// <summary>
/// What became of a write. Without a receipt its condition did not hold (the order has another version, the catalog
/// another epoch, the reference another order), and nothing of it is stored.
/// </summary>
internal sealed record WriteOutcome(WriteReceipt? Receipt)
{
    public static readonly WriteOutcome NotStored = new(Receipt: null);
}
