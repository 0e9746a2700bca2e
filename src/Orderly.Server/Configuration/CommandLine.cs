using System.Reflection;
using System.Text;
using Orderly.Server.Http;

namespace Orderly.Server.Configuration;

/// <summary>What the program is asked to do.</summary>
internal enum Command
{
    Serve,
    Migrate,
    Verify,
    Checkpoint,
    Doctor,
    Health,
    Rewrap,
    OpenApi,
    Help,
    Version,
}

/// <summary>
/// Reads the command line: one command at most, and settings as <c>--name value</c> or <c>--name=value</c>.
/// </summary>
internal static class CommandLine
{
    private static readonly (string Name, Command Command, string Meaning)[] Commands =
    [
        ("serve", Command.Serve, "run the service (also when no command is given)"),
        ("migrate", Command.Migrate, "bring the database's schema up to date, then stop"),
        ("verify", Command.Verify, "verify the log of changes: every version, the feed, the signed checkpoints"),
        ("checkpoint", Command.Checkpoint, "print the newest signed checkpoint, to be kept outside the database"),
        ("doctor", Command.Doctor, "examine settings, files and database, and say what to do about each finding"),
        ("health", Command.Health, "ask the service that runs on this machine whether it is ready, for probes"),
        ("rewrap", Command.Rewrap, "wrap the data keys of all orders with the newest key of the key file"),
        ("openapi", Command.OpenApi, "print the OpenAPI document, then stop"),
    ];

    /// <summary>What a command takes beside settings.</summary>
    private static readonly (Command Command, string Name, string Meaning)[] Options =
    [
        (Command.Verify, "against", "a file of checkpoints that were kept outside the database"),
        (Command.Verify, "public-key", "who must have signed (text or file); else the signing key's file says"),
        (Command.Doctor, "log", "skip: do not verify the log, which takes 10 s for each million versions"),
    ];

    /// <summary>Sections of ASP.NET Core that may be set, too.</summary>
    private static readonly string[] OtherSections =
        ["Logging", "Kestrel", "AllowedHosts", "environment", "contentRoot", "applicationName"];

    /// <exception cref="SettingsException">A command or setting that does not exist.</exception>
    public static (Command Command, string[] Settings) Read(string[] arguments)
    {
        var command = Command.Serve;
        var settings = new List<string>();
        for (var i = 0; i < arguments.Length; i++)
        {
            var argument = arguments[i];
            if (argument is "--help" or "-h" or "-?")
            {
                return (Command.Help, []);
            }

            if (argument is "--version")
            {
                return (Command.Version, []);
            }

            if (argument.StartsWith("--", StringComparison.Ordinal))
            {
                settings.Add(argument);
                if (!argument.Contains('=', StringComparison.Ordinal))
                {
                    i++;
                    settings.Add(i < arguments.Length
                        ? arguments[i]
                        : throw new SettingsException($"{argument} needs a value: {argument} <value>."));
                }

                CheckName(argument[2..].Split('=')[0], command);
            }
            else
            {
                command = i == 0 ? FindCommand(argument) : throw UnknownCommand(argument);
            }
        }

        return (command, [.. settings]);
    }

    public static string Help()
    {
        var text = new StringBuilder("Orderly, the order management service.\n\n")
            .Append("Usage: orderly [command] [--setting value]\n\n");
        text.Append("Commands:\n");
        foreach (var (name, _, meaning) in Commands)
        {
            text.Append("  ").Append(name.PadRight(12)).Append(meaning).Append('\n');
        }

        text.Append("\nOptions of commands:\n");
        foreach (var (command, name, meaning) in Options)
        {
            var owner = Commands.First(known => known.Command == command).Name;
            text.Append("  ").Append($"{owner} --{name} <value>".PadRight(32)).Append(meaning).Append('\n');
        }

        text.Append("\nSettings (command line, environment with __ for :, .env, appsettings.json, in this order):\n");
        foreach (var (name, fallback, meaning) in SettingsReader.Known)
        {
            text.Append("  --").Append(name.PadRight(32)).Append(meaning)
                .Append(" [").Append(fallback).Append("]\n");
        }

        return text.Append("\nExit codes: 0 done, 1 failed, 2 wrong option, 3 database can't be used.\n").ToString();
    }

    public static string Version() => "orderly " + Assembly.GetExecutingAssembly()
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    private static Command FindCommand(string name)
    {
        foreach (var (known, command, _) in Commands)
        {
            if (string.Equals(known, name, StringComparison.Ordinal))
            {
                return command;
            }
        }

        throw UnknownCommand(name);
    }

    private static SettingsException UnknownCommand(string name) => new(
        $"There is no command {Suggestion.Quote(name)}."
        + $"{Suggestion.For(name, Commands.Select(command => command.Name))} --help lists all.");

    private static void CheckName(string name, Command command)
    {
        var known = SettingsReader.Known.Select(setting => setting.Name).ToArray();
        var isKnown = SettingsReader.IsKnown(name)
            || Options.Any(option =>
                option.Command == command && string.Equals(option.Name, name, StringComparison.Ordinal))
            || OtherSections.Any(section =>
                string.Equals(section, name, StringComparison.OrdinalIgnoreCase)
                || name.StartsWith(section + ":", StringComparison.OrdinalIgnoreCase));
        if (!isKnown)
        {
            throw new SettingsException(
                $"There is no setting --{name}.{Suggestion.For(name, known)} --help lists all.");
        }
    }
}
