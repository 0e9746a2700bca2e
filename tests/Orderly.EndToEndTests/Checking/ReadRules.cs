namespace Orderly.EndToEndTests.Checking;

/// <summary>
/// What must hold of reads: they tell a version that there was, and none older than what somebody had already been
/// told before the read began.
/// </summary>
internal static class ReadRules
{
    public static IEnumerable<Violation> Check(History history, LogIndex log)
    {
        var told = Told(history).ToLookup(entry => entry.OrderId);
        foreach (var reads in history.Reads.GroupBy(read => read.OrderId))
        {
            var known = told[reads.Key].OrderBy(entry => entry.At).ToList();
            var next = 0;
            var newest = 0;
            foreach (var read in reads.OrderBy(read => read.InvokedAt))
            {
                for (; next < known.Count && known[next].At < read.InvokedAt; next++)
                {
                    newest = Math.Max(newest, known[next].Version);
                }

                if (CheckRead(read, newest, log) is { } violation)
                {
                    yield return violation;
                }
            }
        }
    }

    private static Violation? CheckRead(ReadOperation read, int newest, LogIndex log)
    {
        if (read.Version == 0)
        {
            // Not found: some version from the newest known one on has it deleted, or it was not there yet.
            return newest == 0 || log.ByOrder[read.OrderId].Any(v => v.Version >= newest && v.Facts.IsDeleted)
                ? null
                : new Violation(Rule.ReadsSeeAcknowledgedWrites,
                    $"{read.OrderId} was not found after version {newest} had been told");
        }

        if (read.Version < newest)
        {
            return new Violation(Rule.ReadsSeeAcknowledgedWrites,
                $"{read.OrderId} was read as version {read.Version} after version {newest} had been told");
        }

        return log.Find(read.OrderId, read.Version) is { } version && version.Facts == read.Facts
            ? null
            : new Violation(Rule.ReadsSeeAcknowledgedWrites,
                $"{read.OrderId} was read as {read.Version} {read.Facts}, which the log does not have");
    }

    /// <summary>Which versions clients were told, and when at the latest.</summary>
    private static IEnumerable<(Guid OrderId, int Version, long At)> Told(History history) =>
        history.Reads.Where(read => read.Version > 0).Select(read => (read.OrderId, read.Version, read.AnsweredAt))
            .Concat(history.Writes.SelectMany(write => write.Answers.Select(
                answer => (answer.OrderId, answer.Version, write.AnsweredAt))));
}
