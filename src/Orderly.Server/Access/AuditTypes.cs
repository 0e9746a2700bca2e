using System.Text.Json;

namespace Orderly.Server.Access;

/// <summary>What is recorded for those who watch over powers.</summary>
internal static class AuditTypes
{
    public const string KeyCreated = "key.created";
    public const string KeyChanged = "key.changed";
    public const string KeyRotated = "key.rotated";
    public const string KeyRevoked = "key.revoked";

    /// <summary>An update that the update window would have refused, with force.</summary>
    public const string OrderForced = "order.forced";

    /// <summary>Personal data that was shown unmasked.</summary>
    public const string OrderRevealed = "order.revealed";

    /// <summary>Personal data that was erased.</summary>
    public const string OrderErased = "order.erased";

    /// <summary>The subject of an entry that is about many orders; those of a page stand in its detail.</summary>
    public const string ManyOrders = "orders";

    public static readonly IReadOnlyList<string> All =
        [KeyCreated, KeyChanged, KeyRotated, KeyRevoked, OrderForced, OrderRevealed, OrderErased];

    /// <summary>The detail of an entry as it is stored.</summary>
    public static string Detail(params IEnumerable<(string Name, object? Value)> members) =>
        JsonSerializer.Serialize(members.ToDictionary(
            member => member.Name, member => member.Value, StringComparer.Ordinal));
}
