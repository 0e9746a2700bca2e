using System.Globalization;
using Orderly.EndToEndTests.Checking;

namespace Orderly.EndToEndTests.Work;

/// <summary>One write as it goes over the wire, and what it means.</summary>
internal sealed record WriteRequest(
    HttpMethod Method, string Path, string Json, string? IfMatch, WriteOperation Meaning);

/// <summary>
/// Makes the requests of the workload. Each carries its operation's marker, so that it is found again.
/// </summary>
internal static class WriteRequests
{
    private const string Datetime = "2026-11-23T09:30:00Z";

    public static WriteRequest Create(string marker, decimal fee) => new(
        HttpMethod.Post, "/orders", Content(marker, fee), IfMatch: null,
        new WriteOperation { Marker = marker, Kind = OperationKind.Create, Key = marker, TotalFee = fee,
            Status = "placed" });

    public static WriteRequest Replace(string marker, KnownOrder on, decimal fee) => new(
        HttpMethod.Put, $"/orders/{on.Id}?reason={marker}", Content(marker, fee), Tag(on),
        On(marker, OperationKind.Update, on) with { TotalFee = fee });

    public static WriteRequest Patch(string marker, KnownOrder on, decimal fee, bool isKeyed) => new(
        HttpMethod.Patch, $"/orders/{on.Id}?reason={marker}",
        $$"""{"metadata": {"op": "{{marker}}"}, "totalfee": {{Number(fee)}}}""", Tag(on),
        On(marker, OperationKind.Update, on) with { TotalFee = fee, Key = isKeyed ? marker : null });

    public static WriteRequest ChangeStatus(string marker, KnownOrder on, string status) => new(
        HttpMethod.Post, $"/orders/{on.Id}/status", $$"""{"status": "{{status}}", "reason": "{{marker}}"}""", Tag(on),
        On(marker, OperationKind.ChangeStatus, on) with { Status = status, Key = marker });

    /// <summary>With a body, so that the HTTP client never sends it again by itself.</summary>
    public static WriteRequest Delete(string marker, KnownOrder on) => new(
        HttpMethod.Delete, $"/orders/{on.Id}", Reason(marker), Tag(on), On(marker, OperationKind.Delete, on));

    public static WriteRequest Restore(string marker, KnownOrder on) => new(
        HttpMethod.Post, $"/orders/{on.Id}/restore", Reason(marker), Tag(on),
        On(marker, OperationKind.Restore, on) with { Key = marker });

    private static WriteOperation On(string marker, OperationKind kind, KnownOrder on) =>
        new() { Marker = marker, Kind = kind, Target = on.Id, BaseVersion = on.Version };

    private static string Content(string marker, decimal fee) =>
        $$$"""
        {"datetime": "{{{Datetime}}}", "services": ["deep-clean"], "totalfee": {{{Number(fee)}}},
         "metadata": {"op": "{{{marker}}}"}}
        """;

    private static string Reason(string marker) => $$"""{"reason": "{{marker}}"}""";

    private static string Tag(KnownOrder on) => $"\"v{on.Version}\"";

    private static string Number(decimal fee) => fee.ToString(CultureInfo.InvariantCulture);
}
