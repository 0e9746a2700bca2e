using System.Diagnostics.Metrics;
using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Logging;
using Orderly.Server.Observability;

namespace Orderly.Tests.Observability;

/// <summary>docs/telemetry.md tells of everything that the code can say, and of nothing else.</summary>
public sealed class TelemetryDocumentTests
{
    private static readonly string[] Lines = File.ReadAllLines(Path.Combine(Root(), "docs", "telemetry.md"));

    [Fact]
    public void Every_event_of_the_log_is_documented_with_its_id_and_level_and_nothing_else() =>
        Rows("Events").Select(row => string.Join(' ', row.Take(3))).ShouldBe(
            typeof(LogEvents).GetMethods(BindingFlags.Static | BindingFlags.Public)
                .Select(method => (method.Name, Event: method.GetCustomAttribute<LoggerMessageAttribute>()))
                .Where(entry => entry.Event is not null)
                .OrderBy(entry => entry.Event!.EventId)
                .Select(entry => $"{entry.Event!.EventId} {entry.Event.Level} {entry.Name}"));

    [Fact]
    public void Every_event_says_what_it_means_and_what_to_do() =>
        Rows("Events").ShouldAllBe(row => row.Length == 5 && row[3].Length > 5 && row[4].Length > 5);

    [Fact]
    public void No_two_events_have_the_same_id() =>
        typeof(LogEvents).GetMethods(BindingFlags.Static | BindingFlags.Public)
            .Select(method => method.GetCustomAttribute<LoggerMessageAttribute>()?.EventId).OfType<int>()
            .ShouldBeUnique();

    [Fact]
    public void Every_instrument_is_documented_with_its_kind_unit_and_labels_and_nothing_else() =>
        Rows("Metrics").Select(row => string.Join(' ', row.Take(4))).Order(StringComparer.Ordinal).ShouldBe(
            Instruments().Select(Describe).Order(StringComparer.Ordinal));

    [Fact]
    public void What_an_instrument_says_of_itself_is_what_the_document_says()
    {
        var documented = Rows("Metrics").ToDictionary(row => row[0].Trim('`'), row => row[4]);
        Instruments().ShouldAllBe(
            entry => documented[entry.Instrument.Name].StartsWith(entry.Instrument.Description!));
    }

    [Fact]
    public void Every_span_is_documented_and_nothing_else() =>
        Rows("Spans").Where(row => row[1] == Spans.Name).Select(row => row[0].Trim('`'))
            .ShouldBe([Spans.Group]);

    private static string Describe((Instrument Instrument, IReadOnlyList<string> Labels) entry)
    {
        var kind = entry.Instrument.GetType().Name.Split('`')[0];
        var labels = string.Join(", ", entry.Labels.Select(label => $"`{label}`"));
        return string.Create(CultureInfo.InvariantCulture,
            $"`{entry.Instrument.Name}` {kind} {entry.Instrument.Unit} {labels}");
    }

    private static IEnumerable<(Instrument Instrument, IReadOnlyList<string> Labels)> Instruments() =>
        typeof(Meters).GetFields(BindingFlags.Static | BindingFlags.Public)
            .Where(field => field.FieldType.IsAssignableTo(typeof(Instrument)))
            .Select(field => (
                (Instrument)field.GetValue(null)!,
                field.GetCustomAttribute<LabelsAttribute>()?.Names ?? []));

    /// <summary>The rows of the first table under a heading, cell by cell.</summary>
    private static IReadOnlyList<string[]> Rows(string heading) =>
        [.. Lines.SkipWhile(line => line != "## " + heading).SkipWhile(line => !line.StartsWith('|')).Skip(2)
            .TakeWhile(line => line.StartsWith('|'))
            .Select(line => line.Trim('|').Split(" | ").Select(cell => cell.Trim()).ToArray())];

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Orderly.slnx")))
        {
            folder = folder.Parent!;
        }

        return folder.FullName;
    }
}
