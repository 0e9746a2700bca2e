using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Orderly.Contract.Problems;

namespace Orderly.Server.Http;

/// <summary>One member of a JSON object, and where it stands.</summary>
internal readonly record struct JsonMember(string Parent, string Name, JsonElement Value)
{
    public bool IsNull => Value.ValueKind == JsonValueKind.Null;

    /// <summary>Longer names are not told back: who sent one finds it in what it stands in.</summary>
    private const int NameLengthMax = 512;

    /// <summary>JSON Pointer as a URI fragment (RFC 6901, section 6), made only when a fault needs it.</summary>
    public string Pointer => PointerTo(Parent, Name);

    /// <summary>The pointer to a member; to what it stands in where its name is too long.</summary>
    public static string PointerTo(string parent, string name) => name.Length > NameLengthMax
        ? parent
        : parent + "/" + Uri.EscapeDataString(
            name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal));
}

/// <summary>
/// Reads values out of JSON strictly: what is not exactly right becomes a fault, and reading goes on so that every
/// fault is told. A method that adds a fault returns null.
/// </summary>
internal static class JsonMembers
{
    /// <summary>The members of an object, unknown and repeated ones told as faults and left out.</summary>
    public static List<JsonMember> Of(JsonElement element, string pointer, string[] known, Faults faults)
    {
        var members = new List<JsonMember>(known.Length);
        if (element.ValueKind != JsonValueKind.Object)
        {
            faults.Add(ProblemCode.WrongType, pointer, $"An object is expected here, not {Kind(element)}.");
            return members;
        }

        var seen = 0L;
        foreach (var property in element.EnumerateObject())
        {
            var index = IndexOf(property, known);
            if (index < 0)
            {
                AddUnknown(property, pointer, known, faults);
            }
            else if ((seen & (1L << index)) != 0)
            {
                AddDuplicate(pointer, known[index], faults);
            }
            else
            {
                seen |= 1L << index;
                members.Add(new JsonMember(pointer, known[index], property.Value));
            }
        }

        return members;
    }

    /// <summary>The members of an object whose names are free, repeated ones told as faults and left out.</summary>
    public static List<JsonMember> OfAnyName(in JsonMember map, Faults faults)
    {
        var members = new List<JsonMember>();
        if (map.Value.ValueKind != JsonValueKind.Object)
        {
            faults.Add(ProblemCode.WrongType, map.Pointer, $"An object is expected here, not {Kind(map.Value)}.");
            return members;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var property in map.Value.EnumerateObject())
        {
            if (TryName(property) is not { } name || name.Contains('\0', StringComparison.Ordinal))
            {
                faults.Add(ProblemCode.InvalidText, map.Pointer, "A name holds a NUL or an unpaired surrogate.");
            }
            else if (!seen.Add(name))
            {
                AddDuplicate(map.Pointer, name, faults);
            }
            else
            {
                members.Add(new JsonMember(map.Pointer, name, property.Value));
            }
        }

        return members;
    }

    /// <summary>Whether a text is one JSON number, and nothing else (RFC 8259, section 6).</summary>
    public static bool IsNumber(string text)
    {
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(text));
        try
        {
            return reader.Read() && reader.TokenType == JsonTokenType.Number
                && reader.TokenStartIndex == 0 && reader.ValueSpan.Length == text.Length;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>Text, with a length in characters within the limits (422 outside them).</summary>
    public static string? Text(in JsonMember member, int lengthMin, int lengthMax, Faults faults)
    {
        if (member.Value.ValueKind != JsonValueKind.String)
        {
            faults.Add(ProblemCode.WrongType, member.Pointer, $"Text is expected here, not {Kind(member.Value)}.");
            return null;
        }

        if (TryString(member.Value) is not { } text || text.Contains('\0', StringComparison.Ordinal))
        {
            faults.Add(ProblemCode.InvalidText, member.Pointer,
                "The text holds a NUL character or an unpaired surrogate.");
            return null;
        }

        var length = text.Length <= lengthMax && text.Length > 0 ? text.Length : text.EnumerateRunes().Count();
        if (length < lengthMin || length > lengthMax)
        {
            faults.Add(ProblemCode.InvalidLength, member.Pointer, lengthMin == 0
                ? $"At most {lengthMax} characters are taken; there are {length}."
                : $"{lengthMin} to {lengthMax} characters are taken; there are {length}.");
            return null;
        }

        return text;
    }

    /// <summary>A time: RFC 3339 with an offset.</summary>
    public static DateTime? Instant(in JsonMember member, Faults faults)
    {
        if (member.Value.ValueKind != JsonValueKind.String)
        {
            faults.Add(ProblemCode.WrongType, member.Pointer,
                $"A time as text is expected here, not {Kind(member.Value)}.");
            return null;
        }

        if (TryString(member.Value) is { } text && Http.Instant.TryParse(text, out var instant))
        {
            return instant;
        }

        faults.Add(ProblemCode.InvalidTime, member.Pointer,
            "A time is RFC 3339 with an offset, as 2026-11-23T09:30:00Z or 2026-11-23T10:30:00+01:00.");
        return null;
    }

    /// <summary>An amount of money: 0 or more, exact, at most 4 decimals and 15 digits.</summary>
    public static decimal? Money(in JsonMember member, Faults faults)
    {
        if (Number(member, "A number", faults) is not { } value)
        {
            return null;
        }

        if (value >= 0)
        {
            return value == 0 ? Math.Abs(value) : value;
        }

        faults.Add(ProblemCode.OutOfRange, member.Pointer, "The amount must be 0 or more.");
        return null;
    }

    /// <summary>A whole number within limits; 2.0 is one.</summary>
    public static int? WholeNumber(in JsonMember member, int min, int max, Faults faults)
    {
        if (Number(member, "A whole number", faults) is not { } value)
        {
            return null;
        }

        if (decimal.Truncate(value) != value)
        {
            faults.Add(ProblemCode.WrongType, member.Pointer, "A whole number is expected here, not a fraction.");
            return null;
        }

        if (value < min || value > max)
        {
            faults.Add(ProblemCode.OutOfRange, member.Pointer, $"The number must be from {min} to {max}.");
            return null;
        }

        return (int)value;
    }

    /// <summary>true or false.</summary>
    public static bool? Bool(in JsonMember member, Faults faults)
    {
        if (member.Value.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return member.Value.GetBoolean();
        }

        faults.Add(ProblemCode.WrongType, member.Pointer,
            $"true or false is expected here, not {Kind(member.Value)}.");
        return null;
    }

    /// <summary>A currency code of ISO 4217.</summary>
    public static string? Currency(in JsonMember member, Faults faults)
    {
        if (Text(member, 0, int.MaxValue, faults) is not { } text)
        {
            return null;
        }

        if (Currencies.Contains(text))
        {
            return text;
        }

        faults.Add(ProblemCode.UnknownCurrency, member.Pointer,
            $"{Suggestion.Quote(text)} is not an ISO 4217 code in capitals, as USD.");
        return null;
    }

    /// <summary>Says that a required member is not there.</summary>
    public static void AddMissing(string parent, string name, Faults faults) =>
        faults.Add(ProblemCode.MissingField, $"{parent}/{name}", $"\"{name}\" is required.");

    /// <summary>What a value is, for people.</summary>
    public static string Kind(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "text",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "true or false",
        JsonValueKind.Null => "null",
        JsonValueKind.Undefined => "nothing",
    };

    private static decimal? Number(in JsonMember member, string expected, Faults faults)
    {
        if (member.Value.ValueKind != JsonValueKind.Number)
        {
            faults.Add(ProblemCode.WrongType, member.Pointer,
                $"{expected} is expected here, not {Kind(member.Value)}.");
            return null;
        }

        switch (ExactNumber.Read(JsonMarshal.GetRawUtf8Value(member.Value), out var value))
        {
            case NumberReading.Exact:
                return value;
            case NumberReading.OutOfRange:
                faults.Add(ProblemCode.NumberOutOfRange, member.Pointer, "The number cannot be represented exactly.");
                return null;
            default:
                faults.Add(ProblemCode.TooPrecise, member.Pointer,
                    $"At most {ExactNumber.DecimalsMax} decimals and {ExactNumber.DigitsMax} digits are taken.");
                return null;
        }
    }

    /// <summary>Comparing a name that holds half a surrogate pair throws; such a name is none of ours.</summary>
    private static int IndexOf(JsonProperty property, string[] known)
    {
        try
        {
            return Array.FindIndex(known, name => property.NameEquals(name));
        }
        catch (InvalidOperationException)
        {
            return -1;
        }
    }

    private static void AddUnknown(JsonProperty property, string pointer, string[] known, Faults faults)
    {
        if (faults.IsFull)
        {
            return;
        }

        if (TryName(property) is not { } name)
        {
            faults.Add(ProblemCode.InvalidText, pointer, "A name holds an unpaired surrogate.");
            return;
        }

        var place = name.Length > 64 ? pointer : JsonMember.PointerTo(pointer, name);
        faults.Add(ProblemCode.UnknownField, place,
            $"There is no field {Suggestion.Quote(name)} here.{Suggestion.For(name, known)}");
    }

    private static void AddDuplicate(string pointer, string name, Faults faults) => faults.Add(
        ProblemCode.DuplicateField, JsonMember.PointerTo(pointer, name),
        $"{Suggestion.Quote(name)} stands here more than once.");

    /// <summary>The reader checks surrogates only when text is taken out, and then throws.</summary>
    private static string? TryString(JsonElement element)
    {
        try
        {
            return element.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static string? TryName(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
