using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Orderly.EndToEndTests.Fuzzing;

/// <summary>Values that fit a schema of the document.</summary>
internal sealed class SchemaValues(ApiDescription api, SeenValues seen)
{
    private const int ItemsMax = 4;
    private const int OddsOfNull = 6;

    /// <summary>Of how many members that may be left out one is given: objects are full, sparse or bare.</summary>
    private static readonly int[] OddsOfOptional = [2, 12, int.MaxValue];

    /// <summary>A value that fits.</summary>
    /// <param name="name">The member that it is of: some names stand for things that exist.</param>
    public JsonNode? Make(JsonElement schema, string name, Random random)
    {
        schema = api.Resolve(schema);
        if (schema.TryGetProperty("oneOf", out var choices))
        {
            return Make(choices[random.Next(choices.GetArrayLength())], name, random);
        }

        if (schema.TryGetProperty("enum", out var known))
        {
            return JsonNode.Parse(known[random.Next(known.GetArrayLength())].GetRawText());
        }

        return TypeOf(schema, random) switch
        {
            "null" => null,
            "boolean" => random.Next(2) == 0,
            "integer" => Whole(schema, name, random),
            "number" => Number(schema, random),
            "array" => Array(schema, name, random),
            "object" => Object(schema, random),
            _ => Text(schema, name, random),
        };
    }

    /// <summary>The value as it stands in an address or a header.</summary>
    public string MakeText(JsonElement schema, string name, Random random) => Make(schema, name, random) switch
    {
        null => "",
        JsonValue value when value.TryGetValue<string>(out var text) => text,
        var other => other.ToJsonString(),
    };

    private static string TypeOf(JsonElement schema, Random random)
    {
        var type = schema.GetProperty("type");
        if (type.ValueKind == JsonValueKind.String)
        {
            return type.GetString()!;
        }

        var types = type.EnumerateArray().Select(one => one.GetString()!).ToList();
        return types.Contains("null") && random.Next(OddsOfNull) == 0 ? "null" : types.First(one => one != "null");
    }

    private static JsonNode Whole(JsonElement schema, string name, Random random)
    {
        var least = schema.TryGetProperty("minimum", out var minimum) ? minimum.GetInt64() : 0;
        var most = schema.TryGetProperty("maximum", out var maximum) ? maximum.GetInt64() : int.MaxValue;
        if (name == "wait")
        {
            most = 1; // or the run would do nothing but wait
        }

        return random.Next(8) switch
        {
            0 => least,
            1 => most,
            _ => random.NextInt64(least, Math.Min(most, least + 20) + 1),
        };
    }

    private static JsonNode Number(JsonElement schema, Random random)
    {
        if (random.Next(10) == 0 && schema.TryGetProperty("maximum", out var most))
        {
            return most.GetDecimal();
        }

        return decimal.Round((decimal)random.NextDouble() * 1_000, random.Next(5));
    }

    private JsonArray Array(JsonElement schema, string name, Random random)
    {
        var least = schema.TryGetProperty("minItems", out var minimum) ? minimum.GetInt32() : 0;
        return new JsonArray([.. Enumerable.Range(0, random.Next(least, least + ItemsMax))
            .Select(_ => Make(schema.GetProperty("items"), name, random))]);
    }

    private JsonObject Object(JsonElement schema, Random random)
    {
        var made = new JsonObject();
        var odds = OddsOfOptional[random.Next(OddsOfOptional.Length)];
        if (schema.TryGetProperty("properties", out var properties))
        {
            var required = schema.TryGetProperty("required", out var names)
                ? names.EnumerateArray().Select(required => required.GetString()!).ToList()
                : [];
            foreach (var member in properties.EnumerateObject().Where(member =>
                required.Contains(member.Name) || random.Next(odds) == 0))
            {
                made[member.Name] = Make(member.Value, member.Name, random);
            }
        }
        else if (schema.TryGetProperty("additionalProperties", out var others))
        {
            for (var i = random.Next(ItemsMax); i > 0; i--)
            {
                made["k" + random.Next(20).ToString(CultureInfo.InvariantCulture)] = Make(others, "", random);
            }
        }

        return made;
    }

    private JsonNode Text(JsonElement schema, string name, Random random)
    {
        if (Known(name, random) is { } known)
        {
            return known;
        }

        if (schema.TryGetProperty("format", out var format) && format.GetString() == "date-time")
        {
            return Time(random);
        }

        if (format.ValueKind == JsonValueKind.String && format.GetString() == "uuid")
        {
            var bytes = new byte[16];
            random.NextBytes(bytes);
            return new Guid(bytes).ToString();
        }

        if (schema.TryGetProperty("pattern", out var pattern))
        {
            return PatternText.Make(pattern.GetString()!, random);
        }

        var length = schema.TryGetProperty("minLength", out var least) ? least.GetInt32() : 0;
        return new string((char)random.Next('a', 'z'), length + random.Next(8));
    }

    /// <summary>What exists, of names that stand for such.</summary>
    private string? Known(string name, Random random) => name switch
    {
        "services" or "service" or "id" when random.Next(8) != 0 => seen.Any(SeenValues.Line, random),
        "version" when random.Next(4) != 0 => "1",
        "fields" => random.Next(2) == 0 ? "id" : "id,createdAt",
        "cursor" or "after" => seen.Any(name, random),
        "If-Match" or "If-None-Match" when random.Next(2) == 0 => seen.Any("tag", random),
        "status" => random.Next(2) == 0 ? "confirmed" : "placed",
        "currency" => random.Next(4) == 0 ? "EUR" : "USD",
        "type" => random.Next(2) == 0 ? "order.placed" : "order.updated",
        "allowedCidrs" => random.Next(3) == 0 ? "10.0.0.0/8" : "127.0.0.0/8",
        _ => null,
    };

    private static string Time(Random random) =>
        new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddMinutes(random.Next(-5_000_000, 5_000_000))
            .ToOffset(TimeSpan.FromHours(random.Next(-12, 13)))
            .ToString(random.Next(2) == 0 ? "yyyy-MM-dd'T'HH:mm:sszzz" : "yyyy-MM-dd'T'HH:mm:ss.ffffffzzz",
                CultureInfo.InvariantCulture);
}
