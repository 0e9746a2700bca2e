namespace Orderly.Server.Privacy;

/// <summary>
/// Who keeps the key-encryption keys. There is one, a file (<see cref="FileKeyProvider"/>); the interface is the place
/// where a key management service can be put in, which never gives its keys away and takes a round trip.
/// </summary>
internal interface IKeyProvider
{
    /// <summary>The version that new data keys are wrapped with.</summary>
    int CurrentVersion { get; }

    /// <summary>What others are derived from; it stays when the key-encryption key changes.</summary>
    byte[] IndexSecret { get; }

    /// <summary>Wraps with the current version, bound to the order.</summary>
    ValueTask<WrappedKey> WrapAsync(byte[] dataKey, Guid orderId);

    /// <summary>Null: it is not what was wrapped for this order, or the version is not there.</summary>
    ValueTask<byte[]?> UnwrapAsync(WrappedKey key, Guid orderId);
}
