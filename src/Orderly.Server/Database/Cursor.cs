using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Orderly.Server.Database;

/// <summary>
/// Where the next page of a list starts: an opaque text that is bound to the list it was made for (its name, filter
/// and sort). One that was cut, mistyped or made for another list is recognised.
/// <code>  format 1 byte │ SHA-256 of (list, key) 8 bytes │ key of the last row  — base64url (RFC 4648, 5)  </code>
/// </summary>
internal static class Cursor
{
    private const byte Format = 1;
    private const int BindingLength = 8;
    private const int KeyLengthMax = 1_000;

    /// <summary>A decoder would take white space and padding, too.</summary>
    private static readonly SearchValues<char> Alphabet =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    /// <summary>No cursor is longer, in characters.</summary>
    public static readonly int LengthMax = Base64Url.GetEncodedLength(1 + BindingLength + KeyLengthMax);

    public static string Make(string list, ReadOnlySpan<byte> key)
    {
        var bytes = new byte[1 + BindingLength + key.Length];
        bytes[0] = Format;
        Binding(list, key, bytes.AsSpan(1, BindingLength));
        key.CopyTo(bytes.AsSpan(1 + BindingLength));
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>The key of the last row, or null where the text is not a cursor of this list.</summary>
    public static byte[]? Read(string list, string cursor)
    {
        if (cursor.Length > LengthMax || cursor.AsSpan().ContainsAnyExcept(Alphabet) || !Base64Url.IsValid(cursor))
        {
            return null;
        }

        var bytes = Base64Url.DecodeFromChars(cursor);
        if (bytes.Length <= 1 + BindingLength || bytes[0] != Format)
        {
            return null;
        }

        var key = bytes[(1 + BindingLength)..];
        Span<byte> binding = stackalloc byte[BindingLength];
        Binding(list, key, binding);
        return binding.SequenceEqual(bytes.AsSpan(1, BindingLength)) ? key : null;
    }

    private static void Binding(string list, ReadOnlySpan<byte> key, Span<byte> binding)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(list));
        hash.AppendData([0]);
        hash.AppendData(key);
        hash.GetHashAndReset().AsSpan(0, BindingLength).CopyTo(binding);
    }
}
