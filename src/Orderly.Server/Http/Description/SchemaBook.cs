using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using Orderly.Contract.Orders;
using Orderly.Server.Database;

namespace Orderly.Server.Http.Description;

/// <summary>
/// The schemas of the API's description, which the framework made from the records of the contract. Each feature
/// adds what types cannot say: limits, shapes, what may be null, what is refused.
/// </summary>
internal sealed class SchemaBook(OpenApiDocument document)
{
    private const int UuidLength = 36;

    /// <summary>The schema of something in a request: what it does not name is refused.</summary>
    public SchemaFields Request(string name)
    {
        var schema = Of(name);
        schema.AdditionalPropertiesAllowed = false;
        return new SchemaFields(name, schema);
    }

    /// <summary>The schema of something in an answer: every field is always there.</summary>
    public SchemaFields Answer(string name)
    {
        var schema = Of(name);
        schema.Required = new HashSet<string>(schema.Properties!.Keys, StringComparer.Ordinal);
        return new SchemaFields(name, schema);
    }

    /// <summary>The schema of something in an answer, where one field may be left out.</summary>
    public SchemaFields AnswerBut(string name, string optional)
    {
        var fields = Answer(name);
        Of(name).Required!.Remove(optional);
        return fields;
    }

    /// <summary>A page of a list.</summary>
    public SchemaFields Page(string name, int rowsMax = PageInput.SizeMax) => Limit(Answer(name), rowsMax);

    /// <summary>A page of a list that says how many rows there are in all, where that is asked for.</summary>
    public SchemaFields CountedPage(string name)
    {
        Answer(nameof(PageCount))["value"].Whole(0, long.MaxValue);
        var page = Limit(AnswerBut(name, "count"), PageInput.SizeMax);
        page.Put("count", Reference(nameof(PageCount)));
        return page;
    }

    /// <summary>The schema of something in an answer, some of whose fields are left out rather than null.</summary>
    public SchemaFields AnswerWithoutNulls(string name)
    {
        var fields = new SchemaFields(name, Of(name));
        foreach (var field in fields.All)
        {
            field.NotNull();
        }

        return fields;
    }

    /// <summary>A new schema with the fields of another, to go its own way from there.</summary>
    public SchemaFields RequestFrom(string source, string name, string description)
    {
        var copy = (OpenApiSchema)Of(source).CreateShallowCopy();
        copy.Description = description;
        copy.Metadata = null; // holds the name of the source
        copy.Properties = copy.Properties!.ToDictionary(
            field => field.Key, field => field.Value.CreateShallowCopy(), StringComparer.Ordinal);
        document.AddComponent(name, copy);
        return Request(name);
    }

    /// <summary>Any JSON value.</summary>
    public static OpenApiSchema Any(string description) => new() { Description = description };

    /// <summary>Takes out a schema that nothing refers to any more.</summary>
    public void Drop(string name) => document.Components!.Schemas!.Remove(name);

    /// <summary>Limits that follow from a format, wherever it stands.</summary>
    public void LimitFormats()
    {
        var fields = document.Components!.Schemas!.Values.OfType<OpenApiSchema>()
            .SelectMany(schema => schema.Properties?.Values ?? []).OfType<OpenApiSchema>();
        foreach (var field in fields)
        {
            field.MaxLength ??= field.Format switch
            {
                "uuid" => UuidLength,
                "date-time" => Instant.InputLengthMax,
                _ => null,
            };
        }
    }

    public IOpenApiSchema Reference(string name) => new OpenApiSchemaReference(name, document);

    /// <summary>A reference that may also be null, with the field's own description.</summary>
    public OpenApiSchema ReferenceOrNull(string name, string description) => new()
    {
        Description = description,
        OneOf = [new OpenApiSchema { Type = JsonSchemaType.Null }, Reference(name)],
    };

    private static SchemaFields Limit(SchemaFields page, int rowsMax)
    {
        page["data"].Items(0, rowsMax);
        page["next"].Text(1, Cursor.LengthMax).Shape(PageInput.After.Pattern!);
        return page;
    }

    private OpenApiSchema Of(string name) =>
        document.Components!.Schemas!.TryGetValue(name, out var schema) && schema is OpenApiSchema own
            ? own
            : throw new InvalidOperationException($"The description has no schema {name}.");
}

/// <summary>The fields of one schema.</summary>
internal sealed class SchemaFields(string name, OpenApiSchema schema)
{
    public IEnumerable<OpenApiSchema> All => schema.Properties!.Values.OfType<OpenApiSchema>();

    public OpenApiSchema this[string field] =>
        schema.Properties!.TryGetValue(field, out var found) && found is OpenApiSchema own
            ? own
            : throw new InvalidOperationException($"The schema {name} has no field {field} of its own.");

    public void Put(string field, IOpenApiSchema value) => schema.Properties![field] = value;

    /// <summary>
    /// Takes over fields of an answer that may be sent back as they were read. They are not marked readOnly, which
    /// tools take for a word that a request must not hold them.
    /// </summary>
    public void TakeBack(SchemaFields answer, params string[] fields)
    {
        foreach (var field in fields)
        {
            var copy = (OpenApiSchema)answer[field].CreateShallowCopy();
            copy.Description = string.Equals(field, "version", StringComparison.Ordinal)
                ? "The version that the write is based on; it acts as If-Match."
                : $"Read-only; may be sent back as it was read. {copy.Description}";
            copy.Type |= JsonSchemaType.Null;
            if (copy.Enum is not null)
            {
                copy.Enum = [.. copy.Enum.Select(value => value.DeepClone()), null!];
            }

            schema.Properties![field] = copy;
        }
    }
}

/// <summary>What can be said of one field.</summary>
internal static class SchemaRules
{
    /// <summary>15 digits before the point.</summary>
    private const string MoneyMax = "999999999999999";

    public static OpenApiSchema Text(this OpenApiSchema schema, int lengthMin, int lengthMax)
    {
        schema.MinLength = lengthMin == 0 ? null : lengthMin;
        schema.MaxLength = lengthMax;
        return schema;
    }

    public static OpenApiSchema Shape(this OpenApiSchema schema, string pattern)
    {
        schema.Pattern = pattern;
        return schema;
    }

    public static OpenApiSchema Format(this OpenApiSchema schema, string format)
    {
        schema.Format = format;
        return schema;
    }

    public static OpenApiSchema Whole(this OpenApiSchema schema, long min, long max)
    {
        schema.Minimum = JsonValue.Create(min).ToJsonString();
        schema.Maximum = JsonValue.Create(max).ToJsonString();
        return schema;
    }

    /// <summary>An exact decimal; formats of JSON Schema know only floats, so there is none.</summary>
    public static OpenApiSchema Money(this OpenApiSchema schema, bool mayBeNegative = false)
    {
        schema.Format = null;
        schema.Minimum = mayBeNegative ? "-" + MoneyMax : "0";
        schema.Maximum = MoneyMax;
        schema.Description += mayBeNegative
            ? " An exact decimal; do not read it into a binary float."
            : $" An exact decimal: at most {ExactNumber.DecimalsMax} decimals and {ExactNumber.DigitsMax} digits in "
                + "all; do not read it into a binary float.";
        return schema;
    }

    public static OpenApiSchema Currency(this OpenApiSchema schema) => schema.Text(3, 3).Shape("^[A-Z]{3}$");

    public static OpenApiSchema Among(this OpenApiSchema schema, IEnumerable<string> values)
    {
        schema.Enum = [.. values.Select(value => (JsonNode)JsonValue.Create(value))];
        return schema;
    }

    public static OpenApiSchema Items(this OpenApiSchema schema, int countMin, int countMax)
    {
        schema.MinItems = countMin == 0 ? null : countMin;
        schema.MaxItems = countMax;
        return schema;
    }

    public static OpenApiSchema Default(this OpenApiSchema schema, JsonNode value)
    {
        schema.Default = value;
        return schema;
    }

    public static OpenApiSchema NotNull(this OpenApiSchema schema)
    {
        schema.Type &= ~JsonSchemaType.Null;
        return schema;
    }
}
