using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using Orderly.Contract.Access;
using Orderly.Server.Http;
using Orderly.Server.Http.Description;

namespace Orderly.Server.Access;

/// <summary>What the schemas of keys and the audit record say beyond their types.</summary>
internal static class KeySchemas
{
    private const int SecretLength = 40;

    private static readonly string[] ReadOnlyFields =
    [
        "id", "team", "status", "version", "createdAt", "createdBy", "updatedAt", "lastUsedAt", "revokedAt",
        "previousSecretExpiresAt",
    ];

    public static void Describe(SchemaBook book)
    {
        var rule = book.Answer(nameof(RateLimitRule));
        DescribeRule(rule);
        book.Request(nameof(RateLimitRule));
        DescribeRule(book.Request(nameof(RateLimitRulePatch)));
        book.Request(nameof(KeyRateLimit));
        book.Request(nameof(KeyRateLimitPatch));
        var key = book.AnswerBut(nameof(KeyView), "key");
        key["id"].Text(1, ListAudit.IdLengthMax);
        key["createdBy"].Text(1, ListAudit.IdLengthMax);
        key["status"].Among(KeyDocument.Statuses);
        key["version"].Whole(1, int.MaxValue);
        key["key"].NotNull().Text(SecretLength, SecretLength).Shape("^ord_[0-9A-Za-z]{36}$");
        DescribeContent(key);
        key["role"].Enum!.Add(null!);
        key["team"].Text(1, KeyInput.TeamLengthMax);

        var request = book.Request(nameof(KeyRequest));
        DescribeContent(request);
        request["role"].Enum!.Add(null!);
        request["reach"].Enum!.Add(null!);
        request["reach"].Default(JsonValue.Create(KeyInput.ReachTeam));
        request["team"].Text(1, KeyInput.TeamLengthMax).Shape(KeyInput.TeamPattern);
        var patch = book.Request(nameof(KeyPatch));
        DescribeContent(patch);
        patch["name"].NotNull();
        patch["role"].Enum!.Add(null!);
        patch["reach"].NotNull();
        patch.TakeBack(key, ReadOnlyFields);
        var rotate = book.Request(nameof(RotateRequest));
        rotate["overlapSeconds"].Whole(0, RotateKey.OverlapSecondsMax)
            .Default(JsonValue.Create(RotateKey.OverlapSecondsDefault));
        rotate["version"].Whole(1, int.MaxValue);
        book.CountedPage("CountedPageOfKeyView");
        DescribeAudit(book);
    }

    private static void DescribeContent(SchemaFields key)
    {
        key["name"].Text(1, KeyInput.NameLengthMax);
        key["role"].Among(Roles.All);
        key["scopes"].Items(1, Scopes.All.Count).Items =
            new OpenApiSchema { Type = JsonSchemaType.String }.Among(Scopes.All);
        key["reach"].Among([KeyInput.ReachAll, KeyInput.ReachTeam]);
        key["allowedCidrs"].Items(1, AllowedNetworks.CountMax).Items =
            new OpenApiSchema { Type = JsonSchemaType.String }
                .Text(1, AllowedNetworks.LengthMax).Shape(AllowedNetworks.Pattern);
    }

    private static void DescribeRule(SchemaFields rule)
    {
        rule["quota"].Whole(1, KeyRateLimitInput.QuotaMax);
        rule["windowSeconds"].Whole(1, KeyRateLimitInput.WindowSecondsMax);
    }

    private static void DescribeAudit(SchemaBook book)
    {
        var entry = book.Answer(nameof(AuditEntry));
        entry["type"].Among(AuditTypes.All);
        entry["actor"].Text(1, ListAudit.IdLengthMax);
        entry["team"].Text(1, ListAudit.IdLengthMax);
        entry["subject"].Text(1, ListAudit.IdLengthMax);
        entry.Put("detail", new OpenApiSchema
        {
            Type = JsonSchemaType.Object, Description = "More about it, by type.",
        });
        book.Page("PageOfAuditEntry");
    }
}
