using System.Globalization;
using Orderly.Server.Database;
using Orderly.Server.Privacy;

namespace Orderly.Server.Changes;

/// <summary>What a verification looked at, and how much was wrong.</summary>
internal sealed record VerificationSummary(
    long Revisions, long Entries, long Checkpoints, long CheckedSize, long Findings, TimeSpan Elapsed);

/// <summary>
/// Verifies the whole log in one snapshot and in constant memory: first by order and version, then by position.
/// Trusts nothing of the database but the values themselves: every hash is computed here.
/// </summary>
/// <param name="key">Whose signatures count; null: signatures are not checked.</param>
/// <param name="kept">Checkpoints from outside the database, whose signatures were checked.</param>
/// <param name="openSalted">See <see cref="OrderChainCheck"/>.</param>
internal sealed class LogVerifier(
    CheckpointKey? key, IReadOnlyList<Checkpoint> kept, TimeProvider time, Action<Finding> tell,
    Action<long, TimeSpan> progress, Func<Guid, byte[], WrappedKey, byte[]?>? openSalted = null)
{
    private const int ProgressSeconds = 1;
    private const int ClockEveryRows = 4_096;

    private long _start;
    private long _toldAt;
    private long _rows;

    /// <summary>Verifies what the connection sees; it may be in a transaction of its own already.</summary>
    public VerificationSummary Run(DatabaseSession session)
    {
        _start = _toldAt = time.GetTimestamp();
        _rows = 0;
        var findings = new Findings(tell);
        var (inLog, inFeed) = LogFingerprint.Pair();
        LogVerificationStore.Prepare(session);

        var chains = new OrderChainCheck(findings, inLog, openSalted);
        LogVerificationStore.ReadRevisions(session, rows => Each(rows, chains.Add));
        chains.Finish();
        foreach (var order in LogVerificationStore.FindOrdersWithoutRevision(session, Findings.ToldMax))
        {
            findings.AddOrder(order, null, "the order is there, but the log has no version of it");
        }

        var feed = new FeedCheck(findings, inFeed, key, kept);
        LogVerificationStore.ReadFeed(session, rows => Each(rows, feed.Add));
        feed.Finish();
        CheckEnd(session, findings, feed);

        LogVerificationStore.ReadPending(session, rows => Each(rows, row => inFeed.Add(row.Bytes(0), row.Bytes(1))));
        if (!inLog.Matches(inFeed))
        {
            Locate(session, findings);
        }

        return new VerificationSummary(
            chains.Count, feed.Count, feed.Checkpoints.Count, feed.Checkpoints.Size, findings.Count,
            time.GetElapsedTime(_start));
    }

    private static void CheckEnd(DatabaseSession session, Findings findings, FeedCheck feed)
    {
        foreach (var size in LogVerificationStore.FindCheckpointsBeyond(
            session, feed.LastPosition, Findings.ToldMax))
        {
            findings.AddPosition(feed.LastPosition + 1, string.Create(CultureInfo.InvariantCulture,
                $"missing: the log ends at {feed.LastPosition}, but a checkpoint in the database has {size} entries"));
        }

        if (LogVerificationStore.FindLastPosition(session) != feed.LastPosition)
        {
            findings.AddPosition(feed.LastPosition, "the feed's own count of its entries is another one");
        }
    }

    private static void Locate(DatabaseSession session, Findings findings)
    {
        foreach (var (order, version, times) in LogVerificationStore.FindMisplaced(session, Findings.ToldMax))
        {
            findings.AddOrder(order, version, times == 0
                ? "neither in the feed nor on its way there"
                : string.Create(CultureInfo.InvariantCulture, $"{times} times in the feed, or not in the log"));
        }
    }

    private void Each(CopyRows rows, Action<CopyRows> check)
    {
        while (rows.Read())
        {
            check(rows);
            if (++_rows % ClockEveryRows == 0 && time.GetElapsedTime(_toldAt).TotalSeconds >= ProgressSeconds)
            {
                _toldAt = time.GetTimestamp();
                progress(_rows, time.GetElapsedTime(_start));
            }
        }
    }
}
