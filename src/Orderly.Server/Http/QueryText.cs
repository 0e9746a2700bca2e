using System.Buffers;
using System.Text;
using System.Text.Unicode;
using Microsoft.AspNetCore.WebUtilities;

namespace Orderly.Server.Http;

/// <summary>A query as it was sent, in percent-encoding (RFC 3986).</summary>
internal static class QueryText
{
    /// <summary>What may stand in a query; callers send other characters as they are, too.</summary>
    private static readonly SearchValues<char> Plain = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/?%");

    /// <summary>Whether it is the encoding of some text: what can't be decoded would be taken for other text.</summary>
    public static bool IsReadable(ReadOnlySpan<char> encoded)
    {
        if (!encoded.Contains('%'))
        {
            return true;
        }

        var bytes = new byte[Encoding.UTF8.GetMaxByteCount(encoded.Length)];
        var length = 0;
        while (encoded.Length > 0)
        {
            if (encoded[0] != '%')
            {
                var end = encoded.IndexOf('%') is var at and >= 0 ? at : encoded.Length;
                length += Encoding.UTF8.GetBytes(encoded[..end], bytes.AsSpan(length));
                encoded = encoded[end..];
            }
            else if (encoded.Length < 3 || Convert.FromHexString(
                encoded.Slice(1, 2), bytes.AsSpan(length), out _, out _) != OperationStatus.Done)
            {
                return false;
            }
            else
            {
                length++;
                encoded = encoded[3..];
            }
        }

        return Utf8.IsValid(bytes.AsSpan(0, length));
    }

    /// <summary>The query of the request with one parameter set to another value, the rest as it was sent.</summary>
    public static string With(HttpRequest request, string parameter, string value)
    {
        var query = new StringBuilder("?");
        foreach (var pair in new QueryStringEnumerable(request.QueryString.Value))
        {
            if (!pair.DecodeName().Span.SequenceEqual(parameter))
            {
                Append(query, pair.EncodedName.Span).Append('=');
                Append(query, pair.EncodedValue.Span).Append('&');
            }
        }

        return query.Append(parameter).Append('=').Append(value).ToString();
    }

    private static StringBuilder Append(StringBuilder query, ReadOnlySpan<char> text)
    {
        while (text.IndexOfAnyExcept(Plain) is var at and >= 0)
        {
            query.Append(text[..at]).Append(Uri.EscapeDataString(text.Slice(at, 1)));
            text = text[(at + 1)..];
        }

        return query.Append(text);
    }
}
