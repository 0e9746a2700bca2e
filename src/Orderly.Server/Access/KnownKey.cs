using System.Net;
using Orderly.Contract.Access;

namespace Orderly.Server.Access;

/// <summary>A valid key, as the gate needs it.</summary>
/// <param name="Digest">The SHA-256 of the secret that was sent.</param>
/// <param name="Networks">Where the key can be used from; null: anywhere.</param>
/// <param name="RateLimit">The limits of this key alone; null: as configured.</param>
/// <param name="ValidFor">For how long it stays valid; null: for ever.</param>
internal sealed record KnownKey(
    Caller Caller, byte[] Digest, AllowedNetworks? Networks, KeyRateLimit? RateLimit, TimeSpan? ValidFor)
{
    /// <summary>What it may still do, put in when it is looked up.</summary>
    public KeyBuckets? Buckets { get; init; }

    public bool IsAllowedFrom(IPAddress? address) => Networks is null || Networks.Contains(address);
}
