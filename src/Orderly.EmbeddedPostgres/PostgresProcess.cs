using System.Diagnostics;
using System.Globalization;

namespace Orderly.EmbeddedPostgres;

/// <summary>
/// The unprivileged account that PostgreSQL's programs run as when we are root, because PostgreSQL refuses to run
/// as root. For an ordinary user there is none and programs run as they are.
/// </summary>
internal sealed record UnprivilegedAccount(string Name, int UserId, int GroupId)
{
    public string Owner => string.Create(CultureInfo.InvariantCulture, $"{UserId}:{GroupId}");
}

internal sealed record ProgramResult(int ExitCode, string Output)
{
    /// <summary>The last lines of the output as one, for a message.</summary>
    public string LastLines => string.Join(' ', Output
        .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).TakeLast(3));
}

/// <summary>Runs programs to their end, as the right user and with a clean environment.</summary>
internal sealed class PostgresProcess(UnprivilegedAccount? account, string workingDirectory)
{
    private const string passwordFile = "/etc/passwd";
    private static readonly string[] accountNames = ["postgres", "nobody"];

    public UnprivilegedAccount? Account => account;

    /// <summary>
    /// The account for a new cluster, or, for an existing one, the account that owns its data, so that a
    /// cluster made by an ordinary user goes on working under root.
    /// </summary>
    public static async Task<UnprivilegedAccount?> ChooseAccountAsync(string dataDirectory, CancellationToken ct)
    {
        if (!Environment.IsPrivilegedProcess)
            return null;
        if (System.IO.Directory.Exists(dataDirectory))
        {
            var stat = await new PostgresProcess(null, "/").RunAsync("stat", ["-c", "%u %g", dataDirectory], ct);
            var ids = stat.Output.Trim().Split(' ');
            if (stat.ExitCode == 0 && ids.Length == 2
                && int.TryParse(ids[0], CultureInfo.InvariantCulture, out var user) && user != 0
                && int.TryParse(ids[1], CultureInfo.InvariantCulture, out var group))
                return new UnprivilegedAccount(NameOf(user), user, group);
        }

        return accountNames.Select(FindAccount).FirstOrDefault(a => a is not null)
            ?? throw new EmbeddedPostgresException(
                "PostgreSQL refuses to run as root and there is no user 'postgres' or 'nobody' to run it as: "
                + "run the server as an ordinary user.");
    }

    /// <summary>Runs a program as the unprivileged account where there is one.</summary>
    public Task<ProgramResult> RunUnprivilegedAsync(string program, IEnumerable<string> arguments,
        CancellationToken ct, string? input = null)
    {
        if (account is null)
            return RunAsync(program, arguments, ct, input);
        if (FindProgram("setpriv") is { } setpriv && !IsBusyBox(setpriv))
            return RunAsync(setpriv,
                [string.Create(CultureInfo.InvariantCulture, $"--reuid={account.UserId}"),
                 string.Create(CultureInfo.InvariantCulture, $"--regid={account.GroupId}"),
                 "--clear-groups", "--", program, .. arguments], ct, input);
        if (FindProgram("runuser") is { } runuser)
            return RunAsync(runuser, ["-u", account.Name, "--", program, .. arguments], ct, input);
        throw new EmbeddedPostgresException(
            "PostgreSQL refuses to run as root, and neither setpriv nor runuser is installed to run it as "
            + $"'{account.Name}': install util-linux, or run the server as an ordinary user.");
    }

    /// <summary>Runs a program as we are. A cancelled run is killed.</summary>
    public async Task<ProgramResult> RunAsync(string program, IEnumerable<string> arguments, CancellationToken ct,
        string? input = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = workingDirectory,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // PGDATA, PGPORT and their like would silently change what the programs do; messages are read by us.
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("PG", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        start.Environment["LC_ALL"] = "C";

        using var process = Process.Start(start)
            ?? throw new EmbeddedPostgresException($"The program '{program}' could not be started.");
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(ct);
            var errors = process.StandardError.ReadToEndAsync(ct);
            await WriteInputAsync(process, input, ct);
            await process.WaitForExitAsync(ct);
            return new ProgramResult(process.ExitCode, await output + await errors);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    /// <summary>Makes a file or directory the unprivileged account's own; does nothing for an ordinary user.</summary>
    public async Task GiveAsync(string path, CancellationToken ct)
    {
        if (account is null)
            return;
        var chown = await RunAsync("chown", ["-h", account.Owner, path], ct);
        if (chown.ExitCode != 0)
            throw new EmbeddedPostgresException(
                $"'{path}' can't be given to the user '{account.Name}': {chown.LastLines}");
    }

    /// <summary>Refuses a path that the unprivileged account can't reach, naming the directory in the way.</summary>
    public async Task RequireReachableAsync(string path, CancellationToken ct)
    {
        if (account is null)
            return;
        List<string> chain = [];
        for (var at = path; at is not null; at = Path.GetDirectoryName(at))
            chain.Insert(0, at);
        const string script = "for d; do if ! [ -x \"$d\" ]; then echo \"$d\"; exit 3; fi; done";
        var check = await RunUnprivilegedAsync("/bin/sh", ["-c", script, "sh", .. chain], ct);
        if (check.ExitCode == 3)
            throw new EmbeddedPostgresException(
                $"PostgreSQL runs as '{account.Name}' when the server runs as root, and '{account.Name}' can't enter "
                + $"'{check.Output.Trim()}' on the way to '{path}': allow it with 'chmod o+x "
                + $"{check.Output.Trim()}', or choose another directory (such as one below /var/lib).");
        if (check.ExitCode != 0)
            throw new EmbeddedPostgresException(
                $"Programs can't be run as the user '{account.Name}': {check.LastLines}");
    }

    /// <summary>The full path of a program on PATH, or null.</summary>
    public static string? FindProgram(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Append("/usr/sbin").Append("/sbin")
            .Select(directory => Path.Combine(directory, name))
            .FirstOrDefault(File.Exists);

    // BusyBox has a setpriv that can't change the user.
    private static bool IsBusyBox(string program) =>
        new FileInfo(program).ResolveLinkTarget(returnFinalTarget: true) is { } target
        && target.Name.StartsWith("busybox", StringComparison.Ordinal);

    private static async Task WriteInputAsync(Process process, string? input, CancellationToken ct)
    {
        try
        {
            if (input is not null)
                await process.StandardInput.WriteAsync(input.AsMemory(), ct);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The program ended without reading; its exit code and output tell why.
        }
    }

    private static UnprivilegedAccount? FindAccount(string name) =>
        Accounts().FirstOrDefault(a => a.Name == name && a.UserId != 0);

    private static string NameOf(int userId) =>
        Accounts().FirstOrDefault(a => a.UserId == userId)?.Name
        ?? userId.ToString(CultureInfo.InvariantCulture);

    private static IEnumerable<UnprivilegedAccount> Accounts()
    {
        if (!File.Exists(passwordFile))
            yield break;
        foreach (var line in File.ReadLines(passwordFile))
        {
            var fields = line.Split(':');
            if (fields.Length > 3
                && int.TryParse(fields[2], CultureInfo.InvariantCulture, out var user)
                && int.TryParse(fields[3], CultureInfo.InvariantCulture, out var group))
                yield return new UnprivilegedAccount(fields[0], user, group);
        }
    }
}
