using Orderly.Server.Configuration;

namespace Orderly.Tests.Configuration;

public sealed class CommandLineTests
{
    private static string Refused(params string[] arguments) =>
        Should.Throw<SettingsException>(() => CommandLine.Read(arguments)).Message;

    [Fact]
    public void Without_a_command_it_serves() => CommandLine.Read([]).Command.ShouldBe(Command.Serve);

    [Fact]
    public void A_command_comes_first_and_settings_follow_in_either_form()
    {
        var (command, settings) = CommandLine.Read(
            ["migrate", "--urls", "http://x:1", "--Orders:RequireIfMatch=true", "--Orderly:BootstrapKey_FILE=/k"]);

        command.ShouldBe(Command.Migrate);
        settings.ShouldBe(["--urls", "http://x:1", "--Orders:RequireIfMatch=true", "--Orderly:BootstrapKey_FILE=/k"]);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("-h")]
    public void Help_wins_wherever_it_stands(string help) =>
        CommandLine.Read(["migrate", help]).Command.ShouldBe(Command.Help);

    [Fact]
    public void An_unknown_command_is_refused_with_the_one_that_was_meant()
    {
        Refused("migrat").ShouldContain("Did you mean \"migrate\"?");
        Refused("--urls=http://x:1", "migrate").ShouldContain("migrate");
        Refused("serve", "migrate").ShouldContain("migrate");
    }

    [Fact]
    public void An_unknown_setting_is_refused_with_the_one_that_was_meant() =>
        Refused("--Orders:RequireIfMach=true").ShouldContain("Did you mean \"Orders:RequireIfMatch\"?");

    [Fact]
    public void A_setting_without_a_value_is_refused() => Refused("--urls").ShouldContain("--urls needs a value");

    [Fact]
    public void A_file_for_what_is_no_secret_is_refused() =>
        Refused("--Orders:RequireIfMatch_FILE=/x").ShouldContain("Orders:RequireIfMatch_FILE");

    [Fact]
    public void Help_lists_every_command_and_setting()
    {
        var help = CommandLine.Help();

        SettingsReader.Known.ShouldAllBe(setting => help.Contains("--" + setting.Name));
        foreach (var command in (string[])["serve", "migrate", "openapi"])
        {
            help.ShouldContain(command);
        }
    }

    [Fact]
    public void The_version_is_the_product_s() =>
        CommandLine.Version().ShouldMatch("^orderly [0-9]+\\.[0-9]+\\.[0-9]+");
}
