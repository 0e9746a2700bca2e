using System.Buffers;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace Orderly.Server.Access;

/// <summary>
/// The text of a key: <c>ord_</c>, 30 random base62 letters (178 bits), and 6 base62 letters that are the CRC-32C of
/// those before, so that a mistyped key is known without asking the database.
/// </summary>
internal static class KeyText
{
    private const string Prefix = "ord_";
    private const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private const int RandomLength = 30;
    private const int ChecksumLength = 6;
    private const int ChecksumAt = 4 + RandomLength;

    private static readonly SearchValues<char> Letters = SearchValues.Create(Alphabet);

    public static string Generate()
    {
        var text = Prefix + RandomNumberGenerator.GetString(Alphabet, RandomLength);
        return text + Checksum(text);
    }

    /// <summary>Whether the text means to be one of our keys, and is not: it was cut or mistyped.</summary>
    public static bool IsMistyped(string text) =>
        text.StartsWith(Prefix, StringComparison.Ordinal) && !IsWhole(text);

    private static bool IsWhole(string text) =>
        text.Length == ChecksumAt + ChecksumLength
        && !text.AsSpan(Prefix.Length).ContainsAnyExcept(Letters)
        && text.AsSpan(ChecksumAt).SequenceEqual(Checksum(text.AsSpan(0, ChecksumAt)));

    private static string Checksum(ReadOnlySpan<char> text)
    {
        Span<byte> bytes = stackalloc byte[ChecksumAt];
        Encoding.ASCII.GetBytes(text, bytes);
        var rest = uint.MaxValue;
        foreach (var value in bytes)
        {
            rest = BitOperations.Crc32C(rest, value);
        }

        Span<char> letters = stackalloc char[ChecksumLength];
        for (var i = ChecksumLength - 1; i >= 0; i--)
        {
            letters[i] = Alphabet[(int)(rest % (uint)Alphabet.Length)];
            rest /= (uint)Alphabet.Length;
        }

        return new string(letters);
    }
}
