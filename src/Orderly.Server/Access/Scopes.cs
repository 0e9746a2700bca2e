namespace Orderly.Server.Access;

/// <summary>What a key may do.</summary>
internal static class Scopes
{
    public const string OrdersRead = "orders:read";
    public const string OrdersWrite = "orders:write";
    public const string OrdersDelete = "orders:delete";
    public const string OrdersForce = "orders:force";
    public const string OrdersReveal = "orders:reveal";
    public const string OrdersErase = "orders:erase";
    public const string ServicesRead = "services:read";
    public const string ServicesWrite = "services:write";
    public const string ChangesRead = "changes:read";
    public const string WebhooksManage = "webhooks:manage";
    public const string KeysManage = "keys:manage";
    public const string AuditRead = "audit:read";

    /// <summary>Every scope there is: what an administrator's key has.</summary>
    public static readonly IReadOnlyList<string> All =
    [
        OrdersRead, OrdersWrite, OrdersDelete, OrdersForce, OrdersReveal, OrdersErase,
        ServicesRead, ServicesWrite, ChangesRead, WebhooksManage, KeysManage, AuditRead,
    ];
}

/// <summary>Scopes that go together under a name.</summary>
internal static class Roles
{
    public const string Viewer = "viewer";
    public const string Editor = "editor";
    public const string Admin = "admin";

    public static readonly IReadOnlyList<string> All = [Viewer, Editor, Admin];

    private static readonly IReadOnlyList<string> ViewerScopes =
        [Scopes.OrdersRead, Scopes.ServicesRead, Scopes.ChangesRead];

    private static readonly IReadOnlyList<string> EditorScopes =
    [
        Scopes.OrdersRead, Scopes.OrdersWrite, Scopes.OrdersDelete, Scopes.ServicesRead, Scopes.ServicesWrite,
        Scopes.ChangesRead,
    ];

    /// <summary>What a key of this role may do; null where there is no such role.</summary>
    public static IReadOnlyList<string>? ScopesOf(string role) => role switch
    {
        Viewer => ViewerScopes,
        Editor => EditorScopes,
        Admin => Scopes.All,
        _ => null,
    };
}
