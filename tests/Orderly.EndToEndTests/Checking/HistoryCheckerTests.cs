namespace Orderly.EndToEndTests.Checking;

/// <summary>The rules with histories made by hand: a correct one, and each way in which it can be wrong.</summary>
public sealed class HistoryCheckerTests
{
    private static readonly Guid Order = new("00000000-0000-7000-8000-000000000001");
    private static readonly Guid Other = new("00000000-0000-7000-8000-000000000002");
    private static readonly OrderFacts Placed = new("placed", 10, "create", IsDeleted: false);
    private static readonly OrderFacts Changed = new("placed", 20, "change", IsDeleted: false);

    private static readonly WriteOperation Create = new()
    {
        Marker = "create", Kind = OperationKind.Create, Key = "create", TotalFee = 10, InvokedAt = 1, AnsweredAt = 2,
        Outcome = OperationOutcome.Acknowledged, Answers = [new(Order, 1, Placed, IsReplay: false)],
    };

    private static readonly WriteOperation Change = new()
    {
        Marker = "change", Kind = OperationKind.Update, Target = Order, BaseVersion = 1, TotalFee = 20, InvokedAt = 3,
        AnsweredAt = 4, Outcome = OperationOutcome.Acknowledged, Answers = [new(Order, 2, Changed, IsReplay: false)],
    };

    private static readonly LoggedVersion First = new(Order, 1, "placed", Reason: null, Placed);
    private static readonly LoggedVersion Second = new(Order, 2, "updated", "change", Changed);

    private static FinalState Final => FinalOf([First, Second]);

    [Fact]
    public void A_correct_history_has_no_violation() =>
        HistoryChecker.Check(new History([Create, Change], [Read(2, Changed, 5, 6)], [], Final)).ShouldBeEmpty();

    [Fact]
    public void An_answer_that_nobody_may_get_is_told() => ShouldBe(
        Rule.NoUnexpectedAnswer, new History([Create, Change], [], [new("create", "POST /orders", 500, "")], Final));

    [Fact]
    public void An_acknowledged_create_that_is_not_there_is_told() => ShouldContain(
        Rule.AcknowledgedCreateIsReadable, new History([Create], [], [], FinalOf([])));

    [Fact]
    public void Two_orders_for_one_key_are_told() => ShouldBe(
        Rule.OneOrderForEachKey,
        new History([Create, Change], [], [], FinalOf([First, Second, First with { OrderId = Other }])));

    [Fact]
    public void A_replay_of_another_order_is_told() => ShouldContain(
        Rule.OneOrderForEachKey,
        new History([Create with { Answers = [new(Other, 1, Placed, IsReplay: true)] }, Change], [], [], Final));

    [Fact]
    public void A_version_that_is_missing_is_told() => ShouldContain(
        Rule.VersionsAreDense,
        new History([Create, Change], [], [], FinalOf([First, Second with { Version = 3 }])));

    [Fact]
    public void An_acknowledged_update_that_is_not_there_is_told() => ShouldBe(
        Rule.AcknowledgedWriteIsThereOnce, new History([Create, Change], [], [], FinalOf([First])));

    [Fact]
    public void An_acknowledged_update_that_is_there_twice_is_told() => ShouldContain(
        Rule.AcknowledgedWriteIsThereOnce,
        new History([Create, Change], [], [], FinalOf([First, Second, Second with { Version = 3 }])));

    [Fact]
    public void Two_acknowledged_updates_on_one_version_are_told() => ShouldContain(
        Rule.OneWriteForEachBase, new History([Create, Change, Change with { Marker = "rival" }], [], [], Final));

    [Fact]
    public void A_refused_write_that_is_there_is_told() => ShouldBe(
        Rule.RefusedWriteIsNotThere,
        new History([Create, Change with { Outcome = OperationOutcome.Refused, Answers = [] }], [], [], Final));

    [Fact]
    public void A_status_that_the_order_has_already_makes_no_version()
    {
        var again = Change with
        {
            Marker = "again", Kind = OperationKind.ChangeStatus, BaseVersion = 2, Status = "placed", TotalFee = null,
            Answers = [new(Order, 2, Changed, IsReplay: false)],
        };

        HistoryChecker.Check(new History([Create, Change, again], [], [], Final)).ShouldBeEmpty();
    }

    [Fact]
    public void A_write_without_an_answer_may_be_there_or_not()
    {
        var unknown = Change with { Outcome = OperationOutcome.Unknown, Answers = [] };

        HistoryChecker.Check(new History([Create, unknown], [], [], Final)).ShouldBeEmpty();
        HistoryChecker.Check(new History([Create, unknown], [], [], FinalOf([First]))).ShouldBeEmpty();
    }

    [Fact]
    public void A_write_without_an_answer_that_is_half_there_is_told() => ShouldBe(
        Rule.UnknownWriteIsWholeOrNotThere,
        new History(
            [Create, Change with { TotalFee = 30, Outcome = OperationOutcome.Unknown, Answers = [] }], [], [], Final));

    [Fact]
    public void A_version_that_nobody_wrote_is_told() => ShouldBe(
        Rule.NothingComesFromNowhere, new History([Create], [], [], Final));

    [Fact]
    public void A_state_that_the_log_does_not_explain_is_told() => ShouldBe(
        Rule.StateIsTheFoldOfTheLog,
        new History([Create, Change], [], [], Final with { Stored = [new(Order, 2, Placed)] }));

    [Fact]
    public void An_order_that_is_not_served_is_told() => ShouldContain(
        Rule.AcknowledgedCreateIsReadable, new History([Create, Change], [], [], Final with { Served = [] }));

    [Fact]
    public void An_event_that_is_missing_is_told() => ShouldContain(
        Rule.FeedIsTheLog, new History([Create, Change], [], [], Final with { Places = [new(1, Order, 1)] }));

    [Fact]
    public void A_gap_between_positions_is_told() => ShouldBe(
        Rule.FeedPositionsAreDense,
        new History([Create, Change], [], [], Final with { Places = [new(1, Order, 1), new(3, Order, 2)] }));

    [Fact]
    public void A_reader_that_missed_an_event_is_told() => ShouldBe(
        Rule.FeedReadersAgree,
        new History([Create, Change], [], [], Final with { Readings = [new("reader", [Event(First)])] }));

    [Fact]
    public void Events_of_one_order_out_of_order_are_told() => ShouldContain(
        Rule.FeedIsTheLog,
        new History([Create, Change], [], [],
            Final with { Readings = [new("reader", [Event(Second), Event(First)])] }));

    [Fact]
    public void A_read_that_is_older_than_what_was_told_before_is_told()
    {
        ShouldBe(Rule.ReadsSeeAcknowledgedWrites,
            new History([Create, Change], [Read(1, Placed, 5, 6)], [], Final));
        ShouldBe(Rule.ReadsSeeAcknowledgedWrites,
            new History([Create, Change], [Read(0, null, 5, 6)], [], Final));
        HistoryChecker.Check(new History([Create, Change], [Read(1, Placed, 3, 6)], [], Final))
            .ShouldBeEmpty("the read began before the update was answered");
    }

    [Fact]
    public void A_read_of_what_never_was_is_told() => ShouldBe(
        Rule.ReadsSeeAcknowledgedWrites,
        new History([Create, Change], [Read(2, Placed, 5, 6)], [], Final));

    private static ReadOperation Read(int version, OrderFacts? facts, long invokedAt, long answeredAt) =>
        new(Order, invokedAt, answeredAt, version, facts);

    /// <summary>The only rule that does not hold.</summary>
    private static void ShouldBe(Rule rule, History history) =>
        HistoryChecker.Check(history).Select(violation => violation.Rule).Distinct().ShouldBe([rule]);

    private static void ShouldContain(Rule rule, History history) =>
        HistoryChecker.Check(history).Select(violation => violation.Rule).ShouldContain(rule);

    private static FeedEvent Event(LoggedVersion version) =>
        new(version.OrderId, version.Version, "order." + version.Kind, version.Facts);

    /// <summary>What a correct service makes of a log.</summary>
    private static FinalState FinalOf(IReadOnlyList<LoggedVersion> log)
    {
        var orders = log.GroupBy(version => version.OrderId).Select(versions => versions.Last())
            .Select(last => new FinalOrder(last.OrderId, last.Version, last.Facts)).ToList();
        return new FinalState
        {
            Stored = orders,
            Served = [.. orders.Where(order => !order.Facts.IsDeleted)],
            Folded = orders,
            Log = log,
            Places = [.. log.Select((version, i) => new FeedPlace(i + 1, version.OrderId, version.Version))],
            Readings = [new("reader", [.. log.Select(Event)])],
        };
    }
}
