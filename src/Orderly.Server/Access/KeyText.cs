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

    public static string Generate()
    {
        var text = Prefix + RandomNumberGenerator.GetString(Alphabet, RandomLength);
        return text + Checksum(text);
    }

    private static string Checksum(string text)
    {
        var rest = Encoding.ASCII.GetBytes(text).Aggregate(uint.MaxValue, BitOperations.Crc32C);
        Span<char> letters = stackalloc char[ChecksumLength];
        for (var i = ChecksumLength - 1; i >= 0; i--)
        {
            letters[i] = Alphabet[(int)(rest % (uint)Alphabet.Length)];
            rest /= (uint)Alphabet.Length;
        }

        return new string(letters);
    }
}
