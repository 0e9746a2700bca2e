using System.Text.Json;
using Orderly.Server.Access;
using Orderly.Server.Configuration;
using Orderly.Server.Http;
using Orderly.Server.Observability;
using Orderly.Server.Orders;
using Orderly.Server.Services;

namespace Orderly.Server.Startup;

/// <summary>
/// Loads <c>SampleData/sample-data.json</c> into an empty database, through the same use cases as any caller's data.
/// An order may say <c>"createdHoursAgo"</c>, so that some are old enough to be updated.
/// </summary>
internal sealed class SampleData(
    PutService services, PlaceOrder orders, ServiceStore serviceStore, TimeProvider time, ILogger<SampleData> log)
{
    private const string FileName = "sample-data.json";
    private const string Age = "createdHoursAgo";
    private static readonly Caller Loader = new("sample-data", "internal", [], ReachesAllTeams: true);

    public static string FilePath => Path.Combine(AppContext.BaseDirectory, "SampleData", FileName);

    /// <exception cref="SettingsException">The file is not there or is not what it should be.</exception>
    public async Task LoadAsync(CancellationToken stop)
    {
        if (await serviceStore.AnyAsync(stop))
        {
            return; // somebody's data is here already
        }

        using var document = await ReadAsync(stop);
        var serviceRecords = document.RootElement.GetProperty("services");
        foreach (var record in serviceRecords.EnumerateArray())
        {
            await PutAsync(record);
        }

        var sampleOrders = document.RootElement.GetProperty("orders");
        var index = 0;
        foreach (var order in sampleOrders.EnumerateArray())
        {
            await PlaceAsync(order, index++);
        }

        LogEvents.SampleDataLoaded(log, serviceRecords.GetArrayLength(), sampleOrders.GetArrayLength());
    }

    private static async Task<JsonDocument> ReadAsync(CancellationToken stop)
    {
        try
        {
            await using var file = File.OpenRead(FilePath);
            return await JsonDocument.ParseAsync(file, cancellationToken: stop);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new SettingsException($"The sample data {FilePath} can't be read: {exception.Message}");
        }
    }

    private async Task PutAsync(JsonElement record)
    {
        var id = record.GetProperty("id").GetString()!;
        var written = await services.RunAsync(
            new ServiceWrite(id, Precondition.None, Loader, IsDryRun: false),
            ServiceInput.Read(record, isPatch: false));
        if (written.IsRefused(out var problem, out _))
        {
            throw Wrong($"service record {id}", problem);
        }
    }

    private async Task PlaceAsync(JsonElement sample, int index)
    {
        var members = sample.EnumerateObject().ToDictionary(
            member => member.Name, member => member.Value, StringComparer.Ordinal);
        var hours = members.Remove(Age, out var age) ? age.GetDouble() : 0;
        using var order = JsonSerializer.SerializeToDocument(members);
        var input = OrderInput.Read(order.RootElement, isPatch: false);
        var createdAt = time.GetUtcNow().UtcDateTime - TimeSpan.FromHours(hours);
        if ((await orders.RunAsync(input, WriteTerms.Plain, Loader, createdAt)).IsRefused(out var problem, out _))
        {
            throw Wrong($"order {index}", problem);
        }
    }

    private static SettingsException Wrong(string what, Problem problem) => new(
        $"The sample data {FilePath} has a fault in {what}: {problem.Detail} "
        + string.Join(" ", problem.Faults.Select(fault => $"{fault.Pointer}: {fault.Detail}")));
}
