using Orderly.Server.Http.Description;

namespace Orderly.Server.Observability;

/// <summary>What the schemas of health say beyond their types.</summary>
internal static class HealthSchemas
{
    private const int ChecksMax = 100;
    private const int TextLengthMax = 1_000;

    public static void Describe(SchemaBook book)
    {
        var health = book.Answer(nameof(Health));
        health["status"].Among(["live", "ready", "degraded"]);
        health["checks"].Items(1, ChecksMax);
        var check = book.Answer(nameof(HealthCheck));
        check["name"].Text(1, TextLengthMax);
        check["detail"].Text(0, TextLengthMax);
    }
}
