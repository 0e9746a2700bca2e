namespace Orderly.EndToEndTests.Checking;

/// <summary>What a client wanted to do.</summary>
internal enum OperationKind
{
    Create,
    Update,
    ChangeStatus,
    Delete,
    Restore,
}

/// <summary>What the client knows of an operation at its end.</summary>
internal enum OperationOutcome
{
    /// <summary>No attempt was answered in a way that says whether it was done.</summary>
    Unknown,

    /// <summary>Answered with success.</summary>
    Acknowledged,

    /// <summary>Every attempt was answered with a refusal, so nothing of it may be there.</summary>
    Refused,
}

/// <summary>The part of an order that the workload writes and reads.</summary>
/// <param name="Marker">The operation that last wrote the content.</param>
internal sealed record OrderFacts(string Status, decimal TotalFee, string? Marker, bool IsDeleted);

/// <summary>One answer that told the order's version.</summary>
internal sealed record AnsweredWrite(Guid OrderId, int Version, OrderFacts? Facts, bool IsReplay);

/// <summary>One write of a client with all its attempts: its intent, and what the client learnt.</summary>
internal sealed record WriteOperation
{
    /// <summary>
    /// Unique, and stored with the write: in the metadata of an order, and as the reason of a version.
    /// </summary>
    public required string Marker { get; init; }
    public required OperationKind Kind { get; init; }
    public string? Key { get; init; }

    /// <summary>The order that the write is about; null for a create.</summary>
    public Guid? Target { get; init; }

    /// <summary>The version in If-Match; 0 for a create.</summary>
    public int BaseVersion { get; init; }
    public decimal? TotalFee { get; init; }
    public string? Status { get; init; }
    public long InvokedAt { get; init; }
    public long AnsweredAt { get; init; }
    public int Attempts { get; init; }
    public OperationOutcome Outcome { get; init; }

    /// <summary>Every successful answer; attempts sent twice may get several.</summary>
    public IReadOnlyList<AnsweredWrite> Answers { get; init; } = [];
}

/// <summary>One answered read of an order.</summary>
/// <param name="Version">0: not found.</param>
internal sealed record ReadOperation(
    Guid OrderId, long InvokedAt, long AnsweredAt, int Version, OrderFacts? Facts);

/// <summary>An answer that no client may ever get, as a status of 500.</summary>
internal sealed record UnexpectedAnswer(string Marker, string Request, int Status, string Body);

/// <summary>One version of an order in the log.</summary>
/// <param name="Reason">The marker of the operation, for every version but the first.</param>
internal sealed record LoggedVersion(Guid OrderId, int Version, string Kind, string? Reason, OrderFacts Facts)
{
    /// <summary>The operation that wrote this version.</summary>
    public string? Marker => Version == 1 ? Facts.Marker : Reason;
}

/// <summary>One event of the feed as a reader got it.</summary>
internal sealed record FeedEvent(Guid OrderId, int Version, string Type, OrderFacts Facts);

/// <summary>All that one reader got of the feed, in the order in which it came.</summary>
/// <param name="LastAnswers">What the server last said to it: where a reader stops, this tells why.</param>
internal sealed record FeedReading(string Reader, IReadOnlyList<FeedEvent> Events, string LastAnswers = "");

/// <summary>An order as it stands at the end.</summary>
internal sealed record FinalOrder(Guid OrderId, int Version, OrderFacts Facts);

/// <summary>A place in the feed as the database has it.</summary>
internal sealed record FeedPlace(long Position, Guid OrderId, int Version);

/// <summary>What is there once all is quiet.</summary>
internal sealed record FinalState
{
    /// <summary>As the database has them.</summary>
    public required IReadOnlyList<FinalOrder> Stored { get; init; }

    /// <summary>As the service answers; a deleted order is not among them.</summary>
    public required IReadOnlyList<FinalOrder> Served { get; init; }

    /// <summary>The first version with the changes that the service tells of the others, applied one by one.</summary>
    public required IReadOnlyList<FinalOrder> Folded { get; init; }
    public required IReadOnlyList<LoggedVersion> Log { get; init; }
    public required IReadOnlyList<FeedPlace> Places { get; init; }
    public required IReadOnlyList<FeedReading> Readings { get; init; }

    /// <summary>The servers that ended though nobody killed them, with the last that they said.</summary>
    public IReadOnlyList<string> Ended { get; init; } = [];
}

/// <summary>All that the clients did and saw, and what is there at the end.</summary>
internal sealed record History(
    IReadOnlyList<WriteOperation> Writes, IReadOnlyList<ReadOperation> Reads,
    IReadOnlyList<UnexpectedAnswer> Unexpected, FinalState Final);

/// <summary>A rule that does not hold.</summary>
internal sealed record Violation(Rule Rule, string Detail)
{
    public override string ToString() => $"{Rule}: {Detail}";
}

/// <summary>What must hold of every history.</summary>
internal enum Rule
{
    NoUnexpectedAnswer,
    NoServerEndsByItself,
    AcknowledgedCreateIsReadable,
    OneOrderForEachKey,
    VersionsAreDense,
    AcknowledgedWriteIsThereOnce,
    OneWriteForEachBase,
    RefusedWriteIsNotThere,
    UnknownWriteIsWholeOrNotThere,
    NothingComesFromNowhere,
    StateIsTheFoldOfTheLog,
    FeedIsTheLog,
    FeedPositionsAreDense,
    FeedReadersAgree,
    ReadsSeeAcknowledgedWrites,
}
