namespace Orderly.Server.Orders;

/// <summary>The type of event that a change is told as, in revisions and in the feed.</summary>
internal static class EventTypes
{
    public static readonly IReadOnlyList<string> All =
        [.. Enum.GetValues<ChangeKind>().Select(Of).Distinct(StringComparer.Ordinal)];

    /// <summary>The kinds of changes that are told as one of the types, as they are stored.</summary>
    public static string[] KindsOf(IReadOnlyCollection<string> types) =>
        [.. Enum.GetValues<ChangeKind>()
            .Where(kind => types.Contains(Of(kind), StringComparer.Ordinal)).Select(kind => kind.ToText())];

    public static string Of(ChangeKind kind) => kind switch
    {
        ChangeKind.Placed => "order.placed",
        ChangeKind.Updated or ChangeKind.Reverted => "order.updated",
        ChangeKind.StatusChanged => "order.status-changed",
        ChangeKind.Deleted => "order.deleted",
        ChangeKind.Restored => "order.restored",
        ChangeKind.Erased => "order.erased",
    };
}
