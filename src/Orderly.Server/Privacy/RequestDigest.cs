using System.Security.Cryptography;

namespace Orderly.Server.Privacy;

/// <summary>
/// What the same request is told by, without keeping it: HMAC-SHA-256 with a key that is derived from the key file. A
/// plain hash of a body would let somebody who has the database try out guesses at what is personal in it.
/// </summary>
internal sealed class RequestDigest(IKeyProvider keys)
{
    private const int KeyLengthBytes = 32;
    private static readonly byte[] Purpose = "orderly request digest 1"u8.ToArray();

    private readonly Lazy<byte[]> _key = new(() =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, keys.IndexSecret, KeyLengthBytes, salt: [], Purpose));

    public byte[] Of(byte[] head, byte[] body)
    {
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key.Value);
        hash.AppendData(head);
        hash.AppendData(body);
        return hash.GetHashAndReset();
    }
}
