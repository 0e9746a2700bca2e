using System.Text;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Privacy;

/// <summary>
/// Personal data that nobody else has goes every way there is; then nothing of it is in the files of the database
/// (tables, indexes, write-ahead log, PostgreSQL's own log), in a dump's bytes, or in the service's log.
/// </summary>
public sealed class PlantedDataTests(PersonalServer server) : IClassFixture<PersonalServer>
{
    private const string NotPersonal = "plantedInTheOpen7731";
    private readonly Api _api = server.Api;
    private int _planted;

    private string Next() => $"Xq{++_planted}zPlantedSecret";

    private string Order(string more = "") => AnOrder.With($$"""
        "customer": {"name": "{{Next()}}", "email": "{{Next()}}@example.com", "phone": "{{Next()}}"},
        "notes": "{{Next()}}" {{more}}
        """);

    [Fact]
    public async Task Personal_data_is_found_nowhere()
    {
        await WriteAsync();
        await RefuseAsync();
        await FailAsync();
        await server.Database.ExecuteAsync("checkpoint");

        server.Log.Entries.Count.ShouldBeGreaterThan(0);
        server.Log.Entries.ShouldAllBe(entry => !entry.ToString().Contains("PlantedSecret"));
        server.Log.TakeErrors().ShouldAllBe(entry => entry.Event.Id == 3000);
        await WriteInTheOpenAsync();
        var files = await FilesAsync();
        files.ShouldContain(file => file.Contains("pg_wal"));
        files.Where(file => Holds(file, NotPersonal)).Count(file => file.Contains("/base/"))
            .ShouldBeGreaterThan(0, "what is not personal is found, so the search finds what is there");
        files.Where(file => Holds(file, NotPersonal)).ShouldContain(file => file.Contains("pg_wal"));
        files.Where(file => Holds(file, "PlantedSecret")).ShouldBeEmpty();
        (await DumpAsync()).ShouldNotContain("PlantedSecret", Case.Insensitive);
    }

    private async Task WriteAsync()
    {
        (string, string)[] key = [("Idempotency-Key", "planted-post")];
        var json = Order($", \"metadata\": {{\"k\": \"{NotPersonal}\"}}");
        var placed = (await _api.PostAsync("/orders", json, key)).ShouldBe(201);
        (await _api.PostAsync("/orders", json, key)).ShouldBe(201);
        (await _api.PostAsync("/orders", Order(), key)).ShouldRefuse(422, "idempotency-mismatch");
        var path = "/orders/" + placed.Id;
        (await _api.PutAsync(path, Order())).ShouldBe(200);
        (await _api.PatchAsync(path, $$"""{"notes": "{{Next()}}"}""", ("Idempotency-Key", "planted-patch")))
            .ShouldBe(200);
        (await _api.PatchAsync(path + "?dryRun=true", $$"""{"notes": "{{Next()}}"}""")).ShouldBe(200);
        (await _api.PostAsync(path + "/revert", """{"to": 1, "reason": "test"}""")).ShouldBe(200);
        (await _api.PostAsync(path + "/status", """{"status": "confirmed"}""")).ShouldBe(200);
        (await _api.DeleteAsync(path)).ShouldBe(204);
        (await _api.PostAsync(path + "/restore", "{}")).ShouldBe(200);
        foreach (var mode in (string[])["each", "atomic"])
        {
            var rows = string.Join('\n', OneLine(Order()), OneLine(Order()));
            (await _api.PostAsync("/orders/import?mode=" + mode, rows, ("Content-Type", "application/x-ndjson")))
                .ShouldBe(200).At("created").GetInt32().ShouldBe(2);
        }

        (await _api.GetAsync($"/orders?customer.email={Next()}@example.com")).ShouldBe(200);
        (await _api.GetAsync("/orders", ("Accept", "text/csv"))).ShouldBe(200).Text.ShouldContain("PlantedSecret");
        var erased = await _api.PlaceAsync(Order());
        (await _api.PostAsync($"/orders/{erased}/erase", """{"reason": "test"}""")).ShouldBe(200);
    }

    /// <summary>
    /// Once more, since other tests use the cluster, too: their checkpoints may have taken away what is some seconds
    /// old of the write-ahead log. Several times, since a page may end within the text.
    /// </summary>
    private async Task WriteInTheOpenAsync()
    {
        for (var i = 0; i < 3; i++)
        {
            await _api.PlaceAsync(AnOrder.With($"\"metadata\": {{\"k\": \"{NotPersonal}\"}}"));
        }
    }

    private async Task RefuseAsync()
    {
        (await _api.PostAsync("/orders", AnOrder.With($"\"customer\": {{\"email\": \"{Next()}\"}}"))).ShouldRefuse(
            422, "invalid-value", "#/customer/email");
        (await _api.PostAsync("/orders", AnOrder.With($"\"notes\": \"{Next()}\", \"notes\": \"x\"")))
            .Status.ShouldBe(400);
        (await _api.PostAsync("/orders", AnOrder.With($"\"notes\": \"{Next()} •••\""))).Status.ShouldBe(422);
        (await _api.PostAsync("/orders", $"{{\"notes\": \"{Next()}")).Status.ShouldBe(400);
        (await _api.PutAsync("/orders/01a209de-90dc-7f55-a5a7-91d28fe76cf3", Order())).Status.ShouldBe(404);
        using var nobody = new Api(server.Address, key: null);
        (await nobody.PostAsync("/orders", Order())).Status.ShouldBe(401);
        (await _api.GetAsync($"/orders?customer.mail={Next()}@example.com")).Status.ShouldBe(400);
        (await _api.PostAsync("/orders/import?mode=each", OneLine(AnOrder.Of("[\"none\"]", $"\"notes\": \"{Next()}\"")),
            ("Content-Type", "application/x-ndjson"))).ShouldBe(200);
    }

    /// <summary>A fault in the middle of the write, of which PostgreSQL tells both logs.</summary>
    private async Task FailAsync()
    {
        await server.Database.ExecuteAsync("alter table order_keys rename to keys_elsewhere");
        (await _api.PostAsync("/orders", Order())).Status.ShouldBe(500);
        await server.Database.ExecuteAsync("alter table keys_elsewhere rename to order_keys");
        await server.Database.ExecuteAsync(
            "alter table orders add constraint orders_never check (personal is null) not valid");
        (await _api.PostAsync("/orders", Order())).Status.ShouldBe(500);
        await server.Database.ExecuteAsync("alter table orders drop constraint orders_never");
    }

    private static string OneLine(string json) => json.ReplaceLineEndings(" ");

    /// <summary>Every file of the cluster.</summary>
    private async Task<List<string>> FilesAsync()
    {
        var directory = await server.Database.SingleAsync<string>("select current_setting('data_directory')");
        return [.. Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories)];
    }

    private static bool Holds(string file, string text)
    {
        try
        {
            return File.ReadAllBytes(file).AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0;
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return false; // other tests use the cluster, too, and have taken it away
        }
    }

    /// <summary>Every row of every table as a dump would have it, and what stands in binary columns as text.</summary>
    private async Task<string> DumpAsync()
    {
        var all = new StringBuilder();
        await using var connection = await server.Database.OpenAsync();
        foreach (var table in await server.Database.ListAsync<string>(
            "select relname::text from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"))
        {
            using var rows = await connection.BeginRawBinaryCopyAsync(
                $"copy {table} to stdout (format binary)", TestContext.Current.CancellationToken);
            using var bytes = new MemoryStream();
            await rows.CopyToAsync(bytes, TestContext.Current.CancellationToken);
            all.Append(Encoding.Latin1.GetString(bytes.ToArray()));
        }

        return all.ToString();
    }
}
