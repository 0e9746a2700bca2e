using System.Diagnostics.Metrics;
using Orderly.Contract.Problems;

namespace Orderly.Server.Observability;

/// <summary>The labels that the values of an instrument have; each has few values, all known beforehand.</summary>
[AttributeUsage(AttributeTargets.Field)]
internal sealed class LabelsAttribute(params string[] names) : Attribute
{
    public IReadOnlyList<string> Names => names;
}

/// <summary>
/// Everything that the service counts and measures, beside what the framework does. docs/telemetry.md says what each
/// is for. No label holds what a caller sent, so their number is bounded.
/// </summary>
internal static class Meters
{
    public const string Name = "Orderly";

    private static readonly Meter Meter = new(Name);

    // What waits is in groups; what can't wait is refused.

    [Labels("work")]
    public static readonly Histogram<int> GroupSize = Meter.CreateHistogram(
        "orderly.group.size", "{item}", "How many reads or writes went to the database together.",
        advice: new InstrumentAdvice<int> { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256] });

    [Labels("work")]
    public static readonly Histogram<double> GroupWait = Meter.CreateHistogram(
        "orderly.group.wait", "s", "How long the first of a group had waited for its turn.", advice: Durations);

    [Labels("work")]
    public static readonly Histogram<double> GroupDuration = Meter.CreateHistogram(
        "orderly.group.duration", "s", "How long the database took for a group.", advice: Durations);

    [Labels("work")]
    public static readonly Gauge<int> GroupLanes = Meter.CreateGauge<int>(
        "orderly.group.lanes", "{lane}", "How many groups may be in flight at a time.");

    public static readonly Counter<long> GroupRetries = Meter.CreateCounter<long>(
        "orderly.group.retries", "{attempt}", "Groups of writes sent again after a lost connection or a deadlock.");

    public static readonly Counter<long> GroupSplits = Meter.CreateCounter<long>(
        "orderly.group.splits", "{group}",
        "Groups of writes that the database refused and that were tried one by one.");

    [Labels("kind")]
    public static readonly UpDownCounter<int> ActiveRequests = Meter.CreateUpDownCounter<int>(
        "orderly.requests.active", "{request}", "Requests that have a place, in work or mostly waiting.");

    [Labels("reason")]
    public static readonly Counter<long> Overloads = Meter.CreateCounter<long>(
        "orderly.overloads", "{request}", "Work that was refused at once or after waiting, since there was too much.");

    [Labels("code")]
    public static readonly Counter<long> Problems = Meter.CreateCounter<long>(
        "orderly.problems", "{answer}", "Answers that were refusals, by their code.");

    // Who calls.

    [Labels("kind")]
    public static readonly Counter<long> RateLimited = Meter.CreateCounter<long>(
        "orderly.ratelimit.refusals", "{request}", "Requests past the quota of their key.");

    public static readonly Counter<long> BadKeys = Meter.CreateCounter<long>(
        "orderly.keys.bad", "{request}", "Requests with a key that is not valid.");

    public static readonly Counter<long> KeyLookups = Meter.CreateCounter<long>(
        "orderly.keys.lookups", "{lookup}", "Keys looked up in the database, since what was remembered had run out.");

    // What is stored.

    [Labels("kind")]
    public static readonly Counter<long> Versions = Meter.CreateCounter<long>(
        "orderly.orders.versions", "{version}", "Versions of orders stored, by the kind of change; imports are apart.");

    public static readonly Counter<long> Replays = Meter.CreateCounter<long>(
        "orderly.idempotency.replays", "{request}", "Repeated requests that got their first answer again.");

    public static readonly Counter<long> PersonalDataUnreadable = Meter.CreateCounter<long>(
        "orderly.personal.unreadable", "{attempt}",
        "Times that personal data could not be decrypted, since it or its key was changed.");

    // The feed.

    public static readonly Gauge<long> FeedPending = Meter.CreateGauge<long>(
        "orderly.feed.pending", "{event}", "Changes that are not in the feed yet, counted up to 10,001.");

    public static readonly Gauge<double> FeedLag = Meter.CreateGauge<double>(
        "orderly.feed.lag", "s", "The age of the oldest change that is not in the feed yet; 0: there is none.");

    public static readonly Counter<long> FeedMoved = Meter.CreateCounter<long>(
        "orderly.feed.moved", "{event}", "Changes that this server has given their places in the feed.");

    public static readonly Counter<long> SequencerFailures = Meter.CreateCounter<long>(
        "orderly.feed.failures", "{failure}", "Times that the sequencer of this server failed and began anew.");

    public static readonly Gauge<int> Sequencer = Meter.CreateGauge<int>(
        "orderly.feed.sequencer", "{server}", "1: this server has the lock and fills the feed; 0: another one has it.");

    public static readonly UpDownCounter<int> FeedReaders = Meter.CreateUpDownCounter<int>(
        "orderly.feed.readers", "{reader}", "Readers of the feed as server-sent events.");

    public static readonly Counter<long> Checkpoints = Meter.CreateCounter<long>(
        "orderly.checkpoints.signed", "{checkpoint}", "Checkpoints of the log that this server has signed.");

    public static readonly Gauge<int> CheckpointsStopped = Meter.CreateGauge<int>(
        "orderly.checkpoints.stopped", "{server}", "1: this server signs no more, since what it found can't be right.");

    // Streams and imports.

    public static readonly UpDownCounter<int> Streams = Meter.CreateUpDownCounter<int>(
        "orderly.streams.active", "{stream}", "Lists that are being streamed.");

    public static readonly Counter<long> StreamedRows = Meter.CreateCounter<long>(
        "orderly.streams.rows", "{order}", "Orders sent in streams.");

    public static readonly Counter<long> StreamsCut = Meter.CreateCounter<long>(
        "orderly.streams.cut", "{stream}",
        "Streams given up, since the reader stood still, it took too long, or the key ended.");

    public static readonly UpDownCounter<int> Imports = Meter.CreateUpDownCounter<int>(
        "orderly.imports.active", "{import}", "Imports that are running.");

    [Labels("outcome")]
    public static readonly Counter<long> ImportedRows = Meter.CreateCounter<long>(
        "orderly.imports.rows", "{row}",
        "Rows of imports, come to their end or not: received, stored as orders (created), and refused.");

    // The database, as this server sees it every few seconds.

    public static readonly Gauge<int> DatabaseUp = Meter.CreateGauge<int>(
        "orderly.database.up", "{database}", "1: the database answered the last look at it; 0: it did not.");

    public static readonly Gauge<int> DatabaseWritable = Meter.CreateGauge<int>(
        "orderly.database.writable", "{database}", "1: the database takes writes; 0: it only reads.");

    public static readonly Gauge<long> DatabaseConnections = Meter.CreateGauge<long>(
        "orderly.database.connections", "{connection}", "Connections that the PostgreSQL server has, of all programs.");

    public static readonly Gauge<long> DatabaseConnectionsMax = Meter.CreateGauge<long>(
        "orderly.database.connections.max", "{connection}", "Connections that the PostgreSQL server can have.");

    public static readonly Gauge<long> DatabaseSize = Meter.CreateGauge<long>(
        "orderly.database.size", "By", "The size of the database on disk.");

    public static readonly Gauge<double> OldestTransaction = Meter.CreateGauge<double>(
        "orderly.database.oldest_transaction", "s", "The age of the oldest transaction that is still open.");

    public static readonly Gauge<long> TransactionIdAge = Meter.CreateGauge<long>(
        "orderly.database.transaction_id_age", "{transaction}",
        "How many transactions ago the oldest was that is not frozen; at 2 billion PostgreSQL stops.");

    // The log of the program itself.

    public static readonly Counter<long> LogLinesDropped = Meter.CreateCounter<long>(
        "orderly.log.dropped", "{line}", "Lines of the log thrown away, since whoever reads them stood still.");

    private static InstrumentAdvice<double> Durations => new()
    {
        HistogramBucketBoundaries = DurationBounds,
    };

    /// <summary>Most answers take a millisecond or less, where the framework's own bounds are too wide.</summary>
    public static double[] DurationBounds =>
        [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    /// <summary>
    /// Lets what an alert watches for the first of exist from the start, as an increase is seen only of what was there;
    /// and what the dashboard shows, or a quiet server would look like one that tells nothing.
    /// </summary>
    public static void BeginAtZero()
    {
        Problems.Add(0, Label("code", ProblemCode.InternalError.ToText()));
        GroupSplits.Add(0);
        PersonalDataUnreadable.Add(0);
        LogLinesDropped.Add(0);
        GroupRetries.Add(0);
        Replays.Add(0);
        Streams.Add(0);
        Imports.Add(0);
        FeedReaders.Add(0);
    }

    public static KeyValuePair<string, object?> Label(string name, object value) => new(name, value);
}
