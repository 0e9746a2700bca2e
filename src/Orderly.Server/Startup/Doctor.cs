using System.Globalization;
using Npgsql;
using Orderly.Server.Configuration;
using Orderly.Server.Database;

namespace Orderly.Server.Startup;

/// <summary>
/// The command <c>doctor</c>: looks at everything that the service depends on, and says what to do about each finding.
/// Changes nothing.
/// </summary>
internal sealed class Doctor(AllSettings settings, bool verifiesLog, TimeProvider time, TextWriter output)
{
    private const long FreeBytesMin = 2L * 1024 * 1024 * 1024;
    private const double FreeShareMin = 0.1;
    private const UnixFileMode OthersMay = UnixFileMode.GroupRead | UnixFileMode.GroupWrite
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    private readonly List<Diagnosis> _findings = [];

    /// <summary>False: something must be mended.</summary>
    public async Task<bool> RunAsync(TextWriter errors)
    {
        TellAll(ExamineSettings());
        TellAll(ExamineFiles());
        try
        {
            await using var database = await DatabaseLocation.OpenForReadingAsync(
                settings.Server, time, errors.WriteLine, CancellationToken.None);
            if (await ExamineDatabaseAsync(database.ConnectionString))
            {
                await VerifyAsync(errors);
            }
        }
        catch (Exception exception) when (exception is DatabaseStartException or NpgsqlException)
        {
            Tell(new Diagnosis(Severity.Failure, "database", exception.Message.ReplaceLineEndings(" "),
                "Nothing can be served without it: see docs/operations/runbook.md."));
        }

        var counts = _findings.ToLookup(finding => finding.Severity);
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
            $"{_findings.Count} checks: {counts[Severity.Failure].Count()} failures, ")
            + string.Create(CultureInfo.InvariantCulture, $"{counts[Severity.Warning].Count()} warnings."));
        return !counts.Contains(Severity.Failure);
    }

    private IEnumerable<Diagnosis> ExamineSettings()
    {
        yield return Diagnosis.Ok("settings", "all are known and can be used");
        var window = settings.Orders.UpdatableAfter;
        yield return Diagnosis.Of(window > TimeSpan.Zero, Severity.Warning, "settings",
            $"orders can be updated after {window}",
            "Orders:UpdatableAfter is 0, so that new ones can be updated at once: is that meant?");
        yield return Diagnosis.Of(settings.Server.ConnectionString is not null, Severity.Warning, "settings",
            settings.Server.ConnectionString is null ? "uses the embedded PostgreSQL" : "uses a configured database",
            "It runs on this machine alone: for production set ConnectionStrings:Orderly.");
    }

    private IEnumerable<Diagnosis> ExamineFiles()
    {
        if (new DirectoryInfo(settings.Server.DataDirectory) is { Exists: true } data)
        {
            var drive = new DriveInfo(data.FullName);
            var isFine = drive.AvailableFreeSpace > FreeBytesMin
                && drive.AvailableFreeSpace > drive.TotalSize * FreeShareMin;
            yield return Diagnosis.Of(isFine, Severity.Warning, "disk",
                string.Create(CultureInfo.InvariantCulture,
                    $"{drive.AvailableFreeSpace / 1e9:N1} of {drive.TotalSize / 1e9:N1} GB free for {data.FullName}"),
                "PostgreSQL stops when the disk is full: make room, or move Orderly:DataDirectory.");
        }

        var key = new FileInfo(settings.Changes.SigningKeyFile);
        var isSecret = OperatingSystem.IsWindows() || !key.Exists
            || (key.UnixFileMode & OthersMay) == UnixFileMode.None;
        yield return Diagnosis.Of(key.Exists && isSecret, Severity.Warning, "files",
            !key.Exists ? $"there is no {key.FullName}"
                : isSecret ? $"{key.FullName} is the owner's alone" : $"{key.FullName} can be read by others",
            !key.Exists ? "Checkpoints are signed with it; a server makes it at its first start. Back it up."
                : "Whoever has it can sign a false log: chmod 600.");
    }

    /// <summary>False: the schema is not there, so that no more can be asked.</summary>
    private async Task<bool> ExamineDatabaseAsync(string connectionString)
    {
        var text = new NpgsqlConnectionStringBuilder(connectionString)
        {
            Pooling = false,
            ApplicationName = "orderly-doctor",
        };
        await using var connection = new NpgsqlConnection(text.ConnectionString);
        await connection.OpenAsync();
        var examination = new ExaminationStore(connection, time);
        TellAll(await examination.ExamineServerAsync());
        try
        {
            await Migrator.RequireCurrentAsync(connection, CancellationToken.None);
        }
        catch (MigrationException exception)
        {
            Tell(new Diagnosis(Severity.Failure, "schema", exception.Message,
                "Run the command migrate of the version that you want to run."));
            return false;
        }

        Tell(Diagnosis.Ok("schema", $"is that of this version ({Migrator.Known[^1].Name})"));
        TellAll(await examination.ExamineContentAsync());
        return true;
    }

    private async Task VerifyAsync(TextWriter errors)
    {
        if (!verifiesLog)
        {
            Tell(new Diagnosis(Severity.Warning, "log", "was not verified",
                "Leave --log skip out, or run the command verify."));
            return;
        }

        using var told = new StringWriter(CultureInfo.InvariantCulture);
        var isRight = await VerifyLog.RunAsync(settings, new VerifyOptions(null, null), told, errors);
        var lines = told.ToString().TrimEnd().Split(Environment.NewLine);
        Tell(Diagnosis.Of(isRight, Severity.Failure, "log", lines[^1],
            "Somebody changed the log, or a restore is not whole: run verify, which names each place."));
    }

    private void TellAll(IEnumerable<Diagnosis> findings)
    {
        foreach (var finding in findings)
        {
            Tell(finding);
        }
    }

    private void Tell(Diagnosis finding)
    {
        _findings.Add(finding);
        output.WriteLine(finding);
    }
}
