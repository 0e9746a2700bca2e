using System.Security.Cryptography;
using System.Text;

namespace Orderly.Server.Privacy;

/// <summary>
/// What an order is found by through its customer's address: HMAC-SHA-256 (RFC 2104) cut to 128 bits, with a key that
/// is derived (HKDF, RFC 5869) from the secret of the index and so stays when the key-encryption key changes. Without
/// the key nobody can tell whether a guessed address is there.
/// </summary>
internal sealed class EmailIndex(IKeyProvider keys)
{
    private const int TermLengthBytes = 16;
    private const int KeyLengthBytes = 32;
    private static readonly byte[] Purpose = "orderly email index 1"u8.ToArray();

    private readonly Lazy<byte[]> _key = new(() =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, keys.IndexSecret, KeyLengthBytes, salt: [], Purpose));

    /// <summary>Space around an address and the case of its letters do not count.</summary>
    public string TermOf(string email) =>
        "e:" + Convert.ToHexStringLower(Digest(_key.Value, Encoding.UTF8.GetBytes(Fold(email))));

    public static string Fold(string email) => email.Trim().ToLowerInvariant();

    /// <summary>The beginning of the HMAC.</summary>
    internal static byte[] Digest(byte[] key, byte[] text) => HMACSHA256.HashData(key, text)[..TermLengthBytes];
}
