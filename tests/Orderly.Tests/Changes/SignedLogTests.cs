using Orderly.Server.Changes;
using Orderly.Server.Configuration;
using Orderly.Server.Startup;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Changes;

/// <summary>What only the tree over all orders and its signed checkpoints can tell.</summary>
public sealed class SignedLogTests(WrittenLog log) : IClassFixture<WrittenLog>
{
    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(20)]
    public async Task A_tail_that_was_cut_off_consistently_is_found_by_a_kept_checkpoint(int count)
    {
        var end = log.Kept.Size - count;
        (await log.FindAsync(LogMutation.Truncate(count))).ShouldBeEmpty("nothing inside is wrong any more");
        (await log.FindAsync(LogMutation.Truncate(count), log.Kept)).ShouldBe(
            [$"feed position {end + 1}: missing: the log ends at {end}, but a kept checkpoint has {log.Kept.Size} entries"]);
    }

    [Fact]
    public async Task A_rebuilt_chain_is_found_by_the_checkpoints_in_the_database() =>
        (await log.FindAsync(LogMutation.Rebuild(log.Changed, 2, dropCheckpoints: false)))
            .ShouldContain(finding => finding.Contains("are not what the checkpoint in the database was signed for"));

    [Fact]
    public async Task A_rebuilt_chain_without_its_checkpoints_is_found_by_a_kept_one()
    {
        var rebuilt = LogMutation.Rebuild(log.Changed, 2, dropCheckpoints: true);
        (await log.FindAsync(rebuilt)).ShouldBeEmpty("every hash inside is right");
        (await log.FindAsync(rebuilt, log.Kept)).ShouldHaveSingleItem().ShouldBe(
            $"feed position {log.Kept.Size}: positions 1 to {log.Kept.Size} are not what the checkpoint "
            + "kept outside the database was signed for");
    }

    [Fact]
    public async Task A_checkpoint_signed_by_somebody_else_is_found()
    {
        using var other = CheckpointKey.Generate();
        var note = other.Sign(log.Kept with { Origin = log.SigningKey.Name }).ToString();
        (await log.FindAsync($"update checkpoints set note = '{note}' where tree_size = {log.Kept.Size}"))
            .ShouldBe([$"feed position {log.Kept.Size}: the checkpoint here is not signed by the key"]);
    }

    [Fact]
    public async Task A_forged_signature_is_found()
    {
        using var other = CheckpointKey.Generate();
        var forged = other.Sign(log.Kept);
        var note = forged with
        {
            Signatures = [forged.Signatures[0] with { KeyName = log.SigningKey.Name, KeyId = log.SigningKey.Id }],
        };
        (await log.FindAsync($"update checkpoints set note = '{note}' where tree_size = {log.Kept.Size}"))
            .ShouldBe([$"feed position {log.Kept.Size}: the signature of the checkpoint here is wrong"]);
    }

    [Theory]
    [InlineData("note = 'nothing'", "the checkpoint here can''t be read")]
    [InlineData("frontier = frontier || frontier", "the frontier of the checkpoint here is not that of the leaves")]
    public async Task An_edited_checkpoint_is_found(string change, string finding) =>
        (await log.FindAsync($"update checkpoints set {change} where tree_size = {log.Kept.Size}"))
            .ShouldBe([$"feed position {log.Kept.Size}: {finding.Replace("''", "'")}"]);

    [Fact]
    public async Task The_server_keeps_its_newest_checkpoint_outside_the_database()
    {
        var note = SignedNote.Parse(await File.ReadAllTextAsync(
            log.NewestCheckpointFile, TestContext.Current.CancellationToken)).ShouldNotBeNull();
        log.SigningKey.Verify(note).ShouldBe(SignatureState.Good);
        Checkpoint.Parse(note.Text).ShouldNotBeNull().Size.ShouldBe(log.Kept.Size);
    }

    [Fact]
    public async Task The_commands_print_a_checkpoint_and_verify_the_log_against_it()
    {
        var settings = Read();
        await using var note = new StringWriter();
        await using var errors = new StringWriter();
        (await VerifyLog.PrintCheckpointAsync(settings, note, errors)).ShouldBeTrue();
        errors.ToString().ShouldContain(log.SigningKey.PublicText);

        var kept = log.NewestCheckpointFile + ".kept";
        await File.WriteAllTextAsync(kept, note.ToString(), TestContext.Current.CancellationToken);
        await using var output = new StringWriter();
        (await VerifyLog.RunAsync(settings, new VerifyOptions(kept, log.SigningKey.PublicText), output, errors))
            .ShouldBeTrue(output.ToString());
        output.ToString().ShouldStartWith("The log is as it was written");
    }

    [Fact]
    public async Task A_kept_checkpoint_of_another_key_is_a_wrong_option()
    {
        using var other = CheckpointKey.Generate();
        var kept = log.NewestCheckpointFile + ".other";
        await File.WriteAllTextAsync(kept, other.Sign(log.Kept).ToString(), TestContext.Current.CancellationToken);
        await Should.ThrowAsync<SettingsException>(
            VerifyLog.RunAsync(Read(), new VerifyOptions(kept, PublicKey: null), TextWriter.Null, TextWriter.Null));
    }

    private AllSettings Read() => SettingsReader.Read(new Microsoft.Extensions.Configuration.ConfigurationManager
    {
        ["ConnectionStrings:Orderly"] = log.Database.ConnectionString,
        ["Changes:SigningKeyFile"] = Path.ChangeExtension(log.NewestCheckpointFile, ".pem"),
    });
}
