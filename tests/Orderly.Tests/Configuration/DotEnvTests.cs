using Microsoft.Extensions.Configuration;
using Orderly.Server.Configuration;

namespace Orderly.Tests.Configuration;

public sealed class DotEnvTests
{
    private static string Read(params string[] lines) =>
        string.Join(";", DotEnv.Read(lines).Select(pair => $"{pair.Key}={pair.Value}"));

    [Theory]
    [InlineData("A=b", "A=b")]
    [InlineData("  A = b  ", "A=b")]
    [InlineData("A=", "A=")]
    [InlineData("A=b=c", "A=b=c")]
    [InlineData("export A=b", "A=b")]
    [InlineData("Orders__DefaultCurrency=EUR", "Orders:DefaultCurrency=EUR")]
    [InlineData("A=\"b c\"", "A=b c")]
    [InlineData("A='b \"c\"'", "A=b \"c\"")]
    [InlineData("A=b # why", "A=b")]
    [InlineData("A=b#c", "A=b#c")]
    [InlineData("A=\"b # c\"", "A=b # c")]
    [InlineData("A=\"b c\" # why", "A=b c")]
    [InlineData("# A=b", "")]
    [InlineData("   ", "")]
    public void A_line_is_a_name_and_a_value_or_a_comment(string line, string read) => Read(line).ShouldBe(read);

    [Theory]
    [InlineData("A")]
    [InlineData("=b")]
    public void A_line_that_is_neither_is_refused_with_its_number(string line) =>
        Should.Throw<SettingsException>(() => Read("A=b", line)).Message.ShouldStartWith(".env, line 2:");

    [Fact]
    public void The_environment_and_the_command_line_count_more_and_appsettings_less()
    {
        const string variable = "ORDERLY_TEST_DOTENV_PRECEDENCE";
        var directory = Directory.CreateTempSubdirectory("orderly-dotenv-");
        Environment.SetEnvironmentVariable(variable, "environment");
        try
        {
            File.WriteAllText(Path.Combine(directory.FullName, ".env"),
                $"{variable}=dotenv\nFromDotEnv=dotenv\nFromCommandLine=dotenv\nFromAppSettings=dotenv\n");
            var configuration = new ConfigurationManager();
            configuration.AddInMemoryCollection([KeyValuePair.Create("FromAppSettings", (string?)"appsettings")]);
            configuration.AddEnvironmentVariables("DOTNET_").AddEnvironmentVariables();
            configuration.AddCommandLine(["--FromCommandLine=command line"]);

            DotEnv.Add(configuration, directory.FullName);

            configuration[variable].ShouldBe("environment");
            configuration["FromCommandLine"].ShouldBe("command line");
            configuration["FromDotEnv"].ShouldBe("dotenv");
            configuration["FromAppSettings"].ShouldBe("dotenv");
        }
        finally
        {
            Environment.SetEnvironmentVariable(variable, null);
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public void A_directory_without_the_file_adds_nothing()
    {
        var configuration = new ConfigurationManager();
        var before = ((IConfigurationBuilder)configuration).Sources.Count;

        DotEnv.Add(configuration, "/");

        ((IConfigurationBuilder)configuration).Sources.Count.ShouldBe(before);
    }
}
