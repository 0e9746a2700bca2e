using System.Diagnostics.CodeAnalysis;

namespace Orderly.Server.Database;

/// <summary>Makes ids: UUID version 7 (RFC 9562, 5.7), which grow with time and so keep indexes compact.</summary>
internal sealed class Ids(TimeProvider time)
{
    [SuppressMessage("ApiDesign", "RS0030", Justification = "The one place that makes ids; the clock is injected.")]
    public Guid Next() => Guid.CreateVersion7(time.GetUtcNow());
}
