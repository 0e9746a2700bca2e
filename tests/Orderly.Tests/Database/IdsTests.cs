using Orderly.Server.Database;

namespace Orderly.Tests.Database;

public sealed class IdsTests
{
    private const int IdCount = 10_000;

    [Fact]
    public void Ids_are_of_version_7_hold_the_time_and_never_repeat()
    {
        var time = new StandingClock();
        var ids = new Ids(time);
        var made = Enumerable.Range(0, IdCount).Select(_ => ids.Next()).ToHashSet();

        made.Count.ShouldBe(IdCount);
        made.ShouldAllBe(id => id.Version == 7 && (id.Variant & 0b1100) == 0b1000);
        made.ShouldAllBe(id => Milliseconds(id) == time.GetUtcNow().ToUnixTimeMilliseconds());
    }

    [Fact]
    public void Threads_never_share_an_id()
    {
        var ids = new Ids(TimeProvider.System);
        var made = new Guid[IdCount];
        Parallel.For(0, IdCount, i => made[i] = ids.Next());

        made.Distinct().Count().ShouldBe(IdCount);
    }

    private static long Milliseconds(Guid id) =>
        id.ToByteArray(bigEndian: true)[..6].Aggregate(0L, (sum, part) => (sum << 8) | part);

    private sealed class StandingClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2026, 11, 23, 9, 30, 0, 123, TimeSpan.Zero);
    }
}
