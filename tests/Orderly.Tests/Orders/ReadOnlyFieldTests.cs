using System.Text.Json;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Orders;

/// <summary>Fields that the server keeps, sent back with a PUT or PATCH.</summary>
public sealed class ReadOnlyFieldTests(RunningServer server) : IClassFixture<RunningServer>
{
    private readonly Api _api = server.Api;

    [Theory]
    [InlineData("id", "\"019ab2c3-0000-7000-8000-000000000000\"")]
    [InlineData("id", "1")]
    [InlineData("number", "999999")]
    [InlineData("number", "\"1\"")]
    [InlineData("status", "\"confirmed\"")]
    [InlineData("nextStatuses", "[]")]
    [InlineData("nextStatuses", "[\"cancelled\",\"confirmed\"]")]
    [InlineData("adjustment", "0.01")]
    [InlineData("adjustment", "\"\\ud800\"")]
    [InlineData("team", "\"billing\"")]
    [InlineData("team", "\"\\ud800\"")]
    [InlineData("createdAt", "\"2026-11-23T09:30:00Z\"")]
    [InlineData("createdBy", "\"somebody\"")]
    [InlineData("updatedAt", "\"yesterday\"")]
    [InlineData("updatedBy", "\"somebody\"")]
    [InlineData("updatableFrom", "\"2026-11-23T09:30:00Z\"")]
    public async Task A_value_that_differs_from_the_stored_one_is_refused(string field, string value)
    {
        var path = await server.PlaceOldAsync();

        (await _api.PutAsync(path, AnOrder.With($"\"{field}\": {value}")))
            .ShouldRefuse(422, "read-only-field", "#/" + field);
        (await _api.PatchAsync(path, $$"""{"{{field}}": {{value}}}"""))
            .ShouldRefuse(422, "read-only-field", "#/" + field);
    }

    [Fact]
    public async Task All_that_differ_are_told_at_once()
    {
        var path = await server.PlaceOldAsync();

        (await _api.PatchAsync(path, """{"number": 0, "status": "cancelled", "createdBy": null, "team": "x"}"""))
            .ShouldRefuse(422, "read-only-field").Faults.ShouldBe(
                ["#/number read-only-field", "#/status read-only-field", "#/team read-only-field"]);
    }

    [Fact]
    public async Task Numbers_are_compared_by_value_and_times_by_instant()
    {
        var path = await server.PlaceOldAsync(AnOrder.With("\"totalfee\": 60"));
        var order = await _api.GetAsync(path);
        var inParis = order.At("createdAt").GetDateTimeOffset().ToOffset(TimeSpan.FromHours(1))
            .ToString("yyyy-MM-dd'T'HH:mm:ss.ffffffzzz");

        (await _api.PatchAsync(path, $$"""
            {"id": "{{order.Id.ToUpperInvariant()}}", "number": {{order.Raw("number")}}.0, "adjustment": 5.0e-2,
             "createdAt": "{{inParis}}", "nextStatuses": ["confirmed", "cancelled"]}
            """)).ShouldBe(200).Version.ShouldBe(1);
    }

    [Fact]
    public async Task The_version_in_the_body_acts_as_if_match()
    {
        var path = await server.PlaceOldAsync();

        (await _api.PatchAsync(path, """{"version": 2, "notes": "x"}""")).ShouldRefuse(412, "stale-version");
        (await _api.PatchAsync(path, """{"version": 1, "notes": "x"}""")).ShouldBe(200).Version.ShouldBe(2);
        (await _api.PutAsync(path, AnOrder.With("\"version\": 1"))).ShouldRefuse(412, "stale-version");
        (await _api.PutAsync(path, AnOrder.With("\"version\": 2"))).ShouldBe(200).Version.ShouldBe(3);
    }

    [Theory]
    [InlineData("\"1\"", 400, "wrong-type")]
    [InlineData("1.5", 400, "wrong-type")]
    [InlineData("0", 422, "out-of-range")]
    public async Task A_version_that_is_none_is_refused(string version, int status, string code)
    {
        var path = await server.PlaceOldAsync();

        (await _api.PatchAsync(path, $$"""{"version": {{version}}}""")).ShouldRefuse(status, code, "#/version");
    }

    [Fact]
    public async Task An_unknown_adjustment_matches_null_only()
    {
        var path = await server.PlaceOldAsync(AnOrder.Of("""["unpriced"]""", "\"totalfee\": 5"));

        (await _api.PatchAsync(path, """{"adjustment": null}""")).ShouldBe(200);
        (await _api.PatchAsync(path, """{"adjustment": 0}""")).ShouldRefuse(422, "read-only-field", "#/adjustment");
    }

    [Fact]
    public async Task A_number_no_decimal_can_hold_differs_rather_than_failing()
    {
        var path = await server.PlaceOldAsync();
        var huge = JsonSerializer.Serialize(new string('9', 400)).Trim('"');

        (await _api.PatchAsync(path, $$"""{"number": {{huge}}, "adjustment": 1e999999}"""))
            .ShouldRefuse(422, "read-only-field");
    }
}
