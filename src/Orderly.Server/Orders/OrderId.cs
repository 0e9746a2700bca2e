namespace Orderly.Server.Orders;

/// <summary>An order's id as callers write it.</summary>
internal static class OrderId
{
    private const int Length = 36;

    /// <summary>
    /// A syntactically bad id is an id that no order has. The parser alone would take spaces around it.
    /// </summary>
    public static bool TryParse(string text, out Guid id)
    {
        id = Guid.Empty;
        return text.Length == Length && Guid.TryParseExact(text, "D", out id);
    }
}
