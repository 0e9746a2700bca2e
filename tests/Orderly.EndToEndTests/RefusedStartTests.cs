using System.Net;
using System.Net.Sockets;
using Npgsql;
using Orderly.EndToEndTests.Running;
using Orderly.Tests.Harness;

namespace Orderly.EndToEndTests;

/// <summary>Where the service can't start it says why, in one line, and by its exit code.</summary>
[Collection(Soak.OneAtATime)]
public sealed class RefusedStartTests
{
    [Theory]
    [InlineData("urls", "http://127.0.0.1:99999", "urls takes addresses")]
    [InlineData("Logging__LogLevel__Default", "Loud", "Logging:LogLevel:Default takes one of Trace, ")]
    [InlineData("Orders__UpdatableAfter", "3h", "Orders:UpdatableAfter takes ")]
    public async Task A_wrong_option_stops_the_start_with_one_line(string name, string value, string line)
    {
        var end = await StartAsync((name, value));

        end.ExitCode.ShouldBe(2, end.Output);
        end.Output.ShouldStartWith("Wrong option: " + line);
        end.Output.Trim().ShouldNotContain('\n');
    }

    [Fact]
    public async Task So_does_a_file_of_settings_that_can_not_be_read()
    {
        var directory = Directory.CreateTempSubdirectory("orderly-settings-");
        try
        {
            var file = Path.Combine(directory.FullName, "appsettings.json");
            await File.WriteAllTextAsync(file, "{\"Logging\": ", TestContext.Current.CancellationToken);

            var end = await StartAsync(("DOTNET_CONTENTROOT", directory.FullName));

            end.ExitCode.ShouldBe(2, end.Output);
            end.Output.ShouldContain(file);
            end.Output.Trim().ShouldNotContain('\n');
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_port_that_is_taken_is_named_and_nothing_else_is_said_to_have_failed()
    {
        var directory = Directory.CreateTempSubdirectory("orderly-taken-");
        File.SetUnixFileMode(directory.FullName, (UnixFileMode)0b111_101_101); // PostgreSQL's user must get through
        using var taken = new TcpListener(IPAddress.Loopback, port: 0);
        taken.Start();
        try
        {
            var end = await StartAsync(
                ("urls", $"http://{taken.LocalEndpoint}"),
                ("Orderly__DataDirectory", Path.Combine(directory.FullName, "data")));

            end.ExitCode.ShouldBe(1, end.Output);
            end.Output.ShouldContain($"Not started: Failed to bind to address http://{taken.LocalEndpoint}");
            end.Output.ShouldNotContain("BackgroundService");
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_database_that_is_lost_meanwhile_ends_the_start_with_one_line()
    {
        await using var installation = await Installation.StartAsync([]);
        await using var holder = new NpgsqlConnection(installation.ConnectionString);
        await holder.OpenAsync(TestContext.Current.CancellationToken);
        await using var hold = new NpgsqlCommand(
            "begin; lock table schema_migrations in access exclusive mode", holder);
        await hold.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        var starting = BackupScripts.CommandAsync(
            "migrate", ("ConnectionStrings__Orderly", installation.ConnectionString));
        await Patience.UntilAsync(async () => await EndWaitingAsync(installation) > 0);

        var end = await starting;
        end.ExitCode.ShouldBe(3, end.Output);
        end.Output.ShouldStartWith("Not started: the database was lost meanwhile: ");
        end.Output.Trim().ShouldNotContain('\n');
    }

    private static async Task<int> EndWaitingAsync(Installation installation) => (await installation.QueryAsync(
        "select pg_terminate_backend(pid) from pg_stat_activity where wait_event_type = 'Lock'",
        row => row.GetBoolean(0))).Count;

    private static Task<ProgramEnd> StartAsync(params (string Name, string Value)[] settings) =>
        BackupScripts.CommandAsync("serve", [("Orderly__BootstrapKey", ServerProcess.Key), .. settings]);
}
