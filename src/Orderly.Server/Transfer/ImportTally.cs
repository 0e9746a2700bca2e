using Orderly.Contract.Orders;
using Orderly.Contract.Problems;
using Orderly.Server.Http;

namespace Orderly.Server.Transfer;

/// <summary>Counts what became of the rows of an import, and keeps the faults of the first ones.</summary>
internal sealed class ImportTally
{
    public const int ErrorsMax = 1_000;

    /// <summary>The last row comes first, since it is what goes where there are too many.</summary>
    private readonly PriorityQueue<ImportFault, (long Row, long Told)> _errors =
        new(Comparer<(long, long)>.Create((one, other) => other.CompareTo(one)));

    private long _told;

    public long Received { get; set; }

    public long Created { get; set; }

    public long Refused { get; private set; }

    public void Refuse(long row, Problem problem)
    {
        Refused++;
        if (problem.Faults.Count == 0)
        {
            Add(row, "#", problem.Code.ToText(), problem.Detail);
        }

        foreach (var fault in problem.Faults)
        {
            Add(row, fault.Pointer ?? "#", fault.Code, fault.Detail);
        }
    }

    /// <param name="row">The row.</param>
    /// <param name="reference">What it has for a reference.</param>
    /// <param name="before">The row that has it, too; null: an order has it.</param>
    public void RefuseDuplicate(long row, string reference, long? before) =>
        Refuse(row, new Problem(ProblemCode.Duplicate, "")
        {
            Faults =
            [
                new InputFault
                {
                    Pointer = "#/reference",
                    Code = ProblemCode.Duplicate.ToText(),
                    Detail = before is null
                        ? $"There is an order of your team with the reference {Suggestion.Quote(reference)} already."
                        : $"Row {before} has the reference {Suggestion.Quote(reference)} already.",
                },
            ],
        });

    public ImportResult ToResult() => new()
    {
        Received = Received,
        Created = Created,
        Refused = Refused,
        Errors = Errors(),
    };

    /// <summary>All or nothing: nothing.</summary>
    public Problem ToProblem() => new(ProblemCode.ImportRefused,
        $"{Refused} of {Received} rows were refused, so nothing was stored; see errors.")
    {
        Members = MembersWith(stored: 0),
        Faults = Faults(),
    };

    /// <summary>What is wrong with the refused rows, as a problem document has it.</summary>
    public IReadOnlyList<InputFault> Faults() =>
    [
        .. Errors().Select(error => new InputFault
        {
            Row = error.Row,
            Pointer = error.Pointer,
            Code = error.Code,
            Detail = error.Detail,
        }),
    ];

    /// <summary>The counts as members of a problem document, where so many orders are stored.</summary>
    public IReadOnlyList<KeyValuePair<string, object>> MembersWith(long stored) =>
        [new("received", Received), new("created", stored), new("refused", Refused)];

    private void Add(long row, string pointer, string code, string detail)
    {
        var error = new ImportFault { Row = row, Pointer = pointer, Code = code, Detail = detail };
        _errors.Enqueue(error, (row, _told++));
        if (_errors.Count > ErrorsMax)
        {
            _errors.Dequeue();
        }
    }

    private ImportFault[] Errors() =>
        [.. _errors.UnorderedItems.OrderBy(error => error.Priority).Select(error => error.Element)];
}
