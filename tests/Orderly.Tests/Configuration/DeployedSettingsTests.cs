using System.Text.RegularExpressions;
using Orderly.Server.Configuration;

namespace Orderly.Tests.Configuration;

/// <summary>
/// What the files under <c>deploy</c> set is what the service takes: a wrong name would stop its start.
/// </summary>
public sealed partial class DeployedSettingsTests
{
    [Theory]
    [InlineData("deploy/compose/compose.yaml", 4)]
    [InlineData("deploy/helm/orderly/templates/deployment.yaml", 9)]
    [InlineData("deploy/systemd/orderly.service", 2)]
    [InlineData("src/Orderly.Server/Orderly.Server.csproj", 1)]
    public void Every_setting_that_is_set_for_a_deployment_exists(string path, int count)
    {
        var names = Variable().Matches(Read(path))
            .Select(match => match.Value.Replace("__", ":", StringComparison.Ordinal)).Distinct().ToList();

        names.Count.ShouldBe(count, string.Join(", ", names));
        names.Where(name => !SettingsReader.IsKnown(name)).ShouldBeEmpty();
    }

    private static string Read(string path)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Orderly.slnx")))
        {
            folder = folder.Parent!;
        }

        return File.ReadAllText(Path.Combine(folder.FullName, path));
    }

    [GeneratedRegex("[A-Z][A-Za-z]+__[A-Z][A-Za-z]+(_FILE)?", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Variable();
}
