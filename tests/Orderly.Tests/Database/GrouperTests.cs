using System.Collections.Concurrent;
using System.Diagnostics;
using Orderly.Server.Database;

namespace Orderly.Tests.Database;

public sealed class GrouperTests
{
    private const int EntriesMax = 40;
    private const int AnswerSeconds = 60;

    /// <summary>More than helpers do in the trials of so many seconds, so they must have stayed.</summary>
    private const int HelperGroups = 500;
    private const int BusySecondsMax = 20;

    [Fact]
    public async Task What_comes_in_while_a_group_runs_is_the_next_group()
    {
        var sizes = new List<int>();
        var started = new TaskCompletionSource();
        var gate = new TaskCompletionSource();
        await using var grouper = New(async group =>
        {
            sizes.Add(group.Count);
            started.TrySetResult();
            await gate.Task;
            foreach (var entry in group)
            {
                entry.Complete(entry.Work * 2);
            }
        });
        var first = grouper.SubmitAsync(1);
        await started.Task;
        var others = Enumerable.Range(2, EntriesMax - 1).Select(grouper.SubmitAsync).ToArray();
        gate.SetResult();

        (await first).ShouldBe(2);
        (await Task.WhenAll(others)).ShouldBe(Enumerable.Range(2, EntriesMax - 1).Select(work => work * 2));
        sizes.ShouldBe([1, EntriesMax - 1]);
    }

    [Fact]
    public async Task The_next_group_is_on_its_way_when_the_last_is_answered_and_holds_no_answer_up()
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource[] gates = [new(), new()];
        Task<int>? first = null;
        var wasAnswered = new List<bool>();
        await using var grouper = New(async group =>
        {
            wasAnswered.Add(first is { IsCompleted: true });
            group[0].Complete(group[0].Work);
            var gate = gates[wasAnswered.Count - 1];
            started.TrySetResult();
            await gate.Task;
        });
        first = grouper.SubmitAsync(1);
        await started.Task;
        var second = grouper.SubmitAsync(2);
        gates[0].SetResult();

        var answer = await first; // while the second group stands still
        var isSecondAnswered = second.IsCompleted;
        gates[1].SetResult();
        answer.ShouldBe(1);
        isSecondAnswered.ShouldBeFalse();
        (await second).ShouldBe(2);
        wasAnswered.ShouldBe([false, false]);
    }

    [Fact]
    public async Task A_failed_group_fails_only_those_without_an_answer()
    {
        await using var grouper = New(group =>
        {
            foreach (var entry in group.Where(entry => entry.Work == 1))
            {
                entry.Complete(1);
            }

            throw new TimeoutException("planted");
        });

        (await grouper.SubmitAsync(1)).ShouldBe(1);
        await Should.ThrowAsync<TimeoutException>(() => grouper.SubmitAsync(2));
    }

    [Fact]
    public async Task An_entry_that_was_forgotten_fails_instead_of_waiting_for_ever()
    {
        await using var grouper = New(_ => Task.CompletedTask);

        await Should.ThrowAsync<InvalidOperationException>(() => grouper.SubmitAsync(1));
    }

    [Fact]
    public async Task Who_waits_for_an_answer_does_not_hold_up_the_next_group()
    {
        await using var grouper = New(group =>
        {
            foreach (var entry in group)
            {
                entry.Complete(entry.Work);
            }

            return Task.CompletedTask;
        });
        var held = new ManualResetEventSlim();
        var waiting = Task.Run(async () =>
        {
            await grouper.SubmitAsync(1);
            held.Wait(TestContext.Current.CancellationToken); // blocks the thread that told the answer
        }, TestContext.Current.CancellationToken);

        (await grouper.SubmitAsync(2)).ShouldBe(2);
        held.Set();
        await waiting;
    }

    [Fact]
    public async Task Who_waits_too_long_is_told_so_in_flight_or_in_the_queue()
    {
        var gate = new TaskCompletionSource();
        var started = new TaskCompletionSource();
        await using var grouper = New(
            async _ =>
            {
                started.TrySetResult();
                await gate.Task;
                throw new TimeoutException("planted");
            },
            answerSeconds: 1);
        var inFlight = grouper.SubmitAsync(1);
        await started.Task;
        var queued = grouper.SubmitAsync(2);

        (await Should.ThrowAsync<InvalidOperationException>(() => inFlight)).Message.ShouldBe("late");
        await Should.ThrowAsync<OverloadedException>(() => queued);
        gate.SetResult();
    }

    [Fact]
    public async Task Slow_work_that_goes_faster_beside_each_other_does_so_and_all_of_it_is_answered()
    {
        var sizesOfHelpers = new ConcurrentBag<int>();
        await using var grouper = NewHelped(async (group, lane) =>
        {
            await Task.Delay(2 * group.Count);
            group.ToList().ForEach(entry => entry.Complete(2 * entry.Work));
            if (lane > 0)
            {
                sizesOfHelpers.Add(group.Count);
            }
        });
        await KeepBusyAsync(grouper, until: () => sizesOfHelpers.Count >= HelperGroups);

        sizesOfHelpers.ShouldAllBe(size => size <= LaneTrial.GroupSizeMax);
    }

    [Fact]
    public async Task What_a_helper_can_not_begin_the_first_lane_does()
    {
        var givenBack = new ConcurrentBag<int>();
        await using var grouper = NewHelped(async (group, lane) =>
        {
            if (lane > 0)
            {
                group.ToList().ForEach(entry => givenBack.Add(entry.Work));
                throw new NotBegunException(new TimeoutException("planted"));
            }

            await Task.Delay(2 * group.Count);
            group.ToList().ForEach(entry => entry.Complete(2 * entry.Work));
        });

        await KeepBusyAsync(grouper, until: () => !givenBack.IsEmpty);
    }

    private static async Task KeepBusyAsync(Grouper<int, int> grouper, Func<bool> until)
    {
        var since = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, EntriesMax).Select(async caller =>
        {
            for (var work = caller; !until(); work += EntriesMax)
            {
                Stopwatch.GetElapsedTime(since).TotalSeconds.ShouldBeLessThan(BusySecondsMax);
                (await grouper.SubmitAsync(work)).ShouldBe(2 * work);
            }
        }));
    }

    private static Grouper<int, int> New(
        Func<IReadOnlyList<Grouped<int, int>>, Task> run, int answerSeconds = AnswerSeconds) => new(
        new GrouperLimits(Lanes: 1, EntriesMax, EntriesMax, answerSeconds), TimeProvider.System,
        () => new InvalidOperationException("late"), (group, _) => run(group));

    private static Grouper<int, int> NewHelped(Func<IReadOnlyList<Grouped<int, int>>, int, Task> run) => new(
        new GrouperLimits(Lanes: 1, EntriesMax, EntriesMax, AnswerSeconds) { HasHelpers = true }, TimeProvider.System,
        () => new InvalidOperationException("late"), run);
}
