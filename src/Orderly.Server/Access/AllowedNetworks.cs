using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Orderly.Server.Access;

/// <summary>
/// The networks that a key can be used from, in CIDR notation (RFC 4632, RFC 4291). An IPv4 address is the same
/// whether it comes as itself or mapped into IPv6.
/// </summary>
internal sealed partial class AllowedNetworks
{
    public const int CountMax = 50;
    public const int LengthMax = 49;

    /// <summary>What such a text looks like, for those who send one.</summary>
    public const string Pattern = "^[0-9A-Fa-f:.]+/[0-9]{1,3}$";
    private const int MappedPrefixLength = 96;
    private const int BitsPerByte = 8;

    private readonly IPNetwork[] _networks;

    private AllowedNetworks(IPNetwork[] networks) => _networks = networks;

    /// <summary>Of texts that <see cref="Normalize"/> has made.</summary>
    public static AllowedNetworks? Of(IReadOnlyList<string>? texts) => texts is null
        ? null
        : new AllowedNetworks([.. texts.Select(text => IPNetwork.Parse(text))]);

    /// <summary>An address is allowed that lies in one of the networks; one that is not known is not.</summary>
    public bool Contains(IPAddress? address)
    {
        if (address is null)
        {
            return false;
        }

        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return Array.Exists(_networks, network => network.Contains(plain));
    }

    /// <summary>The network in its one notation; null where the text is none, or has bits beyond its prefix.</summary>
    public static string? Normalize(string text)
    {
        if (text.Split('/') is not [var address, var length]
            || !int.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture, out var prefixLength)
            || Address(address) is not { } first)
        {
            return null;
        }

        if (first.IsIPv4MappedToIPv6)
        {
            first = first.MapToIPv4();
            prefixLength -= MappedPrefixLength;
        }

        var bytes = first.GetAddressBytes();
        return prefixLength >= 0 && prefixLength <= bytes.Length * BitsPerByte && !HasBitsBeyond(bytes, prefixLength)
            ? new IPNetwork(first, prefixLength).ToString()
            : null;
    }

    private static bool HasBitsBeyond(byte[] bytes, int prefixLength)
    {
        for (var bit = prefixLength; bit < bytes.Length * BitsPerByte; bit++)
        {
            if ((bytes[bit / BitsPerByte] & (0x80 >> (bit % BitsPerByte))) != 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The parser also takes numbers, octal digits and zones, which are not meant here.</summary>
    private static IPAddress? Address(string text) =>
        (Dotted().IsMatch(text) || (text.Contains(':', StringComparison.Ordinal) && Hexadecimal().IsMatch(text)))
        && IPAddress.TryParse(text, out var address)
        && address.AddressFamily is AddressFamily.InterNetwork or AddressFamily.InterNetworkV6
            ? address
            : null;

    [GeneratedRegex("^((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(\\.(?!\\z)|\\z)){4}\\z",
        RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Dotted();

    [GeneratedRegex("^[0-9A-Fa-f:.]+\\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Hexadecimal();
}
