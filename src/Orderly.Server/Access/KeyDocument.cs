using System.Buffers;
using System.Text.Json;
using Orderly.Contract.Access;
using Orderly.Server.Http;

namespace Orderly.Server.Access;

/// <summary>The JSON of a key.</summary>
internal static class KeyDocument
{
    /// <summary>The texts of all statuses.</summary>
    public static readonly string[] Statuses = [.. Enum.GetValues<KeyStatus>().Select(TextOf)];

    /// <param name="secret">The text to send, in the answer that made it.</param>
    public static void Write(ApiKey key, string? secret, IBufferWriter<byte> output)
    {
        var writer = JsonOutput.For(output);
        writer.WriteStartObject();
        writer.WriteString("id"u8, key.Id);
        writer.WriteString("name"u8, key.Name);
        writer.WriteString("team"u8, key.Team);
        writer.WriteString("role"u8, key.Role);
        WriteList(writer, "scopes"u8, key.Scopes);
        writer.WriteString("reach"u8, key.ReachesAllTeams ? KeyInput.ReachAll : KeyInput.ReachTeam);
        writer.WriteString("status"u8, TextOf(key.Status));
        WriteInstantOrNull(writer, "expiresAt"u8, key.ExpiresAt);
        WriteList(writer, "allowedCidrs"u8, key.AllowedCidrs);
        WriteRateLimit(writer, key.RateLimit);
        writer.WriteNumber("version"u8, key.Version);
        writer.WriteInstant("createdAt"u8, key.CreatedAt);
        writer.WriteString("createdBy"u8, key.CreatedBy);
        writer.WriteInstant("updatedAt"u8, key.UpdatedAt);
        WriteInstantOrNull(writer, "lastUsedAt"u8, key.LastUsedAt);
        WriteInstantOrNull(writer, "revokedAt"u8, key.RevokedAt);
        WriteInstantOrNull(writer, "previousSecretExpiresAt"u8, key.PreviousSecretExpiresAt);
        if (secret is not null)
        {
            writer.WriteString("key"u8, secret);
        }

        writer.WriteEndObject();
        writer.Flush();
    }

    public static string TextOf(KeyStatus status) => status switch
    {
        KeyStatus.Active => "active",
        KeyStatus.Expired => "expired",
        KeyStatus.Revoked => "revoked",
    };

    private static void WriteRateLimit(Utf8JsonWriter writer, KeyRateLimit? limit)
    {
        if (limit is null)
        {
            writer.WriteNull("rateLimit"u8);
            return;
        }

        writer.WriteStartObject("rateLimit"u8);
        WriteRule(writer, "reads"u8, limit.Reads);
        WriteRule(writer, "writes"u8, limit.Writes);
        WriteRule(writer, "streams"u8, limit.Streams);
        writer.WriteEndObject();
    }

    private static void WriteRule(Utf8JsonWriter writer, ReadOnlySpan<byte> name, RateLimitRule? rule)
    {
        if (rule is null)
        {
            writer.WriteNull(name);
            return;
        }

        writer.WriteStartObject(name);
        writer.WriteNumber("quota"u8, rule.Quota);
        writer.WriteNumber("windowSeconds"u8, rule.WindowSeconds);
        writer.WriteEndObject();
    }

    private static void WriteList(Utf8JsonWriter writer, ReadOnlySpan<byte> name, IReadOnlyList<string>? values)
    {
        if (values is null)
        {
            writer.WriteNull(name);
            return;
        }

        writer.WriteStartArray(name);
        foreach (var value in values)
        {
            writer.WriteStringValue(value);
        }

        writer.WriteEndArray();
    }

    private static void WriteInstantOrNull(Utf8JsonWriter writer, ReadOnlySpan<byte> name, DateTime? instant)
    {
        if (instant is { } value)
        {
            writer.WriteInstant(name, value);
        }
        else
        {
            writer.WriteNull(name);
        }
    }
}
