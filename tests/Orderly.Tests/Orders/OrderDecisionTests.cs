using System.Text.Json;
using CsCheck;
using Orderly.Contract.Problems;
using Orderly.Server.Http;
using Orderly.Server.Orders;
using Orderly.Server.Privacy;
using Orderly.Server.Services;

namespace Orderly.Tests.Orders;

/// <summary>Order.Place and Order.Amend, without a server.</summary>
public sealed class OrderDecisionTests
{
    private static readonly TimeSpan Window = TimeSpan.FromHours(3);
    private static readonly DateTime Created = new(2026, 11, 23, 9, 0, 0, DateTimeKind.Utc);

    private static readonly CatalogView Catalog = new(1, new Dictionary<string, CatalogEntry>(StringComparer.Ordinal)
    {
        ["a"] = new("a", "A", 10.50m, "USD", Active: true),
        ["b"] = new("b", "B", Fee: null, "USD", Active: true),
    }, IsFresh: true);

    private static OrderInput Input(string json, bool isPatch = false) =>
        OrderInput.Read(JsonSerializer.Deserialize<JsonElement>(json), isPatch);

    private static OrderContent Placed(string services, string more = "")
    {
        var json = $$"""{"datetime": "2026-11-23T09:30:00Z", "services": {{services}} {{more}}}""";
        Order.Place(Input(json), Catalog, "USD").IsRefused(out _, out var content).ShouldBeFalse();
        return content.ShouldNotBeNull();
    }

    private static StoredOrder Stored(OrderContent content, OrderStatus status = OrderStatus.Placed) => new()
    {
        Id = AWrite.NextId(),
        Number = 7,
        Version = 1,
        Status = status,
        Team = "internal",
        IsTotalFeeStated = content.IsTotalFeeStated,
        ContentJson = OrderDocument.WriteContent(content),
        Personal = PersonalData.Given(OrderDocument.WritePersonal(content)),
        CreatedAt = Created,
        CreatedBy = "k",
        UpdatedAt = Created,
        UpdatedBy = "k",
    };

    private static ProblemCode? Refusal(string patch, StoredOrder order, DateTime now) =>
        (Order.RefuseUpdate(order with { ReadAt = now }, Window, isForced: false)
            ?? (Order.Amend(Input(patch, isPatch: true), order, Catalog, "USD", Window)
                    .IsRefused(out var problem, out _)
                ? problem
                : null))?.Code;

    [Fact]
    public void Exactly_the_window_is_enough_and_a_tick_less_is_not()
    {
        var order = Stored(Placed("[\"a\"]"));

        Refusal("{}", order, Created + Window).ShouldBeNull();
        Refusal("{}", order, Created + Window - TimeSpan.FromTicks(1)).ShouldBe(ProblemCode.OrderNotYetUpdatable);
        Refusal("{}", order, Created - TimeSpan.FromDays(1)).ShouldBe(ProblemCode.OrderNotYetUpdatable);
    }

    [Fact]
    public void Who_comes_a_tick_early_is_told_to_wait_a_second()
    {
        var order = Stored(Placed("[\"a\"]"));

        Order.RefuseUpdate(order with { ReadAt = Created + Window - TimeSpan.FromTicks(1) }, Window, isForced: false)
            .ShouldNotBeNull()
            .RetryAfterSeconds.ShouldBe(1);
        Order.RefuseUpdate(order with { ReadAt = Created }, Window, isForced: false)
            .ShouldNotBeNull()
            .RetryAfterSeconds.ShouldBe(10_800);
    }

    [Fact]
    public void A_closed_order_is_closed_before_it_is_young()
    {
        Refusal("{}", Stored(Placed("[\"a\"]"), OrderStatus.Completed), Created).ShouldBe(ProblemCode.OrderClosed);
        Refusal("{}", Stored(Placed("[\"a\"]"), OrderStatus.Cancelled), Created + Window)
            .ShouldBe(ProblemCode.OrderClosed);
        Refusal("{}", Stored(Placed("[\"a\"]"), OrderStatus.Confirmed), Created + Window).ShouldBeNull();
    }

    [Fact]
    public void What_is_stored_is_read_back_as_it_was()
    {
        var content = Placed("""["a", {"id": "b", "quantity": 3, "name": "\"é🙂"}]""",
            """
            , "totalfee": 99.9900, "currency": "USD", "reference": "r\\", "notes": "n\n",
            "customer": {"name": "x"}, "metadata": {"z": "1", "a": "<&>"}
            """);
        var read = Stored(content).Content;

        OrderDocument.WriteContent(read).ShouldBe(OrderDocument.WriteContent(content));
        OrderDocument.WritePersonal(read).ShouldBe(OrderDocument.WritePersonal(content));
        read.TotalFee.Scale.ShouldBe((byte)4);
        read.Datetime.ShouldBe(content.Datetime);
        read.Datetime.Kind.ShouldBe(DateTimeKind.Utc);
        read.Services.ShouldBe(content.Services);
    }

    [Fact]
    public void The_total_is_always_the_sum_and_the_adjustment() =>
        Gen.Select(Gen.Long[0, 99_999_999], Gen.Int[0, 4], Gen.Int[1, 1_000], Gen.Long[0, 99_999_999])
            .Sample((units, scale, quantity, total) =>
            {
                var fee = new decimal((int)units, (int)(units >> 32), 0, isNegative: false, (byte)scale);
                var line = new ServiceLine("a", "A", quantity, fee);
                var content = Placed("[\"a\"]") with { Services = [line, line], TotalFee = total };
                return content.Adjustment + Totals.Sum(content.Services) == total
                    && Totals.Sum(content.Services) == 2 * quantity * fee;
            });

    [Fact]
    public void A_sum_with_an_unknown_fee_is_unknown() =>
        Placed("""["a", "b"]""", ", \"totalfee\": 5").Adjustment.ShouldBeNull();

    [Fact]
    public void Each_line_that_is_there_already_is_kept_once()
    {
        var existing = Placed("""[{"id": "a", "fee": 1, "name": "first"}, {"id": "a", "fee": 2, "name": "second"}]""");
        var faults = new Faults();
        LineInput[] inputs = [.. Enumerable.Repeat(new LineInput("a", 1, Fee: null, Name: null), 3)];

        LineSnapshots.Take(inputs, existing, Catalog, "USD", faults).Select(line => line.Name)
            .ShouldBe(["first", "second", "A"]);
        faults.Any.ShouldBeFalse();
    }

    [Fact]
    public void What_the_caller_gives_on_a_line_wins_over_what_was_kept()
    {
        var existing = Placed("[\"a\"]");

        LineSnapshots.Take([new LineInput("a", 5, 3m, "mine")], existing, Catalog, "USD", new Faults())
            .ShouldBe([new ServiceLine("a", "mine", 5, 3m)]);
    }
}
