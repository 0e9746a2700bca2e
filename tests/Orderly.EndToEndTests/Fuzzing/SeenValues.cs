using System.Collections.Concurrent;
using System.Text.Json;

namespace Orderly.EndToEndTests.Fuzzing;

/// <summary>
/// What answers told: ids, tags, cursors, keys. Requests that name what there is get farther than invented ones.
/// </summary>
internal sealed class SeenValues
{
    /// <summary>The kind of service records that orders name.</summary>
    public const string Line = "line";
    private const int KeptMax = 64;

    private readonly ConcurrentDictionary<string, string[]> _values = new(StringComparer.Ordinal);

    /// <summary>A value of this kind, or null while none is known.</summary>
    public string? Any(string kind, Random random) =>
        _values.TryGetValue(kind, out var known) ? known[random.Next(known.Length)] : null;

    public void Add(string kind, string value) => _values.AddOrUpdate(
        kind, _ => [value],
        (_, known) => known.Contains(value) ? known : [.. known.TakeLast(KeptMax - 1), value]);

    /// <summary>Takes along what an answer of this operation tells.</summary>
    public void Learn(FuzzRequest request, FuzzAnswer answer)
    {
        if (request.Operation is not { } operation || answer.Status / 100 != 2)
        {
            return;
        }

        if (answer.Header("ETag") is { } tag)
        {
            Add("tag", tag);
        }

        if (answer.Json is not { ValueKind: JsonValueKind.Object } body)
        {
            return;
        }

        var list = operation.Path.Split('/')[1];
        Learn(list, body);
        if (body.TryGetProperty("next", out var next) && next.ValueKind == JsonValueKind.String)
        {
            Add(list == "changes" ? "after" : "cursor", next.GetString()!);
        }

        if (body.TryGetProperty("data", out var rows) && rows.GetArrayLength() > 0)
        {
            Learn(list, rows[0]);
        }
    }

    private void Learn(string list, JsonElement item)
    {
        if (item.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        if (item.TryGetProperty("id", out var id) && id.ValueKind == JsonValueKind.String && list is not "me")
        {
            if (!_values.TryGetValue(Line, out var lines) || !lines.Contains(id.GetString()))
            {
                Add(list, id.GetString()!);
            }
        }

        if (item.TryGetProperty("key", out var key) && key.ValueKind == JsonValueKind.String)
        {
            Add("key", key.GetString()!);
        }
    }
}
