using System.Globalization;
using System.Text;
using Orderly.EndToEndTests.Checking;
using Orderly.EndToEndTests.Faults;
using Orderly.EndToEndTests.Work;

namespace Orderly.EndToEndTests;

/// <summary>A run in a few lines.</summary>
internal static class SoakReport
{
    private const int ViolationsShownMax = 30;
    private const double TicksPerSecond = 1e9;

    public static string Write(
        SoakOptions options, Recorder recorder, History history, IReadOnlyList<Violation> violations,
        FaultInjector injector, TimeSpan took)
    {
        var text = new StringBuilder();
        Line(text, $"seed {options.Seed}, {took.TotalSeconds:0} s");
        Line(text, $"operations: {recorder.Count} ({history.Writes.Count} writes, {recorder.Retries} tried again; "
            + $"{history.Reads.Count} orders read)");
        foreach (var kind in Enum.GetValues<OperationKind>())
        {
            var writes = history.Writes.Where(write => write.Kind == kind).ToList();
            Line(text, $"  {kind,-13}" + string.Join(", ", Enum.GetValues<OperationOutcome>()
                .Select(outcome => $"{writes.Count(write => write.Outcome == outcome)} {outcome}")));
        }

        Line(text, $"longest write: {history.Writes.Select(Seconds).DefaultIfEmpty().Max():0.0} s");
        Line(text, $"faults: {injector.Count} ("
            + string.Join(", ", injector.Done.OrderBy(done => done.Key).Select(done => $"{done.Value} {done.Key}"))
            + ")");
        Line(text, $"orders: {history.Final.Stored.Count}, versions: {history.Final.Log.Count}, "
            + $"feed: {history.Final.Places.Count}");
        Line(text, $"violations: {violations.Count}");
        foreach (var rule in violations.CountBy(violation => violation.Rule))
        {
            Line(text, $"  {rule.Value} of {rule.Key}");
        }

        foreach (var violation in violations.Take(ViolationsShownMax))
        {
            Line(text, $"  {violation}");
        }

        return text.ToString();
    }

    private static double Seconds(WriteOperation write) => (write.AnsweredAt - write.InvokedAt) / TicksPerSecond;

    private static void Line(StringBuilder text, FormattableString line) =>
        text.AppendLine(line.ToString(CultureInfo.InvariantCulture));

    private static void Line(StringBuilder text, string line) => text.AppendLine(line);
}
