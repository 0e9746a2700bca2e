using Orderly.Contract.Orders;
using Orderly.Contract.Problems;
using Orderly.Server.Http;

namespace Orderly.Server.Transfer;

/// <summary>Counts what became of the rows of an import, and keeps the first faults.</summary>
internal sealed class ImportTally
{
    public const int ErrorsMax = 1_000;
    private readonly List<ImportFault> _errors = [];

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

    public void RefuseDuplicate(long row, string reference) => Refuse(row, new Problem(ProblemCode.Duplicate, "")
    {
        Faults =
        [
            new InputFault
            {
                Pointer = "#/reference",
                Code = ProblemCode.Duplicate.ToText(),
                Detail = $"There is an order of your team with the reference {Suggestion.Quote(reference)} already.",
            },
        ],
    });

    public ImportResult ToResult() => new()
    {
        Received = Received,
        Created = Created,
        Refused = Refused,
        Errors = [.. _errors.OrderBy(error => error.Row)],
    };

    /// <summary>All or nothing: nothing.</summary>
    public Problem ToProblem() => new(ProblemCode.ImportRefused,
        $"{Refused} of {Received} rows were refused, so nothing was stored; see errors.")
    {
        Members = [new("received", Received), new("created", 0L), new("refused", Refused)],
        Faults = [.. _errors.OrderBy(error => error.Row).Select(error => new InputFault
        {
            Row = error.Row,
            Pointer = error.Pointer,
            Code = error.Code,
            Detail = error.Detail,
        })],
    };

    private void Add(long row, string pointer, string code, string detail)
    {
        if (_errors.Count < ErrorsMax)
        {
            _errors.Add(new ImportFault { Row = row, Pointer = pointer, Code = code, Detail = detail });
        }
    }
}
