using System.Text;

namespace Orderly.Server.Http;

/// <summary>How reading a number went.</summary>
internal enum NumberReading
{
    Exact,
    TooPrecise,
    OutOfRange,
}

/// <summary>
/// Reads the number of a JSON text exactly, never by way of a float, and keeps its scale: 19.90 stays 19.90.
/// </summary>
internal static class ExactNumber
{
    /// <summary>Digits before and after the point together, leading zeros not counted.</summary>
    public const int DigitsMax = 15;

    /// <summary>Digits after the point.</summary>
    public const int DecimalsMax = 4;

    /// <summary>More digits than this before the point cannot be represented at all (400 rather than 422).</summary>
    private const int MagnitudeMax = 28;

    /// <summary>Far more than a body has digits, so that no mantissa brings such a number back into range.</summary>
    private const long ExponentMax = 1_000_000_000;

    /// <summary>Reads a number token of a JSON text, whose syntax the JSON reader has checked.</summary>
    public static NumberReading Read(ReadOnlySpan<byte> token, out decimal value)
    {
        value = 0;
        var exponentAt = token.IndexOfAny((byte)'e', (byte)'E');
        var exponent = 0L;
        if (exponentAt >= 0)
        {
            exponent = ReadExponent(token[(exponentAt + 1)..]);
        }

        var mantissa = exponentAt < 0 ? token : token[..exponentAt];
        var negative = mantissa[0] == '-';
        Span<byte> digits = stackalloc byte[MagnitudeMax + DecimalsMax];
        var count = 0;
        var scale = -exponent;
        var afterPoint = false;
        var dropped = false;
        foreach (var letter in negative ? mantissa[1..] : mantissa)
        {
            if (letter == '.')
            {
                afterPoint = true;
                continue;
            }

            scale += afterPoint ? 1 : 0;
            if (count == 0 && letter == '0')
            {
                continue;
            }

            if (count < digits.Length)
            {
                digits[count++] = letter;
            }
            else
            {
                dropped = true;
                scale--;
            }
        }

        return Assemble(digits[..count], scale, negative, dropped, out value);
    }

    private static NumberReading Assemble(
        ReadOnlySpan<byte> digits, long scale, bool negative, bool dropped, out decimal value)
    {
        value = 0;
        if (digits.Length == 0)
        {
            value = new decimal(0, 0, 0, isNegative: false, (byte)Math.Clamp(scale, 0, DecimalsMax));
            return scale > DecimalsMax ? NumberReading.TooPrecise : NumberReading.Exact;
        }

        if (digits.Length - scale > MagnitudeMax)
        {
            return NumberReading.OutOfRange;
        }

        if (dropped || scale > DecimalsMax || Math.Max(digits.Length, digits.Length - scale) > DigitsMax)
        {
            return NumberReading.TooPrecise;
        }

        var units = long.Parse(Encoding.ASCII.GetString(digits), System.Globalization.CultureInfo.InvariantCulture);
        for (; scale < 0; scale++)
        {
            units *= 10;
        }

        value = new decimal((int)units, (int)(units >> 32), 0, negative, (byte)scale);
        return NumberReading.Exact;
    }

    /// <summary>An exponent past the limit stands for any that is as far or farther out.</summary>
    private static long ReadExponent(ReadOnlySpan<byte> text)
    {
        var negative = text[0] == '-';
        var exponent = 0L;
        foreach (var digit in text[0] is (byte)'-' or (byte)'+' ? text[1..] : text)
        {
            exponent = Math.Min(ExponentMax, (exponent * 10) + (digit - '0'));
        }

        return negative ? -exponent : exponent;
    }
}
