namespace Orderly.EmbeddedPostgres;
/// <summary>Placeholder.</summary>
public sealed class EmbeddedCluster;
