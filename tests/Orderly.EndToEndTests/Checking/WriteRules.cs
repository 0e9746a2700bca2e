namespace Orderly.EndToEndTests.Checking;

/// <summary>What must hold of each write, by what its client was told.</summary>
internal static class WriteRules
{
    public static IEnumerable<Violation> Check(History history, LogIndex log) =>
    [
        .. history.Writes.SelectMany(write => CheckWrite(write, log)),
        .. CheckReadable(history),
        .. CheckBases(history.Writes),
        .. CheckOrigins(history, log),
    ];

    private static IEnumerable<Violation> CheckWrite(WriteOperation write, LogIndex log)
    {
        var versions = log.ByMarker[write.Marker].ToList();
        if (versions.Count > 1)
        {
            yield return write.Kind == OperationKind.Create
                ? new Violation(Rule.OneOrderForEachKey,
                    $"create {write.Marker} with key {write.Key} made {versions.Count} orders: {Names(versions)}")
                : new Violation(Rule.AcknowledgedWriteIsThereOnce,
                    $"{write.Kind} {write.Marker} is there {versions.Count} times: {Names(versions)}");
        }

        foreach (var answer in write.Answers)
        {
            if (CheckAnswer(write, answer, log) is { } violation)
            {
                yield return violation;
            }
        }

        if (write.Outcome == OperationOutcome.Refused && versions.Count > 0)
        {
            yield return new Violation(Rule.RefusedWriteIsNotThere,
                $"{write.Kind} {write.Marker} was refused and is {Names(versions)}");
        }

        if (write.Outcome == OperationOutcome.Unknown && versions.Exists(version => !IsMeant(write, version)))
        {
            yield return new Violation(Rule.UnknownWriteIsWholeOrNotThere,
                $"{write.Kind} {write.Marker} is there, but not as it was meant: {Names(versions)}");
        }
    }

    private static Violation? CheckAnswer(WriteOperation write, AnsweredWrite answer, LogIndex log)
    {
        var stored = log.Find(answer.OrderId, answer.Version);
        if (ChangedNothing(write, answer) && stored?.Facts == answer.Facts && log.ByMarker[write.Marker].Any() is false)
        {
            return null;
        }

        if (stored is null || stored.Marker != write.Marker || !IsMeant(write, stored))
        {
            var rule = write.Kind != OperationKind.Create ? Rule.AcknowledgedWriteIsThereOnce
                : answer.IsReplay ? Rule.OneOrderForEachKey : Rule.AcknowledgedCreateIsReadable;
            return new Violation(rule,
                $"{write.Kind} {write.Marker} was acknowledged as {answer.OrderId}/{answer.Version}, "
                + $"where the log has {stored?.ToString() ?? "nothing"}");
        }

        return answer.Facts is { } told && told != stored.Facts
            ? new Violation(Rule.AcknowledgedWriteIsThereOnce,
                $"{write.Kind} {write.Marker} was answered with {told}, the log has {stored.Facts}")
            : null;
    }

    /// <summary>An acknowledged create can be read at the end, unless somebody deleted it.</summary>
    private static IEnumerable<Violation> CheckReadable(History history)
    {
        var served = history.Final.Served.Select(order => order.OrderId).ToHashSet();
        var deleted = history.Final.Log.GroupBy(version => version.OrderId)
            .Where(versions => versions.MaxBy(version => version.Version)!.Facts.IsDeleted)
            .Select(versions => versions.Key).ToHashSet();
        return history.Writes.Where(write => write.Kind == OperationKind.Create)
            .SelectMany(write => write.Answers.Select(answer => (write.Marker, answer.OrderId)).Distinct())
            .Where(created => !served.Contains(created.OrderId) && !deleted.Contains(created.OrderId))
            .Select(created => new Violation(Rule.AcknowledgedCreateIsReadable,
                $"create {created.Marker} was acknowledged as {created.OrderId}, which can't be read"));
    }

    private static IEnumerable<Violation> CheckBases(IReadOnlyList<WriteOperation> writes) =>
        writes.Where(write => write is { Target: not null, Outcome: OperationOutcome.Acknowledged }
                && !write.Answers.Any(answer => ChangedNothing(write, answer)))
            .GroupBy(write => (write.Target, write.BaseVersion))
            .Where(same => same.Count() > 1)
            .Select(same => new Violation(Rule.OneWriteForEachBase,
                $"{same.Key.Target}/{same.Key.BaseVersion} is the base of "
                + string.Join(", ", same.Select(write => $"{write.Kind} {write.Marker}"))));

    private static IEnumerable<Violation> CheckOrigins(History history, LogIndex log)
    {
        var known = history.Writes.Select(write => write.Marker).ToHashSet(StringComparer.Ordinal);
        return log.ByOrder.SelectMany(versions => versions)
            .Where(version => version.Marker is null || !known.Contains(version.Marker))
            .Select(version => new Violation(Rule.NothingComesFromNowhere, $"nobody wrote {version}"));
    }

    /// <summary>
    /// A status that the order has already, or restoring what is not deleted, makes no version: the answer is the
    /// order as it is there.
    /// </summary>
    private static bool ChangedNothing(WriteOperation write, AnsweredWrite answer) =>
        answer.OrderId == write.Target && answer.Version == write.BaseVersion && write.Kind switch
        {
            OperationKind.ChangeStatus => answer.Facts?.Status == write.Status,
            OperationKind.Restore => answer.Facts?.IsDeleted == false,
            _ => false,
        };

    /// <summary>Whether a version is what the operation asks for, in all its parts.</summary>
    private static bool IsMeant(WriteOperation write, LoggedVersion version)
    {
        var facts = version.Facts;
        return version.Version == write.BaseVersion + 1
            && (write.Target is null || write.Target == version.OrderId)
            && (write.TotalFee is null || (facts.TotalFee == write.TotalFee && facts.Marker == write.Marker))
            && (write.Status is null || facts.Status == write.Status)
            && facts.IsDeleted == (write.Kind == OperationKind.Delete)
            && version.Kind == KindOf(write.Kind);
    }

    private static string KindOf(OperationKind kind) => kind switch
    {
        OperationKind.Create => "placed",
        OperationKind.Update => "updated",
        OperationKind.ChangeStatus => "status-changed",
        OperationKind.Delete => "deleted",
        OperationKind.Restore => "restored",
    };

    private static string Names(IEnumerable<LoggedVersion> versions) =>
        string.Join(", ", versions.Select(version => $"{version.OrderId}/{version.Version}"));
}
