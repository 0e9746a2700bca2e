using System.Security.Cryptography;
using System.Text;

namespace Orderly.Server.Orders;

/// <summary>
/// What an order is found by through its customer's address, which is personal and must not stand in an index as it
/// is. For now a plain hash, which somebody who guesses the address can check: the one place to make it a keyed one.
/// </summary>
internal static class EmailTerm
{
    private const int DigestLengthBytes = 16;

    /// <summary>Space around an address and the case of its letters do not count.</summary>
    public static string Of(string email) =>
        "e:" + Convert.ToHexStringLower(
            SHA256.HashData(Encoding.UTF8.GetBytes(Fold(email))).AsSpan(0, DigestLengthBytes));

    public static string Fold(string email) => email.Trim().ToLowerInvariant();
}
