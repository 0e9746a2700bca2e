using Orderly.Server.Orders;
using Orderly.Server.Privacy;

namespace Orderly.Tests.Orders;

/// <summary>Decided writes for tests at store level.</summary>
internal static class AWrite
{
    private static readonly OrderContent Content = new()
    {
        Datetime = new DateTime(2026, 11, 23, 9, 30, 0, DateTimeKind.Utc),
        TotalFee = 20,
        Currency = "USD",
        Services = [new ServiceLine("window", "Window cleaning", 1, 20)],
    };

    private static int _ids;

    public static Guid NextId() => new(Interlocked.Increment(ref _ids), 0, 0x7000, [0x80, 0, 0, 0, 0, 0, 0, 0]);

    public static OrderWrite New(long epoch, OrderContent? content = null) =>
        Make(ChangeKind.Placed, NextId(), content) with
        {
            CatalogEpoch = epoch,
            ClaimedReference = content?.Reference,
        };

    public static OrderWrite Named(long epoch, string reference) =>
        New(epoch, Content with { Reference = reference });

    public static OrderWrite Update(Guid id, int baseVersion) => Make(ChangeKind.Updated, id, content: null) with
    {
        BaseVersion = baseVersion,
        UpdatableAfter = TimeSpan.FromHours(3),
    };

    private static OrderWrite Make(ChangeKind kind, Guid id, OrderContent? content) => new OrderWrite
    {
        Kind = kind,
        OrderId = id,
        WriteId = NextId(),
        BaseVersion = 0,
        Team = "internal",
        Status = OrderStatus.Placed,
        Content = content ?? Content,
        ContentJson = OrderDocument.WriteContent(content ?? Content),
        Personal = PersonalData.None,
        Actor = "test",
    }.Termed(emailTerm: null);
}
