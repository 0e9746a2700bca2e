using Microsoft.Extensions.Configuration;
using Orderly.Server.Configuration;

namespace Orderly.Tests.Configuration;

public sealed class SettingsReaderTests
{
    private static AllSettings Read(params (string Name, string Value)[] settings) => SettingsReader.Read(
        new ConfigurationBuilder().AddInMemoryCollection(
            settings.Select(setting => KeyValuePair.Create(setting.Name, (string?)setting.Value))).Build());

    private static string Refused(params (string Name, string Value)[] settings)
    {
        var message = Should.Throw<SettingsException>(() => Read(settings)).Message;
        message.ShouldNotContain("\n");
        return message;
    }

    [Fact]
    public void What_is_not_set_has_its_default()
    {
        var (server, orders, _) = Read();

        server.Urls.ShouldBe("http://127.0.0.1:5080");
        server.ConnectionString.ShouldBeNull();
        server.BootstrapKey.ShouldBeNull();
        server.SampleData.ShouldBeNull();
        server.DatabasePort.ShouldBeNull();
        server.StartTimeout.ShouldBe(TimeSpan.FromSeconds(30));
        orders.UpdatableAfter.ShouldBe(TimeSpan.FromHours(3));
        orders.RequireIfMatch.ShouldBeFalse();
        orders.DefaultCurrency.ShouldBe("USD");
    }

    [Fact]
    public void What_is_set_is_taken()
    {
        var (server, orders, _) = Read(
            ("urls", "http://127.0.0.1:0;http://[::1]:5081"), ("ConnectionStrings:Orderly", "Host=db;Password=p"),
            ("Orderly:BootstrapKey", "123456789012345678901234"), ("Orderly:SampleData", "false"),
            ("Orderly:DatabasePort", "5433"), ("Orderly:DataDirectory", "/data"), ("Orders:UpdatableAfter", "00:00:01"),
            ("Orders:RequireIfMatch", "True"), ("Orders:DefaultCurrency", "CHF"));

        server.Urls.ShouldBe("http://127.0.0.1:0;http://[::1]:5081");
        server.ConnectionString.ShouldBe("Host=db;Password=p");
        server.BootstrapKey.ShouldBe("123456789012345678901234");
        server.SampleData.ShouldBe(false);
        server.DatabasePort.ShouldBe(5433);
        server.DataDirectory.ShouldBe("/data");
        orders.UpdatableAfter.ShouldBe(TimeSpan.FromSeconds(1));
        orders.RequireIfMatch.ShouldBeTrue();
        orders.DefaultCurrency.ShouldBe("CHF");
    }

    [Fact]
    public void Limits_have_their_defaults_and_are_taken_where_they_are_set()
    {
        Read().Limits.ShouldBe(new LimitSettings());
        var limits = Read(
            ("Limits:Reads", "1"), ("Limits:Writes", "2"), ("Limits:Streams", "3"), ("Limits:BadKeys", "4"),
            ("Limits:WindowSeconds", "5"), ("Limits:ConcurrentRequests", "6"),
            ("Limits:ConcurrentStreams", "7")).Limits;
        (limits.Reads, limits.Writes, limits.Streams, limits.BadKeys, limits.WindowSeconds).ShouldBe((1, 2, 3, 4, 5));
        (limits.ConcurrentRequests, limits.ConcurrentStreams).ShouldBe((6, 7));
    }

    [Theory]
    [InlineData("Limits:Reads", "0")]
    [InlineData("Limits:Writes", "-1")]
    [InlineData("Limits:Streams", "many")]
    [InlineData("Limits:BadKeys", "1.5")]
    [InlineData("Limits:WindowSeconds", "86401")]
    [InlineData("Limits:ConcurrentRequests", "1000000001")]
    [InlineData("Limits:Read", "1")]
    public void A_limit_that_is_none_is_refused(string name, string value) =>
        Refused((name, value)).ShouldContain(name);

    [Theory]
    [InlineData("00:00:00", 0)]
    [InlineData("03:00:00", 3)]
    [InlineData("24:00:00", 24)]
    [InlineData("48:00:00", 48)]
    [InlineData("2.00:00:00", 48)]
    public void A_duration_is_hours_minutes_and_seconds_and_may_have_days(string text, int hours) =>
        Read(("Orders:UpdatableAfter", text)).Orders.UpdatableAfter.ShouldBe(TimeSpan.FromHours(hours));

    [Theory]
    [InlineData("urls", "nonsense")]
    [InlineData("urls", ";")]
    [InlineData("urls", "http://127.0.0.1:65536")]
    [InlineData("urls", "http://127.0.0.1:-1")]
    [InlineData("urls", "http://127.0.0.1:5081;http://127.0.0.1:5081")]
    [InlineData("Logging:LogLevel:Default", "Loud")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "127.0.0.1")]
    [InlineData("Logging:Console:LogLevel:Orderly.Requests", "")]
    [InlineData("Orderly:SampleData", "yes")]
    [InlineData("Orderly:StartTimeout", "30")]
    [InlineData("Orderly:StartTimeout", "-00:00:01")]
    [InlineData("Orderly:DatabasePort", "0")]
    [InlineData("Orderly:DatabasePort", "65536")]
    [InlineData("Orderly:DatabasePort", "five")]
    [InlineData("Orders:UpdatableAfter", "3")]
    [InlineData("Orders:UpdatableAfter", "3h")]
    [InlineData("Orders:UpdatableAfter", "03:60:00")]
    [InlineData("Orders:UpdatableAfter", "99999.00:00:00")]
    [InlineData("Orders:RequireIfMatch", "1")]
    [InlineData("Orders:DefaultCurrency", "usd")]
    [InlineData("ConnectionStrings:Orderly", "nonsense")]
    [InlineData("ConnectionStrings:Orderly", "Database=orderly")]
    [InlineData("Orderly:BootstrapKey", "short")]
    [InlineData("Orderly:BootstrapKey", "has spaces in it 123456789")]
    public void A_wrong_value_is_refused_in_one_line_that_names_the_setting(string name, string value) =>
        Refused((name, value)).ShouldContain(name);

    [Theory]
    [InlineData("Orders:UpdatableAfterr", "Orders:UpdatableAfter")]
    [InlineData("Orderly:BootstrapKye", "Orderly:BootstrapKey")]
    public void An_unknown_setting_is_refused_with_the_one_that_was_meant(string name, string meant)
    {
        var message = Refused((name, "x"));

        message.ShouldContain(name);
        message.ShouldContain($"Did you mean \"{meant}\"?");
    }

    [Theory]
    [InlineData("Orders:UpdatableAfter_FILE")]
    [InlineData("Orderly:DataDirectory_FILE")]
    public void A_file_for_what_is_no_secret_is_refused_rather_than_ignored(string name) =>
        Refused((name, "/dev/null")).ShouldContain(name);

    [Fact]
    public void A_secret_never_stands_in_the_refusal()
    {
        Refused(("ConnectionStrings:Orderly", "Host=db;Password=hunter2;Nonsense=1")).ShouldNotContain("hunter2");
        Refused(("Orderly:BootstrapKey", "too-short-secret")).ShouldNotContain("too-short-secret");
    }

    [Fact]
    public void A_secret_can_be_in_a_file_whose_last_line_end_does_not_count()
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, "a-key-from-a-file-123456789\r\n");
            Read(("Orderly:BootstrapKey_FILE", path)).Server.BootstrapKey.ShouldBe("a-key-from-a-file-123456789");
            File.WriteAllText(path, "Host=from-file\n");
            Read(("ConnectionStrings:Orderly_FILE", path)).Server.ConnectionString.ShouldBe("Host=from-file");
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_secret_both_set_and_in_a_file_or_in_no_file_is_refused()
    {
        Refused(("Orderly:BootstrapKey", "123456789012345678901234"), ("Orderly:BootstrapKey_FILE", "/dev/null"))
            .ShouldContain("both");
        Refused(("Orderly:BootstrapKey_FILE", "/no/such/file")).ShouldContain("Orderly:BootstrapKey_FILE");
    }
}
