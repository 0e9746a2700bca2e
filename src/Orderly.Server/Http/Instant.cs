using System.Text;

namespace Orderly.Server.Http;

/// <summary>
/// Times on the wire: RFC 3339 with an offset in, UTC with Z out, to the microsecond (what PostgreSQL keeps;
/// further digits are cut off).
/// </summary>
internal static class Instant
{
    /// <summary>The longest text that is written: 2026-11-23T09:30:00.123456Z.</summary>
    public const int LengthMax = 27;

    /// <summary>The longest text that is read: 2026-11-23T10:30:00.123456789+01:00.</summary>
    public const int InputLengthMax = SecondsEnd + 1 + FractionDigitsMax + 6;

    private const int FractionDigitsMax = 9;
    private const int FractionWrittenMax = 6;
    private const int SecondsEnd = 19;

    /// <summary>
    /// Reads RFC 3339, section 5.6: date-time. T and Z may be in lower case; leap seconds are refused.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> text, out DateTime instant)
    {
        instant = default;
        if (text.Length < SecondsEnd + 1
            || text[4] != '-' || text[7] != '-' || text[10] is not ('T' or 't') || text[13] != ':' || text[16] != ':'
            || !TryDigits(text[..4], out var year) || !TryDigits(text[5..7], out var month)
            || !TryDigits(text[8..10], out var day) || !TryDigits(text[11..13], out var hour)
            || !TryDigits(text[14..16], out var minute) || !TryDigits(text[17..19], out var second)
            || year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month)
            || hour > 23 || minute > 59 || second > 59)
        {
            return false;
        }

        var rest = text[SecondsEnd..];
        if (!TryFraction(ref rest, out var microseconds) || !TryOffset(rest, out var offsetMinutes))
        {
            return false;
        }

        var ticks = new DateTime(year, month, day, hour, minute, second, DateTimeKind.Utc).Ticks
            + (microseconds * TimeSpan.TicksPerMicrosecond)
            - (offsetMinutes * TimeSpan.TicksPerMinute);
        if (ticks < DateTime.MinValue.Ticks || ticks > DateTime.MaxValue.Ticks)
        {
            return false;
        }

        instant = new DateTime(ticks, DateTimeKind.Utc);
        return true;
    }

    /// <summary>Writes the instant with as many decimals as it needs, none to six.</summary>
    public static string Format(DateTime instant)
    {
        Span<byte> utf8 = stackalloc byte[LengthMax];
        return Encoding.ASCII.GetString(utf8[..Format(instant, utf8)]);
    }

    /// <summary>The same, into UTF-8. Returns the number of bytes.</summary>
    public static int Format(DateTime instant, Span<byte> utf8)
    {
        instant.Deconstruct(out var date, out var time);
        WriteDigits(utf8[..4], date.Year);
        utf8[4] = (byte)'-';
        WriteDigits(utf8[5..7], date.Month);
        utf8[7] = (byte)'-';
        WriteDigits(utf8[8..10], date.Day);
        utf8[10] = (byte)'T';
        WriteDigits(utf8[11..13], time.Hour);
        utf8[13] = (byte)':';
        WriteDigits(utf8[14..16], time.Minute);
        utf8[16] = (byte)':';
        WriteDigits(utf8[17..SecondsEnd], time.Second);
        var length = SecondsEnd;
        var microseconds = (int)(time.Ticks % TimeSpan.TicksPerSecond / TimeSpan.TicksPerMicrosecond);
        if (microseconds != 0)
        {
            utf8[length] = (byte)'.';
            WriteDigits(utf8.Slice(length + 1, FractionWrittenMax), microseconds);
            length += 1 + FractionWrittenMax;
            while (utf8[length - 1] == '0')
            {
                length--;
            }
        }

        utf8[length] = (byte)'Z';
        return length + 1;
    }

    private static void WriteDigits(Span<byte> utf8, int value)
    {
        for (var i = utf8.Length - 1; i >= 0; i--)
        {
            (value, var digit) = Math.DivRem(value, 10);
            utf8[i] = (byte)('0' + digit);
        }
    }

    private static bool TryFraction(ref ReadOnlySpan<char> rest, out int microseconds)
    {
        microseconds = 0;
        if (rest[0] != '.')
        {
            return true;
        }

        var digits = 0;
        while (digits + 1 < rest.Length && char.IsAsciiDigit(rest[digits + 1]))
        {
            digits++;
            if (digits <= 6)
            {
                microseconds = (microseconds * 10) + (rest[digits] - '0');
            }
        }

        for (var i = digits; i < 6; i++)
        {
            microseconds *= 10;
        }

        rest = rest[(digits + 1)..];
        return digits is > 0 and <= FractionDigitsMax;
    }

    private static bool TryOffset(ReadOnlySpan<char> rest, out int offsetMinutes)
    {
        offsetMinutes = 0;
        if (rest is "Z" or "z")
        {
            return true;
        }

        if (rest.Length != 6 || rest[0] is not ('+' or '-') || rest[3] != ':'
            || !TryDigits(rest[1..3], out var hours) || !TryDigits(rest[4..6], out var minutes)
            || hours > 23 || minutes > 59)
        {
            return false;
        }

        offsetMinutes = ((hours * 60) + minutes) * (rest[0] == '-' ? -1 : 1);
        return true;
    }

    private static bool TryDigits(ReadOnlySpan<char> text, out int value)
    {
        value = 0;
        foreach (var letter in text)
        {
            if (!char.IsAsciiDigit(letter))
            {
                return false;
            }

            value = (value * 10) + (letter - '0');
        }

        return true;
    }
}
