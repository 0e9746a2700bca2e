namespace Orderly.EmbeddedPostgres;

/// <summary>
/// Makes a new cluster beside its final place and renames it when it is complete and on disk, so that a data
/// directory that exists is always whole.
/// </summary>
internal sealed class ClusterMaker(ClusterDirectory directory, PostgresBinaries binaries, PostgresProcess process)
{
    // C.UTF-8 sorts by code point and knows upper and lower case beyond ASCII; C is everywhere.
    private static readonly string[] locales = ["C.UTF-8", "C"];

    public async Task MakeAsync(EmbeddedClusterOptions options, CancellationToken ct)
    {
        options.Report($"Making a new PostgreSQL {binaries.Version} cluster in {directory.Home.Path}");
        var unfinished = directory.NewUnfinishedDirectory();
        var login = ClusterDirectory.NewLogin(options.Database);
        try
        {
            await InitialiseAsync(unfinished, login, ct);
            await CreateDatabaseAsync(unfinished, login, ct);
            if (options.Durable)
                await RequireAsync(binaries.Initdb, ["--sync-only", "-D", unfinished], ct);
            directory.WriteLogin(login);
            Directory.Move(unfinished, directory.Home.DataDirectory);
        }
        finally
        {
            directory.RemoveUnfinished();
        }
    }

    private async Task InitialiseAsync(string unfinished, ClusterLogin login, CancellationToken ct)
    {
        var passwordFile = unfinished + ".password";
        try
        {
            ClusterDirectory.WritePrivate(passwordFile, login.Password + "\n");
            await process.GiveAsync(passwordFile, ct);
            foreach (var locale in locales)
            {
                Directory.CreateDirectory(unfinished, ClusterDirectory.OwnerOnly);
                await process.GiveAsync(unfinished, ct);
                // Everything is synced once, at the end.
                var made = await process.RunUnprivilegedAsync(binaries.Initdb,
                    ["-D", unfinished, "-U", login.User, "--pwfile", passwordFile, "--auth=scram-sha-256",
                     "--data-checksums", "-E", "UTF8", $"--locale={locale}", "--no-sync", "--no-instructions"], ct);
                if (made.ExitCode == 0)
                    return;
                if (locale == locales[^1] || !made.Output.Contains("locale", StringComparison.Ordinal))
                    throw new EmbeddedPostgresException(
                        $"initdb could not make a cluster in '{directory.Home.Path}': {made.LastLines}");
                directory.RemoveUnfinished();
            }
        }
        finally
        {
            File.Delete(passwordFile);
        }
    }

    private async Task CreateDatabaseAsync(string unfinished, ClusterLogin login, CancellationToken ct)
    {
        var created = await process.RunUnprivilegedAsync(binaries.Postgres,
            ["--single", "-D", unfinished, "-c", "fsync=off", "-c", "log_checkpoints=off", "-j", "template1"],
            ct, $"CREATE DATABASE \"{login.Database}\"\n");
        if (created.ExitCode != 0 || created.Output.Contains("ERROR:", StringComparison.Ordinal))
            throw new EmbeddedPostgresException(
                $"The database '{login.Database}' could not be made: {created.LastLines}");
    }

    private async Task RequireAsync(string program, string[] arguments, CancellationToken ct)
    {
        var result = await process.RunUnprivilegedAsync(program, arguments, ct);
        if (result.ExitCode != 0)
            throw new EmbeddedPostgresException($"'{Path.GetFileName(program)}' failed: {result.LastLines}");
    }
}
