using Orderly.Server.Http;

namespace Orderly.Server.Transfer;

/// <summary>How far an import has come, to be told where it does not come to its end.</summary>
internal sealed class ImportProgress(ImportTally tally)
{
    private const string NothingStored = "Nothing was stored.";

    private const string SendAgain =
        "Orders with a reference can all be sent again; what is stored is refused as duplicate.";

    /// <summary>Up to which row all is stored that can be, and how many orders those are.</summary>
    private (long Row, long Stored) _done;

    /// <summary>The rows that are being stored; 0: none.</summary>
    private (long First, long Last) _begun;

    /// <summary>How many orders are certainly stored.</summary>
    public long Stored { get; set; }

    /// <summary>These rows are to be stored, too.</summary>
    public void Begin(IReadOnlyList<ImportRow> rows)
    {
        tally.Received += rows.Count;
        _begun = (_begun.First == 0 ? rows[0].Number : _begun.First, rows[^1].LastNumber);
    }

    /// <summary>What can be stored of the rows begun is stored.</summary>
    public void End()
    {
        _done = (_begun.Last, Stored);
        _begun = default;
    }

    /// <summary>The problem, with what is stored, which rows were refused by then, and how to go on.</summary>
    /// <param name="problem">What kept the import from its end.</param>
    /// <param name="isUncertain">Whether the rows begun may be stored, too, without an answer that says so.</param>
    public Problem TellWith(Problem problem, bool isUncertain) => problem with
    {
        Effect = Tell(isUncertain),
        Members = tally.MembersWith(Stored),
        Faults = problem.Faults.Count == 0 ? tally.Faults() : problem.Faults,
    };

    private string Tell(bool isUncertain)
    {
        if (isUncertain || Stored != _done.Stored)
        {
            var begun = $"the rows {_begun.First} to {_begun.Last}";
            var perhaps = Stored == 0
                ? $"Perhaps the orders in {begun} are stored"
                : $"At least {Stored} orders are stored: those of the rows up to row {_done.Row}, and perhaps of "
                    + $"{begun}";
            return $"{perhaps}: read before you send any of these again without a reference. {SendAgain}";
        }

        return Stored == 0
            ? NothingStored
            : $"{Stored} orders are stored, of the rows up to row {_done.Row}: go on with the next order behind it. "
                + SendAgain;
    }
}
