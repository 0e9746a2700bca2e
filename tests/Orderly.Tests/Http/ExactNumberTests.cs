using System.Globalization;
using System.Text;
using CsCheck;
using Orderly.Server.Http;

namespace Orderly.Tests.Http;

public sealed class ExactNumberTests
{
    private static (NumberReading Reading, decimal Value) Read(string text) =>
        (ExactNumber.Read(Encoding.ASCII.GetBytes(text), out var value), value);

    [Fact]
    public void Any_number_of_at_most_15_digits_and_4_decimals_is_read_exactly_with_its_scale() =>
        Gen.Select(Gen.Long[-999_999_999_999_999, 999_999_999_999_999], Gen.Int[0, 4]).Sample((units, scale) =>
        {
            var number = new decimal((int)Math.Abs(units), (int)(Math.Abs(units) >> 32), 0, units < 0, (byte)scale);
            var text = number.ToString(CultureInfo.InvariantCulture);
            var (reading, value) = Read(text);
            return reading == NumberReading.Exact && value == number
                && value.ToString(CultureInfo.InvariantCulture) == (number == 0 ? text.TrimStart('-') : text);
        });

    [Fact]
    public void An_exponent_moves_the_point_and_nothing_else() =>
        Gen.Select(Gen.Long[1, 999_999], Gen.Int[-4, 9]).Sample((units, exponent) =>
        {
            var (reading, value) = Read($"{units}e{exponent}");
            return reading == NumberReading.Exact
                && value == units * (decimal)Math.Pow(10, exponent < 0 ? 0 : exponent)
                    / (decimal)Math.Pow(10, exponent < 0 ? -exponent : 0);
        });

    [Fact]
    public void Whatever_json_calls_a_number_is_judged_as_decimal_arithmetic_would() =>
        Gen.Select(Gen.Bool, Gen.String[Gen.Char["0123456789"], 1, 24], Gen.String[Gen.Char["0123456789"], 0, 8])
            .Sample((negative, whole, fraction) =>
            {
                var integer = whole.TrimStart('0') is { Length: > 0 } trimmed ? trimmed : "0";
                var text = (negative ? "-" : "") + integer + (fraction.Length > 0 ? "." + fraction : "");
                var digits = (integer + fraction).TrimStart('0').Length;
                var expected = fraction.Length > ExactNumber.DecimalsMax || digits > ExactNumber.DigitsMax
                    ? NumberReading.TooPrecise
                    : NumberReading.Exact;
                return Read(text).Reading == expected;
            });

    [Theory]
    [InlineData("1e28")]
    [InlineData("1e400")]
    [InlineData("10000000000000000000000000000000000000000")]
    public void What_a_decimal_can_not_hold_is_out_of_range(string text) =>
        Read(text).Reading.ShouldBe(NumberReading.OutOfRange);

    [Theory]
    [InlineData("0e999999999", 0)]
    [InlineData("-0.0e5", 0)]
    public void Zero_is_zero_whatever_its_exponent(string text, int value) =>
        Read(text).ShouldBe((NumberReading.Exact, value));
}
