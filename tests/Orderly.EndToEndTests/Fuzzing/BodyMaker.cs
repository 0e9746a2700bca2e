using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Orderly.EndToEndTests.Fuzzing;

/// <summary>Bodies: as described, with one thing changed, or such as no client writes.</summary>
internal sealed class BodyMaker(ApiDescription api, SchemaValues values)
{
    private const int RowsMax = 5;
    private const int DeepLevels = 5_000;
    private const int BodyMaxBytes = 1024 * 1024;

    /// <summary>Stands where JSON is put that no tree of values can hold.</summary>
    private const string Mark = "raw-json-goes-here";

    private static readonly string[] RawValues =
    [
        "1e400", "-1e400", "-0", "01", "+1", ".5", "1.", "1e5", "1.00000", "123456789012345678901234567890", "NaN",
        "\"\\ud800\"", "\"\\udc00\\ud800\"", "\"\\u0000\"", "\"\\x41\"", "'a'", "tru", "nul", "/* */1", "1,",
        "", "\"\t\"",
        "{}", "[]", "[[[[]]]]", "{\"a\":{\"a\":{}}}", "\"\"", "true", "null", "0", "-1", "2147483648", "0.00001",
    ];

    private static readonly string[] Columns =
    [
        "datetime", "services.id", "services", "totalfee", "currency", "reference", "customer.name",
        "customer.email", "customer.phone",
        "notes", "metadata", "createdAt", "services.quantity", "status", "id", "number", "datetim", "=1+1", "",
    ];

    /// <summary>A body that the schema of this media type describes.</summary>
    public byte[] Valid(string mediaType, JsonElement schema, Random random) => mediaType switch
    {
        "application/x-ndjson" => Rows(random, (row, _) => row),
        "text/csv" => Table(random, isHostile: false),
        _ => Encoding.UTF8.GetBytes(Text(values.Make(schema, "", random))),
    };

    /// <summary>The same with one thing changed.</summary>
    public byte[] Near(string mediaType, JsonElement schema, Random random) => mediaType switch
    {
        "application/x-ndjson" => Rows(random, Twist),
        "text/csv" => Table(random, isHostile: true),
        _ => Encoding.UTF8.GetBytes(Twist(Text(values.Make(schema, "", random)), random)),
    };

    public byte[] Hostile(string mediaType, JsonElement schema, Random random)
    {
        var good = Valid(mediaType, schema, random);
        switch (random.Next(14))
        {
            case 0:
                return good[..random.Next(good.Length + 1)];
            case 1:
                var noise = new byte[random.Next(2_000)];
                random.NextBytes(noise);
                return noise;
            case 2:
                return Encoding.UTF8.GetBytes(new string('[', DeepLevels));
            case 3:
                return Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"a\":", DeepLevels)) + "1");
            case 4:
                return Encoding.UTF8.GetBytes("{\"totalfee\":" + new string('9', 100_000) + "}");
            case 5:
                return Encoding.UTF8.GetBytes(
                    $"{{\"notes\":\"{new string('n', random.Next(BodyMaxBytes * 5 / 4))}\"}}");
            case 6:
                return Encoding.UTF8.GetBytes(
                    "{" + string.Join(',', Enumerable.Range(0, 20_000).Select(i => $"\"k{i}\":{i}")) + "}");
            case 7:
                return Encoding.UTF8.GetBytes("{" + string.Concat(Enumerable.Repeat("\"a\":1,", 20_000)) + "\"a\":1}");
            case 8:
                return [0xEF, 0xBB, 0xBF, .. good];
            case 9:
                return Encoding.Unicode.GetBytes(Encoding.UTF8.GetString(good));
            case 10:
                return [.. good, .. good];
            case 11:
                return Encoding.UTF8.GetBytes("{\"metadata\":{"
                    + string.Join(',', Enumerable.Range(0, 60).Select(_ => $"{Text(HostileText.Any(random))}:\"v\""))
                    + "}}");
            case 12:
                return Encoding.UTF8.GetBytes(
                    $"{{\"services\":[{string.Join(',', Enumerable.Repeat("1", 100_000))}]}}");
            default:
                var hurt = good.Length == 0 ? [0] : (byte[])good.Clone();
                hurt[random.Next(hurt.Length)] = (byte)random.Next(256);
                return hurt;
        }
    }

    private static string Text(JsonNode? value) => value?.ToJsonString() ?? "null";

    private static string Text(string value) => JsonSerializer.Serialize(value);

    /// <summary>Changes one member of the text, which is JSON.</summary>
    private static string Twist(string text, Random random)
    {
        var root = JsonNode.Parse(text);
        var objects = Objects(root).ToList();
        if (objects.Count == 0)
        {
            return RawValues[random.Next(RawValues.Length)];
        }

        var one = objects[random.Next(objects.Count)];
        var names = one.Select(member => member.Key).ToList();
        if (names.Count == 0 || random.Next(5) == 0)
        {
            one[random.Next(2) == 0 ? HostileText.Any(random) : "unknown"] = HostileText.Any(random);
            return Text(root);
        }

        var name = names[random.Next(names.Count)];
        switch (random.Next(7))
        {
            case 0:
                one.Remove(name);
                break;
            case 1:
                one[name] = null;
                break;
            case 2:
                one[name] = HostileText.Any(random);
                break;
            case 3:
                one[name] = new JsonArray(one[name]?.DeepClone(), one[name]?.DeepClone());
                break;
            case 4:
                var value = one[name]?.DeepClone();
                one.Remove(name);
                one[random.Next(2) == 0 ? name + "s" : name.ToUpperInvariant()] = value;
                break;
            case 5:
                one[name] = Mark;
                return Text(root).Replace(
                    $"\"{Mark}\"", RawValues[random.Next(RawValues.Length)], StringComparison.Ordinal);
            default:
                one[Mark] = one[name]?.DeepClone();
                return Text(root).Replace($"\"{Mark}\"", Text(name), StringComparison.Ordinal);
        }

        return Text(root);
    }

    private static IEnumerable<JsonObject> Objects(JsonNode? node) => node switch
    {
        JsonObject one => one.SelectMany(member => Objects(member.Value)).Prepend(one),
        JsonArray items => items.SelectMany(Objects),
        _ => [],
    };

    /// <summary>Rows of an import, some of them changed.</summary>
    private byte[] Rows(Random random, Func<string, Random, string> change)
    {
        var schema = api.Root.GetProperty("components").GetProperty("schemas").GetProperty("OrderRequest");
        var rows = Enumerable.Range(0, random.Next(1, RowsMax)).Select(_ =>
        {
            var row = Text(values.Make(schema, "", random));
            return random.Next(2) == 0 ? row : change(row, random);
        });
        return Encoding.UTF8.GetBytes(string.Join('\n', rows));
    }

    private static byte[] Table(Random random, bool isHostile)
    {
        var columns = isHostile
            ? Columns.OrderBy(_ => random.Next()).Take(random.Next(1, Columns.Length)).ToArray()
            : ["datetime", "services.id", "totalfee"];
        var text = new StringBuilder(string.Join(',', columns)).Append("\r\n");
        for (var row = random.Next(RowsMax); row >= 0; row--)
        {
            text.AppendJoin(',', columns.Select(column => random.Next(isHostile ? 3 : int.MaxValue) == 0
                ? random.Next(2) == 0 ? HostileText.Any(random) : Quoted(HostileText.Any(random))
                : column switch
                {
                    "datetime" or "createdAt" => "2026-11-23T09:30:00Z",
                    "services.id" => "deep-clean",
                    "totalfee" => "12.50",
                    _ => "",
                })).Append("\r\n");
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static string Quoted(string cell) => $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
