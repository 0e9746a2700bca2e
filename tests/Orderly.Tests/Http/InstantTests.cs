using System.Globalization;
using CsCheck;
using Orderly.Server.Http;

namespace Orderly.Tests.Http;

public sealed class InstantTests
{
    private static readonly Gen<DateTime> Instants =
        Gen.Long[new DateTime(1, 1, 2).Ticks / 10, new DateTime(9999, 12, 30).Ticks / 10]
            .Select(microseconds => new DateTime(microseconds * 10, DateTimeKind.Utc));

    [Fact]
    public void What_is_written_is_read_back() => Instants.Sample(instant =>
        Instant.TryParse(Instant.Format(instant), out var read) && read == instant && read.Kind == DateTimeKind.Utc);

    [Fact]
    public void Any_offset_is_the_same_instant_as_the_library_says() =>
        Gen.Select(Instants, Gen.Int[-14 * 60, 14 * 60]).Sample((instant, minutes) =>
        {
            var text = new DateTimeOffset(instant).ToOffset(TimeSpan.FromMinutes(minutes))
                .ToString("yyyy-MM-dd'T'HH:mm:ss.ffffffzzz", CultureInfo.InvariantCulture);
            return Instant.TryParse(text, out var read) && read == instant;
        });

    [Fact]
    public void Utf_8_is_the_same_as_text_and_fits() => Instants.Sample(instant =>
    {
        Span<byte> utf8 = stackalloc byte[Instant.LengthMax];
        var length = Instant.Format(instant, utf8);
        var text = instant.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture);
        return System.Text.Encoding.ASCII.GetString(utf8[..length]) == text && Instant.Format(instant) == text;
    });

    [Fact]
    public void Text_that_was_cut_or_changed_anywhere_never_fails() =>
        Gen.Select(Instants, Gen.Int[0, 26], Gen.Char.AlphaNumeric).Sample((instant, place, letter) =>
        {
            var text = Instant.Format(instant);
            var cut = text[..Math.Min(place, text.Length)];
            _ = Instant.TryParse(cut, out _);
            _ = Instant.TryParse(cut + letter, out _);
            return !Instant.TryParse(cut.TrimEnd('Z'), out _);
        });
}
