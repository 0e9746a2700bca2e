using System.Security.Cryptography;

namespace Orderly.Server.Privacy;

/// <summary>
/// AES-256-GCM (NIST SP 800-38D) with a random nonce of 96 bits and a tag of 128 bits. What it makes is
/// <c>nonce ‖ ciphertext ‖ tag</c>. A nonce by chance is safe for 2^32 messages with the same key (section 8.3).
/// </summary>
internal static class AuthenticatedCipher
{
    public const int KeyLengthBytes = 32;
    public const int NonceLengthBytes = 12;
    public const int TagLengthBytes = 16;
    public const int OverheadBytes = NonceLengthBytes + TagLengthBytes;

    /// <summary>Encrypts, and binds to a context that must be the same when it is opened.</summary>
    public static byte[] Seal(byte[] key, ReadOnlySpan<byte> plain, ReadOnlySpan<byte> context)
    {
        Span<byte> nonce = stackalloc byte[NonceLengthBytes];
        RandomNumberGenerator.Fill(nonce);
        return Seal(key, nonce, plain, context);
    }

    /// <summary>Null: it is not what was sealed with this key in this context.</summary>
    public static byte[]? Open(byte[] key, ReadOnlySpan<byte> box, ReadOnlySpan<byte> context)
    {
        if (box.Length < OverheadBytes)
        {
            return null;
        }

        using var cipher = new AesGcm(key, TagLengthBytes);
        var plain = new byte[box.Length - OverheadBytes];
        try
        {
            var nonce = box[..NonceLengthBytes];
            cipher.Decrypt(nonce, box[NonceLengthBytes..^TagLengthBytes], box[^TagLengthBytes..], plain, context);
            return plain;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    /// <summary>With a nonce that must never be used again; for known answers.</summary>
    internal static byte[] Seal(
        byte[] key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> plain, ReadOnlySpan<byte> context)
    {
        using var cipher = new AesGcm(key, TagLengthBytes);
        var box = new byte[plain.Length + OverheadBytes];
        nonce.CopyTo(box);
        cipher.Encrypt(
            nonce, plain, box.AsSpan(NonceLengthBytes, plain.Length), box.AsSpan(box.Length - TagLengthBytes), context);
        return box;
    }
}
