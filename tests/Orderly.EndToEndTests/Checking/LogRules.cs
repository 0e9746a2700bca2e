namespace Orderly.EndToEndTests.Checking;

/// <summary>What must hold of the log and the orders it explains.</summary>
internal static class LogRules
{
    public static IEnumerable<Violation> Check(FinalState final, LogIndex log) =>
    [
        .. log.ByOrder.Where(versions => !versions.Select(version => version.Version).Order()
                .SequenceEqual(Enumerable.Range(1, versions.Count())))
            .Select(versions => new Violation(Rule.VersionsAreDense,
                $"{versions.Key} has the versions "
                    + $"{string.Join(' ', versions.Select(version => version.Version).Order())}")),
        .. CheckOrders(final.Stored, "is stored", log, deletedToo: true),
        .. CheckOrders(final.Served, "is served", log, deletedToo: false),
        .. CheckOrders(final.Folded, "folds to", log, deletedToo: true),
        .. CheckSteps(log),
    ];

    private static IEnumerable<Violation> CheckOrders(
        IReadOnlyList<FinalOrder> orders, string what, LogIndex log, bool deletedToo)
    {
        var seen = new HashSet<Guid>();
        foreach (var order in orders)
        {
            seen.Add(order.OrderId);
            var last = log.ByOrder[order.OrderId].MaxBy(version => version.Version);
            if (last is null || last.Version != order.Version || last.Facts != order.Facts)
            {
                yield return new Violation(Rule.StateIsTheFoldOfTheLog,
                    $"{order.OrderId} {what} {order.Version} {order.Facts}, the log ends with {last}");
            }
        }

        foreach (var versions in log.ByOrder.Where(versions => !seen.Contains(versions.Key)))
        {
            var last = versions.MaxBy(version => version.Version)!;
            if (deletedToo || !last.Facts.IsDeleted)
            {
                yield return new Violation(Rule.StateIsTheFoldOfTheLog,
                    $"nothing {what} for {versions.Key}, where the log ends with {last}");
            }
        }
    }

    /// <summary>A version keeps what its kind does not change.</summary>
    private static IEnumerable<Violation> CheckSteps(LogIndex log)
    {
        foreach (var versions in log.ByOrder)
        {
            LoggedVersion? before = null;
            foreach (var version in versions.OrderBy(version => version.Version))
            {
                if (before is not null && !IsStep(before.Facts, version))
                {
                    yield return new Violation(Rule.StateIsTheFoldOfTheLog,
                        $"{version} does not follow from {before.Facts}");
                }

                before = version;
            }
        }
    }

    private static bool IsStep(OrderFacts before, LoggedVersion version) => version.Kind switch
    {
        "updated" => version.Facts.Status == before.Status && !before.IsDeleted,
        "status-changed" => version.Facts with { Status = before.Status } == before,
        "deleted" => version.Facts with { IsDeleted = false } == before,
        "restored" => version.Facts with { IsDeleted = true } == before,
        _ => false,
    };
}
