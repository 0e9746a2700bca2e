using Orderly.EndToEndTests.Faults;

namespace Orderly.EndToEndTests;

/// <summary>A short run on real processes. The long one is a command, see README.md.</summary>
[Collection(Soak.OneAtATime)]
public sealed class SoakTests(ITestOutputHelper output)
{
    /// <summary>One of each kind.</summary>
    private static readonly int EveryFault = Enum.GetValues<FaultKind>().Length;

    [Fact]
    public async Task No_write_is_lost_doubled_or_torn_whatever_dies_freezes_or_is_cut()
    {
        var result = await Soak.RunAsync(new SoakOptions
        {
            Operations = 3_000,
            Faults = EveryFault,
            Seed = 7,
            PauseMillisecondsMax = 600,
            HoldMillisecondsMax = 1_200,
            TimeoutSeconds = 120,
            Report = output.WriteLine,
        });

        output.WriteLine(result.Summary);
        result.Violations.ShouldBeEmpty(result.Summary);
        result.Faults.Keys.ShouldBe(Enum.GetValues<FaultKind>(), ignoreOrder: true);
        result.History.Writes.Count.ShouldBeGreaterThan(1_500, "faults are no proof while nobody writes");
    }
}
