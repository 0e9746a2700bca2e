using System.Collections.Frozen;
using System.Text.Json;

namespace Orderly.Server.Http;

/// <summary>The members of a resource that a caller wants to see, out of its ready-made JSON.</summary>
internal sealed class FieldSelection
{
    private const string Parameter = "fields";
    private const int WholeSizeHint = 1024;

    private readonly FrozenSet<string> _fields;

    private FieldSelection(IEnumerable<string> fields) => _fields = fields.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>What <c>fields=</c> says; null where all are wanted.</summary>
    public static FieldSelection? Read(QueryInput query, IReadOnlyList<string> known) =>
        query.Choices(Parameter, known) is { } fields ? new FieldSelection(fields) : null;

    public bool Contains(string field) => _fields.Contains(field);

    public static TakesParameter Described(IReadOnlyList<string> known) =>
        new(Parameter, "string",
            $"Only these members, with commas between them: {string.Join(", ", known.Select(name => $"`{name}`"))}.")
        {
            LengthMax = string.Join(',', known).Length, Pattern = "^[A-Za-z]+(,[A-Za-z]+)*$",
        };

    /// <summary>The same writer, and of what it writes only the chosen members; null: all.</summary>
    public static Action<T, PooledBuffer> Apply<T>(FieldSelection? fields, Action<T, PooledBuffer> write) =>
        fields is null
            ? write
            : (row, output) =>
            {
                using var whole = new PooledBuffer(WholeSizeHint);
                write(row, whole);
                fields.Write(whole.WrittenSpan, output);
            };

    /// <summary>Writes the chosen members of an object, in its order and exactly as they stand there.</summary>
    private void Write(ReadOnlySpan<byte> document, PooledBuffer output)
    {
        var reader = new Utf8JsonReader(document);
        reader.Read();
        output.Write("{"u8);
        var isFirst = true;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isChosen = _fields.Contains(reader.GetString()!);
            var start = (int)reader.TokenStartIndex;
            reader.Read();
            reader.Skip();
            if (isChosen)
            {
                output.Write(isFirst ? [] : ","u8);
                output.Write(document[start..(int)reader.BytesConsumed]);
                isFirst = false;
            }
        }

        output.Write("}"u8);
    }
}
