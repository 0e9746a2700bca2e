using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Orderly.Server.Changes;
using Orderly.Server.Configuration;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Changes;

/// <summary>A server whose log has every kind of write, all of it in the feed and under a signed checkpoint.</summary>
public sealed class WrittenLog(TestCluster cluster) : RunningServer(cluster), IAsyncLifetime
{
    private const string Personal = """ "customer": {"name": "Ada", "email": "ada@example.com"}, "notes": "Ring" """;

    /// <summary>A checkpoint of all of the log, kept outside.</summary>
    internal Checkpoint Kept { get; private set; } = null!;

    internal CheckpointKey SigningKey { get; private set; } = null!;

    internal string NewestCheckpointFile => Services.GetRequiredService<ChangeSettings>().NewestCheckpointFile;

    /// <summary>Placed with personal data, then of every kind of change: eight versions.</summary>
    public string Changed { get; private set; } = "";

    protected override IReadOnlyList<(string Name, string Value)> Settings =>
        [("Orders:UpdatableAfter", "00:00:00"), ("Changes:CheckpointEvery", "23:00:00")];

    async ValueTask IAsyncLifetime.InitializeAsync()
    {
        await InitializeAsync();
        SigningKey = CheckpointKey.Load(Services.GetRequiredService<ChangeSettings>().SigningKeyFile);
        await WriteAsync();
        Kept = await SignAsync();
        // Whoever has all rights would do that first.
        await Database.ExecuteAsync("alter table orders drop constraint orders_personal_sealed");
        await Database.ExecuteAsync("alter table revisions drop constraint revisions_personal_sealed");
    }

    async ValueTask IAsyncDisposable.DisposeAsync()
    {
        SigningKey?.Dispose();
        await DisposeAsync();
    }

    /// <summary>Waits until everything is in the feed, and signs it.</summary>
    internal async Task<Checkpoint> SignAsync()
    {
        await Database.WaitForFeedAsync();
        await using var connection = await Database.OpenAsync();
        while (!await Services.GetRequiredService<Checkpointer>().SignAsync(connection, CancellationToken.None))
        {
            await Task.Yield();
        }

        var note = SignedNote.Parse(
            await Database.SingleAsync<string>("select note from checkpoints order by tree_size desc limit 1"));
        return Checkpoint.Parse(note!.Text)!;
    }

    /// <summary>What a verification finds after some SQL was run, which is then taken back.</summary>
    internal async Task<IReadOnlyList<string>> FindAsync(string? sql = null, params Checkpoint[] kept)
    {
        await using var connection = await Database.OpenAsync();
        return await FindAsync(connection, sql, kept);
    }

    internal async Task<IReadOnlyList<string>> FindAsync(
        NpgsqlConnection connection, string? sql, IReadOnlyList<Checkpoint> kept)
    {
        await using var transaction = await connection.BeginTransactionAsync();
        if (sql is not null)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            (await command.ExecuteNonQueryAsync()).ShouldNotBe(0, $"nothing was changed by: {sql}");
        }

        var findings = new List<string>();
        var verifier = new LogVerifier(
            SigningKey, kept, TimeProvider.System, finding => findings.Add(finding.ToString()), (_, _) => { });
        var summary = verifier.Run(connection);
        await transaction.RollbackAsync();
        summary.Findings.ShouldBe(findings.Count);
        return findings;
    }

    private async Task WriteAsync()
    {
        Changed = await Api.PlaceAsync(AnOrder.With($"{Personal}, \"reference\": \"PO-1\""));
        (await Api.PutAsync($"/orders/{Changed}", AnOrder.Of("""["window"]""", Personal))).ShouldBe(200);
        (await Api.PatchAsync($"/orders/{Changed}", """{"totalfee": 12.50, "metadata": {"a": "b"}}""")).ShouldBe(200);
        (await Api.PostAsync($"/orders/{Changed}/status", """{"status": "confirmed", "reason": "called"}"""))
            .ShouldBe(200);
        (await Api.DeleteAsync($"/orders/{Changed}")).ShouldBe(204);
        (await Api.PostAsync($"/orders/{Changed}/restore", "{}")).ShouldBe(200);
        (await Api.PostAsync($"/orders/{Changed}/revert", """{"to": 1, "reason": "as it was"}""")).ShouldBe(200);
        (await Api.PatchAsync($"/orders/{Changed}", """{"notes": null}""")).ShouldBe(200);
        for (var i = 0; i < 6; i++)
        {
            var id = await Api.PlaceAsync(AnOrder.With(i % 2 == 0 ? "" : $"{Personal}, \"reference\": \"PO-2{i}\""));
            for (var j = 0; j < i; j++)
            {
                (await Api.PatchAsync($"/orders/{id}", $$"""{"totalfee": {{j}}.50}""")).ShouldBe(200);
            }
        }

        var deleted = await Api.PlaceAsync(AnOrder.With(Personal));
        await SignAsync();
        (await Api.DeleteAsync($"/orders/{deleted}")).ShouldBe(204);
    }
}
