using Orderly.Contract.Problems;

namespace Orderly.Server.Http;

/// <summary>
/// Collects the faults of one request, so that all of them are told at once: those that keep it from being read
/// (400) and those that make what was read unacceptable (422). The first kind wins, since the second is only known
/// of what could be read.
/// </summary>
internal sealed class Faults
{
    private const int FaultsMax = 100;
    private readonly List<(ProblemCode Code, InputFault Fault)> _unreadable;
    private readonly List<(ProblemCode Code, InputFault Fault)> _unacceptable;

    public Faults()
    {
        _unreadable = [];
        _unacceptable = [];
    }

    /// <summary>Goes on from the faults found so far, and leaves those as they are.</summary>
    public Faults(Faults soFar)
    {
        _unreadable = [.. soFar._unreadable];
        _unacceptable = [.. soFar._unacceptable];
    }

    /// <summary>Whether as many unreadable places were found as are told; to look for more is not worth it.</summary>
    public bool IsFull => _unreadable.Count >= FaultsMax;

    public bool Any => _unreadable.Count > 0 || _unacceptable.Count > 0;

    /// <summary>A fault at a place in the body.</summary>
    public void Add(ProblemCode code, string pointer, string detail) =>
        Add(code, new InputFault { Pointer = pointer, Code = code.ToText(), Detail = detail });

    /// <summary>A fault of a query parameter.</summary>
    public void AddParameter(ProblemCode code, string parameter, string detail) =>
        Add(code, new InputFault { Parameter = parameter, Code = code.ToText(), Detail = detail });

    /// <summary>Adds what was found elsewhere in the same request.</summary>
    public void Add(Faults others)
    {
        foreach (var (code, fault) in others._unreadable.Concat(others._unacceptable))
        {
            Add(code, fault);
        }
    }

    /// <summary>
    /// Why the body could not even be taken for JSON, and what else of the request can't be read. A refusal with
    /// another status (413, 415) is told alone.
    /// </summary>
    public Problem Join(Problem unread)
    {
        if (ProblemTable.Of(unread.Code).Status != StatusCodes.Status400BadRequest)
        {
            return unread;
        }

        var all = new Faults();
        all.Add(unread.Code, "#", unread.Detail);
        all.Add(this);
        return all.ToUnreadableProblem()!;
    }

    /// <summary>The problem that the faults make, or null where there are none.</summary>
    public Problem? ToProblem() => ToUnreadableProblem() ?? Combine(_unacceptable, ProblemCode.Unacceptable);

    /// <summary>The problem that the unreadable ones alone make, or null where there are none.</summary>
    public Problem? ToUnreadableProblem() => Combine(_unreadable,
        _unreadable.TrueForAll(entry => entry.Fault.Parameter is not null)
            ? ProblemCode.InvalidQuery
            : ProblemCode.InvalidBody);

    private void Add(ProblemCode code, InputFault fault)
    {
        var list = ProblemTable.Of(code).Status == StatusCodes.Status400BadRequest ? _unreadable : _unacceptable;
        if (list.Count < FaultsMax)
        {
            list.Add((code, fault));
        }
    }

    /// <summary>One kind of fault gives the problem its code; several kinds share a general one.</summary>
    private static Problem? Combine(List<(ProblemCode Code, InputFault Fault)> faults, ProblemCode several)
    {
        if (faults.Count == 0)
        {
            return null;
        }

        var code = faults.TrueForAll(entry => entry.Code == faults[0].Code) ? faults[0].Code : several;
        var detail = faults.Count switch
        {
            1 => faults[0].Fault.Detail,
            < FaultsMax => $"{faults.Count} faults were found; see errors.",
            _ => $"{FaultsMax} faults were found, and there may be more; see errors.",
        };
        return new Problem(code, detail) { Faults = [.. faults.Select(entry => entry.Fault)] };
    }
}
