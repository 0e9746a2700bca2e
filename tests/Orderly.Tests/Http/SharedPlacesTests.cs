using Microsoft.Extensions.Time.Testing;
using Orderly.Server.Http;

namespace Orderly.Tests.Http;

/// <summary>Who gets one of few places, and who waits for it.</summary>
public sealed class SharedPlacesTests
{
    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData(8, 6)]
    [InlineData(3, 2)]
    [InlineData(2, 1)]
    public async Task Of_one_caller_there_are_never_all(int count, int ofOne)
    {
        var places = new SharedPlaces(count, _time);
        for (var i = 0; i < ofOne; i++)
        {
            (await places.TakeAsync("greedy", CancellationToken.None)).ShouldBeTrue();
        }

        var more = places.TakeAsync("greedy", CancellationToken.None).AsTask();
        for (var i = ofOne; i < count; i++)
        {
            (await places.TakeAsync("other", CancellationToken.None)).ShouldBeTrue();
        }

        more.IsCompleted.ShouldBeFalse();
        places.GiveBack("other");
        more.IsCompleted.ShouldBeFalse();
        places.GiveBack("greedy");
        (await more).ShouldBeTrue();
    }

    [Fact]
    public async Task Places_that_are_given_back_go_to_who_waits_longest()
    {
        var places = await FullAsync();
        var waiting = Enumerable.Range(0, 3)
            .Select(i => places.TakeAsync($"waiting-{i}", CancellationToken.None).AsTask())
            .ToArray();
        for (var i = 0; i < waiting.Length; i++)
        {
            places.GiveBack(i == 0 ? "a" : $"waiting-{i - 1}");
            (await waiting[i]).ShouldBeTrue();
            waiting.Count(one => one.IsCompleted).ShouldBe(i + 1);
        }
    }

    [Fact]
    public async Task Who_waits_in_vain_is_told_after_two_seconds_and_leaves_no_place_taken()
    {
        var places = await FullAsync();
        var late = places.TakeAsync("late", CancellationToken.None).AsTask();
        using var gone = new CancellationTokenSource();
        var left = places.TakeAsync("left", gone.Token).AsTask();

        await gone.CancelAsync();
        (await left).ShouldBeFalse();
        _time.Advance(TimeSpan.FromSeconds(1.9));
        late.IsCompleted.ShouldBeFalse();
        _time.Advance(TimeSpan.FromSeconds(0.2));
        (await late).ShouldBeFalse();
        places.Refusal("streams").Detail.ShouldContain("3 streams run at a time, of one caller 2");

        places.GiveBack("a");
        (await places.TakeAsync("next", CancellationToken.None)).ShouldBeTrue();
    }

    [Fact]
    public async Task Under_many_callers_at_once_no_place_is_taken_twice_or_lost()
    {
        var places = new SharedPlaces(count: 3, TimeProvider.System);
        var inside = 0;
        var taken = await Task.WhenAll(Enumerable.Range(0, 300).Select(i => Task.Run(async () =>
        {
            var caller = $"caller-{i % 5}";
            if (!await places.TakeAsync(caller, TestContext.Current.CancellationToken))
            {
                return false;
            }

            Interlocked.Increment(ref inside).ShouldBeLessThanOrEqualTo(3);
            await Task.Yield();
            Interlocked.Decrement(ref inside);
            places.GiveBack(caller);
            return true;
        })));

        taken.ShouldAllBe(isTaken => isTaken);
        (await places.TakeAsync("a", CancellationToken.None)).ShouldBeTrue();
        (await places.TakeAsync("a", CancellationToken.None)).ShouldBeTrue();
        (await places.TakeAsync("b", CancellationToken.None)).ShouldBeTrue();
    }

    private async Task<SharedPlaces> FullAsync()
    {
        var places = new SharedPlaces(count: 3, _time);
        foreach (var caller in (string[])["a", "a", "b"])
        {
            (await places.TakeAsync(caller, CancellationToken.None)).ShouldBeTrue();
        }

        return places;
    }
}
