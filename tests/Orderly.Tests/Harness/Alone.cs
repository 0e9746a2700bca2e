namespace Orderly.Tests.Harness;

/// <summary>
/// Tests that can't run beside others: meters are the whole process's, and a server that stops takes its instruments
/// out of the metrics of those that run on.
/// </summary>
[CollectionDefinition(DisableParallelization = true)]
public sealed class Alone;
