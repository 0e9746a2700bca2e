using Microsoft.Extensions.Configuration.EnvironmentVariables;
using Microsoft.Extensions.Configuration.Memory;

namespace Orderly.Server.Configuration;

/// <summary>
/// Reads <c>.env</c> in the working directory: lines <c>NAME=value</c>, names as in the environment (__ for :),
/// # for comments, quotes around a value taken off. The environment itself counts more.
/// </summary>
internal static class DotEnv
{
    private const string FileName = ".env";

    public static void Add(ConfigurationManager configuration, string directory)
    {
        var path = Path.Combine(directory, FileName);
        if (!File.Exists(path))
        {
            return;
        }

        var sources = ((IConfigurationBuilder)configuration).Sources;
        var environment = sources.LastOrDefault(source =>
            source is EnvironmentVariablesConfigurationSource { Prefix: null or "" });
        var place = environment is null ? 0 : sources.IndexOf(environment);
        sources.Insert(place, new MemoryConfigurationSource { InitialData = Read(File.ReadAllLines(path)) });
    }

    /// <exception cref="SettingsException">A line is neither a comment nor NAME=value.</exception>
    public static IReadOnlyList<KeyValuePair<string, string?>> Read(IReadOnlyList<string> lines)
    {
        var values = new List<KeyValuePair<string, string?>>();
        for (var i = 0; i < lines.Count; i++)
        {
            var line = lines[i].Trim();
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            line = line.StartsWith("export ", StringComparison.Ordinal) ? line["export ".Length..].TrimStart() : line;
            var equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                throw new SettingsException($"{FileName}, line {i + 1}: NAME=value is expected.");
            }

            var name = line[..equals].Trim().Replace("__", ":", StringComparison.Ordinal);
            values.Add(new(name, Unquote(line[(equals + 1)..].Trim())));
        }

        return values;
    }

    private static string Unquote(string value)
    {
        var end = value.Length >= 2 && value[0] is '"' or '\'' ? value.IndexOf(value[0], 1) : -1;
        if (end > 0 && value[(end + 1)..].TrimStart() is "" or ['#', ..])
        {
            return value[1..end];
        }

        var comment = value.IndexOf(" #", StringComparison.Ordinal);
        return comment < 0 ? value : value[..comment].TrimEnd();
    }
}
