using System.Diagnostics;
using System.Reflection;
using Npgsql;

namespace Orderly.EndToEndTests.Running;

/// <summary>How a program ended, and all that it said.</summary>
internal sealed record ProgramEnd(int ExitCode, string Output);

/// <summary>
/// Runs the scripts of <c>deploy/backup</c> with the programs of the PostgreSQL that is used, and commands of the
/// server, as an operator would.
/// </summary>
internal static class BackupScripts
{
    private const int TimeoutSeconds = 60;

    /// <summary>Where the scripts are.</summary>
    public static string Directory => Path.GetFullPath(Path.Combine(ServerAssembly, "../../../../../../deploy/backup"));

    private static string ServerAssembly => typeof(BackupScripts).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(entry => entry.Key == "ServerAssembly").Value!;

    /// <summary>
    /// The directory of PostgreSQL's programs; null: those for backups are not among them, as where it was downloaded.
    /// </summary>
    public static async Task<string?> FindProgramsAsync(string connectionString)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("select setting from pg_config where name = 'BINDIR'", connection);
        var directory = (string)(await command.ExecuteScalarAsync())!;
        return new[] { "pg_dump", "pg_restore", "psql", "pg_basebackup", "pg_verifybackup" }
            .All(program => File.Exists(Path.Combine(directory, program))) ? directory : null;
    }

    /// <summary>libpq's variables for a connection string.</summary>
    public static (string Name, string Value)[] Variables(string connectionString, string programs)
    {
        var text = new NpgsqlConnectionStringBuilder(connectionString);
        return
        [
            ("PGHOST", text.Host!), ("PGPORT", $"{text.Port}"), ("PGUSER", text.Username!),
            ("PGDATABASE", text.Database!), ("PGPASSWORD", text.Password!),
            ("PATH", $"{programs}:{Environment.GetEnvironmentVariable("PATH")}"),
        ];
    }

    public static Task<ProgramEnd> RunAsync(
        string script, string[] arguments, params (string Name, string Value)[] variables) =>
        RunProgramAsync(Path.Combine(Directory, script), arguments, variables);

    /// <summary>A command of the server, such as <c>verify</c>.</summary>
    public static Task<ProgramEnd> CommandAsync(string command, params (string Name, string Value)[] variables) =>
        CommandAsync(command, TimeoutSeconds, variables);

    /// <summary>A command of the server that may take longer than others.</summary>
    public static Task<ProgramEnd> CommandAsync(
        string command, int timeoutSeconds, (string Name, string Value)[] variables) =>
        RunProgramAsync("dotnet", [Path.GetFullPath(ServerAssembly), command], timeoutSeconds, variables);

    /// <summary>Gives files to the user that PostgreSQL runs as under root. Elsewhere it is the same user.</summary>
    public static async Task GiveAsync(string path, string asIs)
    {
        if (Environment.IsPrivilegedProcess)
        {
            (await RunProgramAsync("chown", ["--recursive", $"--reference={asIs}", path])).ExitCode.ShouldBe(0);
        }
    }

    public static Task<ProgramEnd> RunProgramAsync(
        string program, string[] arguments, params (string Name, string Value)[] variables) =>
        RunProgramAsync(program, arguments, TimeoutSeconds, variables);

    private static async Task<ProgramEnd> RunProgramAsync(
        string program, string[] arguments, int timeoutSeconds, (string Name, string Value)[] variables)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = Path.GetTempPath(),
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        try
        {
            await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(timeoutSeconds));
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        return new ProgramEnd(process.ExitCode, await output + await errors);
    }
}
