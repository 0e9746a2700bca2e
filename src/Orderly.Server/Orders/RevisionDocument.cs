using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Orderly.Server.Http;
using Orderly.Server.Privacy;

namespace Orderly.Server.Orders;

/// <summary>One version with the one before, which tells what it changed.</summary>
internal sealed record RevisionStep(Revision Revision, Revision? Before)
{
    /// <summary>Whether something personal stands in it, or did before.</summary>
    public bool HasPersonal => Revision.PersonalJson is not null || Before?.PersonalJson is not null;
}

/// <summary>The JSON of a revision: who, when, what, why, and, where it is asked for alone, the whole order.</summary>
internal static class RevisionDocument
{
    /// <param name="order">The order as it stood then; null where it is left out.</param>
    public static void Write(
        RevisionStep step, StoredOrder? order, Display display, IBufferWriter<byte> output)
    {
        var revision = step.Revision;
        var writer = JsonOutput.For(output);
        writer.WriteStartObject();
        writer.WriteNumber("version"u8, revision.Version);
        writer.WriteString("type"u8, EventTypes.Of(revision.Kind));
        writer.WriteInstant("at"u8, revision.RecordedAt);
        writer.WriteString("actor"u8, revision.Actor);
        writer.WriteString("reason"u8, revision.Reason);
        WriteChanges(writer, step, display);
        writer.Flush();
        if (order is not null)
        {
            output.Write(",\"order\":"u8);
            OrderDocument.Write(order, display, output);
        }

        output.Write("}"u8);
    }

    /// <summary>From the version before to this one; the first comes from nothing.</summary>
    private static void WriteChanges(Utf8JsonWriter writer, RevisionStep step, Display display)
    {
        writer.WriteStartArray("changes"u8);
        if (step.Before is { } before)
        {
            WriteChange(writer, "/status", Text(before.Status.ToText()), Text(step.Revision.Status.ToText()));
            WriteChange(writer, "/deleted", Bool(before.IsDeleted), Bool(step.Revision.IsDeleted));
            Compare(writer, before.ContentJson, step.Revision.ContentJson, show: null);
            Compare(writer, before.PersonalJson, step.Revision.PersonalJson, display.ShowsPersonal ? null : Mask);
        }

        writer.WriteEndArray();
    }

    private static void Compare(
        Utf8JsonWriter writer, byte[]? before, byte[]? after, Func<string, string, string>? show)
    {
        if ((before ?? []).AsSpan().SequenceEqual(after ?? []))
        {
            return;
        }

        using var from = JsonDocument.Parse(before ?? OrderDocument.NoPersonal.ToArray());
        using var to = JsonDocument.Parse(after ?? OrderDocument.NoPersonal.ToArray());
        Compare(writer, "", from.RootElement, to.RootElement, show);
    }

    /// <summary>Objects member by member, arrays place by place, everything else as a whole.</summary>
    /// <param name="writer">Takes the changes.</param>
    /// <param name="path">Where the values stand.</param>
    /// <param name="before">The value before.</param>
    /// <param name="after">The value after.</param>
    /// <param name="show">How a value at a path is shown; null: as it is.</param>
    private static void Compare(
        Utf8JsonWriter writer, string path, JsonElement? before, JsonElement? after,
        Func<string, string, string>? show)
    {
        if (before is { ValueKind: JsonValueKind.Object } fromObject && after is { ValueKind: JsonValueKind.Object } to)
        {
            var names = fromObject.EnumerateObject().Select(member => member.Name)
                .Union(to.EnumerateObject().Select(member => member.Name), StringComparer.Ordinal);
            foreach (var name in names)
            {
                Compare(writer, $"{path}/{EscapeStep(name)}", Member(fromObject, name), Member(to, name), show);
            }
        }
        else if (before is { ValueKind: JsonValueKind.Array } fromArray
            && after is { ValueKind: JsonValueKind.Array } toArray)
        {
            for (var i = 0; i < Math.Max(fromArray.GetArrayLength(), toArray.GetArrayLength()); i++)
            {
                Compare(writer, string.Create(CultureInfo.InvariantCulture, $"{path}/{i}"),
                    Place(fromArray, i), Place(toArray, i), show);
            }
        }
        else
        {
            WriteChange(writer, path, before?.GetRawText() ?? "null", after?.GetRawText() ?? "null", show);
        }
    }

    /// <summary>Customer or notes, or a member of customer, which the path ends in.</summary>
    private static string Mask(string path, string json) => Encoding.UTF8.GetString(
        PersonalMask.Json(Encoding.UTF8.GetBytes(json), path[(path.LastIndexOf('/') + 1)..]));

    /// <summary>What differs is told, also where it is shown alike.</summary>
    private static void WriteChange(
        Utf8JsonWriter writer, string path, string from, string to, Func<string, string, string>? show = null)
    {
        if (string.Equals(from, to, StringComparison.Ordinal))
        {
            return;
        }

        writer.WriteStartObject();
        writer.WriteString("path"u8, path);
        writer.WritePropertyName("from"u8);
        writer.WriteRawValue(show?.Invoke(path, from) ?? from, skipInputValidation: true);
        writer.WritePropertyName("to"u8);
        writer.WriteRawValue(show?.Invoke(path, to) ?? to, skipInputValidation: true);
        writer.WriteEndObject();
    }

    /// <summary>One step of a JSON Pointer (RFC 6901, section 3).</summary>
    private static string EscapeStep(string name) =>
        name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);

    private static JsonElement? Member(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) ? value : null;

    private static JsonElement? Place(JsonElement array, int index) =>
        index < array.GetArrayLength() ? array[index] : null;

    private static string Text(string text) => $"\"{text}\"";

    private static string Bool(bool value) => value ? "true" : "false";
}
