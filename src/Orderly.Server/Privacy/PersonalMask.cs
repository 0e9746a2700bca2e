using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Orderly.Server.Privacy;

/// <summary>
/// Personal data as those see it who may not see it: <c>a•••@example.com</c>, <c>A•••</c> for a name, <c>•••42</c> for
/// a phone number, <c>•••</c> for notes. Pure.
/// </summary>
internal static class PersonalMask
{
    /// <summary>What stands for the rest. No value that is stored has it.</summary>
    public const string Mark = "•••";

    /// <summary>Shorter numbers would be all but told by their end.</summary>
    private const int PhoneDigitsMin = 6;
    private const int PhoneDigitsShown = 2;

    private static readonly JsonWriterOptions WriterOptions = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true,
    };

    public static bool IsIn(string? value) => value?.Contains(Mark, StringComparison.Ordinal) == true;

    public static string Name(string name) => FirstLetter(name) + Mark;

    /// <summary>The domain is shown: it tells which orders are an organisation's, not whose.</summary>
    public static string Email(string email)
    {
        var at = email.LastIndexOf('@');
        return at < 0 ? Mark : FirstLetter(email) + Mark + email[at..];
    }

    public static string Phone(string phone)
    {
        var digits = string.Concat(phone.Where(char.IsAsciiDigit));
        return digits.Length < PhoneDigitsMin ? Mark : Mark + digits[^PhoneDigitsShown..];
    }

    public static string Notes(string notes) => notes.Length == 0 ? notes : Mark;

    /// <summary>The member of customer, or notes, masked.</summary>
    public static string Of(string member, string value) => member switch
    {
        "name" => Name(value),
        "email" => Email(value),
        "phone" => Phone(value),
        _ => Notes(value),
    };

    /// <summary>customer and notes as JSON, or either of them, with every text in it masked.</summary>
    public static byte[] Json(ReadOnlySpan<byte> json, string member = "")
    {
        var reader = new Utf8JsonReader(json);
        var output = new ArrayBufferWriter<byte>(json.Length + 64);
        using var writer = new Utf8JsonWriter(output, WriterOptions);
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject:
                    writer.WriteStartObject();
                    break;
                case JsonTokenType.EndObject:
                    writer.WriteEndObject();
                    break;
                case JsonTokenType.PropertyName:
                    member = reader.GetString()!;
                    writer.WritePropertyName(member);
                    break;
                case JsonTokenType.String:
                    writer.WriteStringValue(Of(member, reader.GetString()!));
                    break;
                default:
                    writer.WriteNullValue(); // nothing else stands there
                    break;
            }
        }

        writer.Flush();
        return output.WrittenSpan.ToArray();
    }

    private static string FirstLetter(string text) =>
        text.Length == 0 ? "" : System.Globalization.StringInfo.GetNextTextElement(text);
}
