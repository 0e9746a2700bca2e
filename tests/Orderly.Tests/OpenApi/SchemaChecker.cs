using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Orderly.Tests.OpenApi;

/// <summary>
/// Holds JSON against the schemas of an OpenAPI 3.1 document (JSON Schema 2020-12): just the keywords that ours uses,
/// and an exception for any other, so that none passes unchecked.
/// </summary>
internal sealed class SchemaChecker(JsonElement document)
{
    private static readonly string[] Annotations = ["description", "default", "format"];

    /// <summary>What is wrong with the value, one line each; nothing where it is valid.</summary>
    public IReadOnlyList<string> Check(string schemaName, JsonElement value) =>
        Check(document.GetProperty("components").GetProperty("schemas").GetProperty(schemaName), value);

    public IReadOnlyList<string> Check(JsonElement schema, JsonElement value)
    {
        var faults = new List<string>();
        Check(schema, value, "#", faults);
        return faults;
    }

    private void Check(JsonElement schema, JsonElement value, string place, List<string> faults)
    {
        foreach (var keyword in schema.EnumerateObject())
        {
            var holds = keyword.Name switch
            {
                "$ref" => CheckReference(keyword.Value.GetString()!, value, place, faults),
                "type" => Names(keyword.Value).Any(type => IsOf(type, value)),
                "enum" => keyword.Value.EnumerateArray().Any(known => JsonElement.DeepEquals(known, value)),
                "oneOf" => keyword.Value.EnumerateArray().Count(choice => Check(choice, value).Count == 0) == 1,
                _ when Annotations.Contains(keyword.Name) => HasFormat(keyword, value),
                _ => value.ValueKind switch
                {
                    JsonValueKind.Object => CheckObject(schema, keyword, value, place, faults),
                    JsonValueKind.Array => CheckArray(keyword, value, place, faults),
                    JsonValueKind.String => CheckText(keyword, value.GetString()!),
                    JsonValueKind.Number => CheckNumber(keyword, value),
                    _ => IsKnown(keyword.Name),
                },
            };
            if (!holds)
            {
                faults.Add(
                    $"{place}: {keyword.Name} {keyword.Value.GetRawText()} does not hold for {value.GetRawText()}");
            }
        }
    }

    private bool CheckReference(string reference, JsonElement value, string place, List<string> faults)
    {
        Check(Find(reference), value, place, faults);
        return true;
    }

    /// <summary>What a reference in the document leads to.</summary>
    public JsonElement Find(string reference) =>
        reference.Split('/')[1..].Aggregate(document, (element, step) => element.GetProperty(step));

    private bool CheckObject(
        JsonElement schema, JsonProperty keyword, JsonElement value, string place, List<string> faults)
    {
        var members = value.EnumerateObject().ToArray();
        switch (keyword.Name)
        {
            case "properties":
                foreach (var field in keyword.Value.EnumerateObject()
                    .Where(field => value.TryGetProperty(field.Name, out _)))
                {
                    Check(field.Value, value.GetProperty(field.Name), $"{place}/{field.Name}", faults);
                }

                return true;
            case "required":
                return Names(keyword.Value).All(name => value.TryGetProperty(name, out _));
            case "additionalProperties":
                var others = members.Where(member =>
                    !schema.TryGetProperty("properties", out var known) || !known.TryGetProperty(member.Name, out _));
                return keyword.Value.ValueKind == JsonValueKind.False
                    ? !others.Any()
                    : others.All(member => Check(keyword.Value, member.Value).Count == 0);
            case "propertyNames":
                return members.All(member =>
                    Check(keyword.Value, JsonSerializer.SerializeToElement(member.Name)).Count == 0);
            case "maxProperties":
                return members.Length <= keyword.Value.GetInt32();
            default:
                return IsKnown(keyword.Name);
        }
    }

    private bool CheckArray(JsonProperty keyword, JsonElement value, string place, List<string> faults)
    {
        switch (keyword.Name)
        {
            case "items":
                foreach (var (index, item) in value.EnumerateArray().Index())
                {
                    Check(keyword.Value, item, $"{place}/{index}", faults);
                }

                return true;
            case "minItems":
                return value.GetArrayLength() >= keyword.Value.GetInt32();
            case "maxItems":
                return value.GetArrayLength() <= keyword.Value.GetInt32();
            default:
                return IsKnown(keyword.Name);
        }
    }

    private static bool CheckText(JsonProperty keyword, string text) => keyword.Name switch
    {
        "minLength" => text.EnumerateRunes().Count() >= keyword.Value.GetInt32(),
        "maxLength" => text.EnumerateRunes().Count() <= keyword.Value.GetInt32(),
        "pattern" => Regex.IsMatch(
            text, keyword.Value.GetString()!, RegexOptions.ECMAScript, TimeSpan.FromSeconds(1)),
        _ => IsKnown(keyword.Name),
    };

    private static bool CheckNumber(JsonProperty keyword, JsonElement value) => keyword.Name switch
    {
        "minimum" => value.GetDecimal() >= keyword.Value.GetDecimal(),
        "maximum" => value.GetDecimal() <= keyword.Value.GetDecimal(),
        _ => IsKnown(keyword.Name),
    };

    private static bool HasFormat(JsonProperty keyword, JsonElement value)
    {
        if (keyword.Name is not "format" || value.ValueKind != JsonValueKind.String)
        {
            return true;
        }

        var text = value.GetString()!;
        return keyword.Value.GetString() switch
        {
            "uuid" => Guid.TryParseExact(text, "D", out _),
            "date-time" => text.Length > 19 && (text[^1] is 'Z' or 'z' || text[^6] is '+' or '-')
                && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
            "uri-reference" => Uri.TryCreate(text, UriKind.RelativeOrAbsolute, out _),
            "idn-email" => text.Contains('@', StringComparison.Ordinal),
            var other => throw new NotSupportedException($"The format {other} is not checked."),
        };
    }

    private static bool IsOf(string type, JsonElement value) => type switch
    {
        "null" => value.ValueKind == JsonValueKind.Null,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "string" => value.ValueKind == JsonValueKind.String,
        "number" => value.ValueKind == JsonValueKind.Number,
        "integer" => value.ValueKind == JsonValueKind.Number && decimal.IsInteger(value.GetDecimal()),
        "array" => value.ValueKind == JsonValueKind.Array,
        "object" => value.ValueKind == JsonValueKind.Object,
        _ => throw new NotSupportedException($"The type {type} is not one of JSON Schema."),
    };

    private static IEnumerable<string> Names(JsonElement names) => names.ValueKind == JsonValueKind.Array
        ? names.EnumerateArray().Select(name => name.GetString()!)
        : [names.GetString()!];

    /// <summary>A keyword about values of another type holds for this one.</summary>
    private static bool IsKnown(string keyword) => keyword is "properties" or "required" or "additionalProperties"
        or "propertyNames" or "maxProperties" or "items" or "minItems" or "maxItems" or "minLength" or "maxLength"
        or "pattern" or "minimum" or "maximum"
            ? true
            : throw new NotSupportedException($"The keyword {keyword} is not checked.");
}
