using System.Globalization;
using System.Text;
using System.Text.Json;
using CsCheck;
using Orderly.Server.Http;

namespace Orderly.Tests.Http;

public sealed class JsonOutputTests
{
    private static readonly string[] Odd = ["\"", "\\", "\u007f", "é", "😀", "\n"];

    [Fact]
    public void Any_text_reads_back_as_it_was() =>
        Gen.OneOf(Gen.String, Gen.String[Gen.Char.AlphaNumeric, 0, 40], Gen.Int[0, Odd.Length - 1].Select(i => Odd[i]))
            .Where(text => !text.Any(char.IsSurrogate) || text == "😀")
            .Sample(text => Read(output => output.WriteJson("["u8, text)).GetString() == text);

    [Fact]
    public void Any_number_reads_back_as_it_was() =>
        Gen.OneOf(Gen.Long, Gen.OneOf(Gen.Const(0L), Gen.Const(long.MinValue), Gen.Const(long.MaxValue)))
            .Sample(number => Read(output => output.WriteJson("["u8, number)).GetInt64() == number);

    [Fact]
    public void Any_id_reads_back_as_it_was() =>
        Gen.Guid.Sample(id => Read(output => output.WriteJson("["u8, id)).GetGuid() == id);

    [Fact]
    public void Any_instant_is_written_with_as_many_decimals_as_it_needs() =>
        Gen.OneOf(
                Gen.Long[0, DateTime.MaxValue.Ticks],
                Gen.Long[0, DateTime.MaxValue.Ticks / TimeSpan.TicksPerSecond].Select(s => s * TimeSpan.TicksPerSecond),
                Gen.Long[0, DateTime.MaxValue.Ticks / 10_000].Select(ms => ms * 10_000))
            .Select(ticks => new DateTime(ticks, DateTimeKind.Utc))
            .Sample(instant => Read(output => output.WriteJson("["u8, instant)).GetString()
                == instant.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture));

    private static JsonElement Read(Action<PooledBuffer> write)
    {
        using var output = new PooledBuffer(1);
        write(output);
        output.Write("]"u8);
        using var document = JsonDocument.Parse(Encoding.UTF8.GetString(output.WrittenSpan));
        return document.RootElement[0].Clone();
    }
}
