using System.Diagnostics.Metrics;
using System.Reflection;
using System.Text.RegularExpressions;
using Orderly.Server.Observability;

namespace Orderly.Tests.Observability;

/// <summary>The alerts and the dashboard ask for what there is, and every alert says what to do.</summary>
public sealed partial class AlertTests
{
    private const string Alerts = "deploy/prometheus/alerts.yml";

    [Fact]
    public void Every_alert_has_an_entry_in_the_runbook_and_every_entry_an_alert()
    {
        var alerts = AlertName().Matches(Read(Alerts)).Select(match => match.Groups[1].Value).ToList();

        alerts.ShouldNotBeEmpty();
        Heading().Matches(Read("docs/operations/runbook.md")).Select(match => match.Groups[1].Value)
            .ShouldBe(alerts);
        Anchor().Matches(Read(Alerts)).Select(match => match.Groups[1].Value)
            .ShouldBe(alerts.Select(name => name.ToLowerInvariant()));
    }

    [Theory]
    [InlineData(Alerts)]
    [InlineData("deploy/grafana/orderly.json")]
    [InlineData("docs/operations/runbook.md")]
    public void Every_metric_of_ours_that_is_asked_for_exists(string path)
    {
        var series = typeof(Meters).GetFields(BindingFlags.Static | BindingFlags.Public)
            .Select(field => field.GetValue(null)).OfType<Instrument>().SelectMany(SeriesOf).ToHashSet();

        OwnSeries().Matches(Read(path)).Select(match => match.Value).Where(name => !series.Contains(name))
            .ShouldBeEmpty();
    }

    /// <summary>The names that Prometheus knows an instrument by.</summary>
    private static IEnumerable<string> SeriesOf(Instrument instrument)
    {
        var unit = instrument.Unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
        var name = instrument.Name.Replace('.', '_') + unit;
        return instrument.GetType().Name.Split('`')[0] switch
        {
            "Counter" => [name + "_total"],
            "Histogram" => [name, name + "_bucket", name + "_sum", name + "_count"],
            _ => [name],
        };
    }

    private static string Read(string path)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Orderly.slnx")))
        {
            folder = folder.Parent!;
        }

        return File.ReadAllText(Path.Combine(folder.FullName, path));
    }

    [GeneratedRegex(@"- alert: (?<name>\w+)", RegexOptions.None, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex AlertName();

    [GeneratedRegex(@"^## (?<name>\w+)\r?$", RegexOptions.Multiline, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex Heading();

    [GeneratedRegex(@"runbook\.md#(?<name>\w+)", RegexOptions.None, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex Anchor();

    [GeneratedRegex("orderly_[a-z_]+[a-z]", RegexOptions.None, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex OwnSeries();
}
