using Orderly.EndToEndTests.Checking;
using Orderly.EndToEndTests.Faults;
using Orderly.EndToEndTests.Planted;

namespace Orderly.EndToEndTests;

/// <summary>
/// A checker that finds nothing proves nothing until it has found something: bugs that such services have, planted in
/// the database of the test or between clients and servers, each of which it must name.
/// </summary>
[Collection(Soak.OneAtATime)]
public sealed class PlantedBugTests(ITestOutputHelper output)
{
    [Fact(Explicit = true)]
    public Task Reading_a_sequence_by_greater_than_the_cursor_is_caught() => CatchesAsync(
        Rule.FeedReadersAgree, Plain with { PlantedSql = PlantedSql.SequenceAsPosition });

    [Fact(Explicit = true)]
    public Task Events_published_beside_the_transaction_are_caught() => CatchesAsync(
        Rule.FeedIsTheLog, Plain with { PlantedSql = PlantedSql.EventsGetLost });

    [Fact(Explicit = true)]
    public Task History_written_beside_the_transaction_is_caught() => CatchesAsync(
        Rule.StateIsTheFoldOfTheLog, Plain with { PlantedSql = PlantedSql.HistoryGetsLost });

    /// <summary>
    /// Each fault loses what was written last, changes or creates, and may lose changes only: after six, creates are
    /// among them.
    /// </summary>
    [Fact(Explicit = true)]
    public Task Acknowledging_before_it_is_durable_is_caught() => CatchesAsync(
        Rule.AcknowledgedCreateIsReadable,
        Plain with
        {
            Operations = 2_000,
            PauseMillisecondsMax = 1_000,
            PlantedSql = PlantedSql.AcknowledgedBeforeDurable,
            Kinds =
            [
                FaultKind.KillPostmaster, FaultKind.KillBackend, FaultKind.KillPostmaster, FaultKind.KillBackend,
                FaultKind.KillPostmaster, FaultKind.KillBackend,
            ],
        });

    [Fact(Explicit = true)]
    public Task Idempotency_that_checks_and_then_acts_is_caught() => CatchesAsync(
        Rule.OneOrderForEachKey, Plain with { PlantedHandler = server => new ChecksThenActs(server) });

    [Fact(Explicit = true)]
    public Task An_update_without_the_version_in_its_condition_is_caught() => CatchesAsync(
        Rule.OneWriteForEachBase, Plain with { PlantedHandler = server => new ForgetsTheVersion(server) });

    [Fact(Explicit = true)]
    public Task A_replay_of_another_answer_is_caught() => CatchesAsync(
        Rule.OneOrderForEachKey, Plain with { PlantedHandler = server => new RepeatsAnotherAnswer(server) });

    [Fact(Explicit = true)]
    public Task Reads_from_a_copy_that_is_behind_are_caught() => CatchesAsync(
        Rule.ReadsSeeAcknowledgedWrites,
        Plain with { PlantedHandler = server => new ReadsACopyThatIsBehind(server) });

    /// <summary>Faults are only done where the bug needs them to show.</summary>
    private static SoakOptions Plain => new()
    {
        Operations = 500,
        Kinds = [],
        Seed = 11,
        ThinkMillisecondsMax = 1,
        PauseMillisecondsMax = 2_000,
        CatchUpTimeoutSeconds = 3,
        TimeoutSeconds = 60,
    };

    private async Task CatchesAsync(Rule rule, SoakOptions options)
    {
        var result = await Soak.RunAsync(options with { Report = output.WriteLine });

        output.WriteLine(result.Summary);
        result.Violations.Select(violation => violation.Rule).ShouldContain(rule, result.Summary);
    }
}
