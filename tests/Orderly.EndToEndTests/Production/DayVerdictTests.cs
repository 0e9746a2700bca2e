namespace Orderly.EndToEndTests.Production;

/// <summary>What counts as growth, on days made by hand.</summary>
public sealed class DayVerdictTests
{
    private const int Minutes = 30;
    private const double SteadyMemory = 300;
    private const double SteadyMilliseconds = 12;
    private static readonly TimeSpan Duration = TimeSpan.FromMinutes(Minutes);

    [Fact]
    public void A_steady_day_holds_though_single_minutes_stick_out()
    {
        var trends = DayVerdict.Decide(
            Day((minute, _) => minute is 12 or 25 ? 900 : SteadyMemory, minute => minute == 28 ? 400 : 12), Duration);

        trends.Count.ShouldBeGreaterThan(10);
        trends.Where(trend => !trend.Holds).ShouldBeEmpty();
    }

    [Fact]
    public void What_only_grows_while_it_warms_up_holds() => DayVerdict.Decide(
            Day((minute, _) => minute < 8 ? 100 + (minute * 25) : SteadyMemory, minute => minute < 2 ? 300 : 12),
            Duration)
        .ShouldAllBe(trend => trend.Holds);

    [Theory]
    [InlineData(nameof(DayGauge.ServerMemory), 5.0)]
    [InlineData(nameof(DayGauge.ManagedHeap), 9.0)]
    [InlineData(nameof(DayGauge.DatabasePrivate), 5.0)]
    [InlineData(nameof(DayGauge.Connections), 0.4)]
    [InlineData(nameof(DayGauge.Files), 5.0)]
    public void What_goes_on_growing_is_found(string leaking, double perMinute)
    {
        var trends = DayVerdict.Decide(Day(
            (minute, gauge) => SteadyMemory + (gauge.ToString() == leaking ? minute * perMinute : 0),
            _ => SteadyMilliseconds), Duration);

        trends.Where(trend => !trend.Holds).ShouldHaveSingleItem();
    }

    [Fact]
    public void Answers_that_take_longer_and_longer_are_found() => DayVerdict.Decide(
            Day((_, _) => SteadyMemory, minute => SteadyMilliseconds + (minute * 2)), Duration)
        .Where(trend => !trend.Holds).ShouldAllBe(trend => trend.What.StartsWith("p99"));

    [Fact]
    public void What_was_not_measured_does_not_hold() => DayVerdict.Decide(
            Day((_, gauge) => gauge == DayGauge.FeedLag ? double.NaN : SteadyMemory, _ => SteadyMilliseconds), Duration)
        .Where(trend => !trend.Holds).ShouldHaveSingleItem().What.ShouldBe("feed lag");

    [Fact]
    public void Requests_come_evenly_until_all_are_there_and_then_at_the_rate()
    {
        var options = new DayOptions { Minutes = Minutes, Rate = 300 };

        options.DueAfter(TimeSpan.FromSeconds(30)).ShouldBe(300 * 60 / 8);
        options.DueAfter(TimeSpan.FromSeconds(60)).ShouldBe(300 * 60 / 2);
        options.DueAfter(TimeSpan.FromSeconds(61)).ShouldBe((300 * 60 / 2) + 300);
        foreach (var number in (long[])[0, 1, 500, 8_999, 9_000, 9_001, 100_000])
        {
            options.DueAfter(options.WhenDue(number) + TimeSpan.FromMicroseconds(1)).ShouldBe(number);
        }
    }

    private static List<DayInterval> Day(Func<int, DayGauge, double> gauge, Func<int, double> p99) =>
    [
        .. Enumerable.Range(0, Minutes).Select(minute => new DayInterval(
            TimeSpan.FromMinutes(minute),
            new DayVitals(Enum.GetValues<DayGauge>().ToDictionary(one => one, one => gauge(minute, one))),
            Enum.GetValues<DayWork>().ToDictionary(
                work => work, _ => new DayLatency(1_000, 1, p99(minute), p99(minute) * 2)))),
    ];
}
