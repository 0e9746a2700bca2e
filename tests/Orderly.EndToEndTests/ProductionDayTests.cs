using Orderly.EndToEndTests.Production;

namespace Orderly.EndToEndTests;

/// <summary>Some seconds of a day in production. The long one is a command, see README.md.</summary>
[Collection(Soak.OneAtATime)]
public sealed class ProductionDayTests(ITestOutputHelper output)
{
    private const double Seconds = 8;

    [Fact(Explicit = true)]
    public async Task All_that_is_acknowledged_in_some_seconds_of_a_day_is_there_and_nothing_fails()
    {
        var options = new DayOptions { Minutes = Seconds / 60, Rate = 60, FollowersOfEach = 1 };

        var result = await ProductionDay.RunAsync(options);

        output.WriteLine(DayReport.Write(options, result));
        result.Ledger.Faults.ShouldBeEmpty();
        result.Ledger.Acknowledged.Count.ShouldBeGreaterThan(100);
        result.Ledger.VersionCount.ShouldBe(result.Ledger.Acknowledged.Count + options.ImportRows);
        result.Notes.ShouldContain(note => note.StartsWith("import: ") && note.Contains("rows"));
        result.Notes.ShouldContain(note => note.StartsWith("export: ") && !note.Contains(" 0 orders"));
        result.Intervals.Count.ShouldBeGreaterThanOrEqualTo(6);
        result.Intervals[^1].Vitals.Values.ShouldAllBe(value => !double.IsNaN(value.Value));
        result.Trends.ShouldBeEmpty("some seconds do not tell what grows");
    }
}
