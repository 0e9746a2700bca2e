using Microsoft.Extensions.Time.Testing;
using Orderly.Server.Database;

namespace Orderly.Tests.Database;

public sealed class LaneTrialTests
{
    private const int Callers = 32;
    private readonly FakeTimeProvider _clock = new();
    private readonly LaneTrial _trial;

    public LaneTrialTests() => _trial = new LaneTrial(_clock);

    [Fact]
    public void Helpers_stay_where_slow_work_goes_faster_with_them()
    {
        Work(alone: 500, helped: 1_200, seconds: 3);

        _trial.IsOpen.ShouldBeTrue();
        _trial.WhenOpenAsync().IsCompleted.ShouldBeTrue();
    }

    [Theory]
    [InlineData(500, 500)]
    [InlineData(500, 300)]
    [InlineData(500, 540)]
    public void They_go_where_it_does_not_and_are_tried_more_and_more_rarely(int alone, int helped)
    {
        var openings = Openings(alone, helped, seconds: 600);

        openings.Count.ShouldBeInRange(5, 9);
        var pauses = openings.Zip(openings.Skip(1), (one, next) => next - one).ToList();
        pauses[0].ShouldBeInRange(10, 13);
        pauses[1].ShouldBeGreaterThan(1.5 * pauses[0]);
        pauses.Max().ShouldBeLessThan(310);
        _trial.IsOpen.ShouldBeFalse();
    }

    [Fact]
    public void They_never_come_to_fast_work()
    {
        Openings(alone: 2_500, helped: 9_000, seconds: 60).ShouldBeEmpty();
        _trial.WhenOpenAsync().IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public void They_never_come_to_the_few()
    {
        Openings(alone: 100, helped: 400, seconds: 60, callers: 5).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(3_000, 8_500, 32)] // fast
    [InlineData(500, 500, 4)] // few
    public void They_go_when_the_work_gets_fast_or_less_and_come_back_soon(int alone, int helped, int callers)
    {
        Work(alone: 500, helped: 1_200, seconds: 300);
        _trial.IsOpen.ShouldBeTrue();
        Work(alone, helped, seconds: 3, callers);
        _trial.IsOpen.ShouldBeFalse();

        Openings(alone: 500, helped: 1_200, seconds: 6).ShouldHaveSingleItem();
    }

    [Fact]
    public void They_go_within_half_a_minute_when_one_lane_has_come_to_do_as_much()
    {
        Work(alone: 500, helped: 1_200, seconds: 600);
        Work(alone: 3_000, helped: 3_100, seconds: 35);

        _trial.IsOpen.ShouldBeFalse();
    }

    [Fact]
    public void They_stay_where_one_lane_is_nearly_fast_and_several_are_much_faster()
    {
        Openings(alone: 1_900, helped: 4_500, seconds: 60).Count.ShouldBe(4); // behind each look at the other way
        _trial.IsOpen.ShouldBeTrue();
    }

    [Fact]
    public void They_go_when_the_disk_has_no_more_to_give_to_several()
    {
        Work(alone: 500, helped: 1_200, seconds: 3);
        Work(alone: 500, helped: 450, seconds: 20);

        _trial.IsOpen.ShouldBeFalse();
    }

    [Fact]
    public void A_moment_in_which_nothing_goes_fast_does_not_drive_them_away()
    {
        Work(alone: 500, helped: 1_200, seconds: 5.5); // the other way is soon tried again
        Work(alone: 300, helped: 300, seconds: 0.6);
        Work(alone: 400, helped: 1_200, seconds: 3);

        _trial.IsOpen.ShouldBeTrue();
    }

    [Fact]
    public void They_go_when_a_group_fails_and_stay_away_for_a_while()
    {
        Work(alone: 500, helped: 1_200, seconds: 3);
        _trial.Begin(8);
        _trial.End(8, failed: true);

        _trial.IsOpen.ShouldBeFalse();
        Openings(alone: 500, helped: 1_200, seconds: 290).ShouldBeEmpty();
        Openings(alone: 500, helped: 1_200, seconds: 20).ShouldNotBeEmpty();
    }

    private void Work(int alone, int helped, double seconds, int callers = Callers) =>
        Openings(alone, helped, seconds, callers);

    /// <summary>Works for so long. Returns after how many seconds each helpers came.</summary>
    private List<double> Openings(int alone, int helped, double seconds, int callers = Callers)
    {
        var began = _clock.GetTimestamp();
        var openings = new List<double>();
        var wasOpen = _trial.IsOpen;
        while (_clock.GetElapsedTime(began).TotalSeconds < seconds)
        {
            RunGroups(alone, helped, callers);
            if (_trial.IsOpen && !wasOpen)
            {
                openings.Add(_clock.GetElapsedTime(began).TotalSeconds);
            }

            wasOpen = _trial.IsOpen;
        }

        return openings;
    }

    /// <summary>One group with half of the callers, or as many at a time as there are lanes.</summary>
    private void RunGroups(int alone, int helped, int callers)
    {
        var lanes = _trial.IsOpen ? 1 + LaneTrial.Helpers : 1;
        var size = _trial.IsOpen ? Math.Min(callers / lanes, LaneTrial.GroupSizeMax) : (callers + 1) / 2;
        var perSecond = _trial.IsOpen ? helped : alone;
        Enumerable.Range(0, lanes).ToList().ForEach(_ => _trial.Begin(size));
        _clock.Advance(TimeSpan.FromSeconds((double)size * lanes / perSecond));
        Enumerable.Range(0, lanes).ToList().ForEach(_ => _trial.End(size, failed: false));
    }
}
