namespace Orderly.Tests.Harness;

/// <summary>A server that refuses writes without a precondition.</summary>
public sealed class CautiousServer(TestCluster cluster) : RunningServer(cluster)
{
    protected override IReadOnlyList<(string, string)> Settings => [("Orders:RequireIfMatch", "true")];
}

/// <summary>A server whose orders can be updated at once, and whose currency is the euro.</summary>
public sealed class LenientServer(TestCluster cluster) : RunningServer(cluster)
{
    protected override IReadOnlyList<(string, string)> Settings =>
        [("Orders:UpdatableAfter", "00:00:00"), ("Orders:DefaultCurrency", "EUR")];
}
