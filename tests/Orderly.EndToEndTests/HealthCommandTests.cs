using Orderly.EndToEndTests.Running;

namespace Orderly.EndToEndTests;

/// <summary>The command <c>health</c>, which the compose file's probe is.</summary>
[Collection(Soak.OneAtATime)]
public sealed class HealthCommandTests
{
    [Fact]
    public async Task It_tells_by_its_exit_code_whether_the_service_on_this_machine_is_ready()
    {
        await using var server = await LoneServer.StartAsync();
        (string, string)[] settings = [("urls", server.Address.ToString())];

        var running = await BackupScripts.CommandAsync("health", settings);
        (await server.StopAsync()).ShouldBe(0);
        var stopped = await BackupScripts.CommandAsync("health", settings);

        running.ExitCode.ShouldBe(0, running.Output);
        running.Output.ShouldContain("\"status\":\"ready\"");
        stopped.ExitCode.ShouldBe(1);
        stopped.Output.ShouldContain("No answer");
    }
}
