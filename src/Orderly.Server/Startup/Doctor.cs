using System.Globalization;
using Npgsql;
using Orderly.Server.Configuration;
using Orderly.Server.Database;
using Orderly.Server.Privacy;

namespace Orderly.Server.Startup;

/// <summary>
/// The command <c>doctor</c>: looks at everything that the service depends on, and says what to do about each finding.
/// Changes nothing.
/// </summary>
internal sealed class Doctor
{
    private readonly AllSettings _settings;
    private readonly bool _verifiesLog;
    private readonly TimeProvider _time;
    private readonly TextWriter _output;
    private readonly List<Diagnosis> _findings = [];

    private Doctor(AllSettings settings, bool verifiesLog, TimeProvider time, TextWriter output)
    {
        _settings = settings;
        _verifiesLog = verifiesLog;
        _time = time;
        _output = output;
    }

    /// <summary>False: something must be mended.</summary>
    public static async Task<bool> RunAsync(
        IConfiguration configuration, bool verifiesLog, TimeProvider time, TextWriter output, TextWriter errors)
    {
        try
        {
            return await new Doctor(SettingsReader.Read(configuration), verifiesLog, time, output).ExamineAsync(errors);
        }
        catch (SettingsException exception)
        {
            await output.WriteLineAsync(new Diagnosis(Severity.Failure, "settings", exception.Message,
                "No server starts with it, and nothing else can be examined: --help lists all settings.").ToString());
            return false;
        }
    }

    private async Task<bool> ExamineAsync(TextWriter errors)
    {
        TellAll(ExamineSettings());
        TellAll(FileExamination.Examine(_settings, _time));
        try
        {
            await using var database = await DatabaseLocation.OpenForReadingAsync(
                _settings.Server, _time, errors.WriteLine, CancellationToken.None);
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
        await _output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
            $"{_findings.Count} checks: {counts[Severity.Failure].Count()} failures, ")
            + string.Create(CultureInfo.InvariantCulture, $"{counts[Severity.Warning].Count()} warnings."));
        return !counts.Contains(Severity.Failure);
    }

    private IEnumerable<Diagnosis> ExamineSettings()
    {
        yield return Diagnosis.Ok("settings", "all are known and can be used");
        var window = _settings.Orders.UpdatableAfter;
        yield return Diagnosis.Of(window > TimeSpan.Zero, Severity.Warning, "settings",
            $"orders can be updated after {window}",
            "Orders:UpdatableAfter is 0, so that new ones can be updated at once: is that meant?");
        yield return Diagnosis.Of(_settings.Server.ConnectionString is not null, Severity.Warning, "settings",
            _settings.Server.ConnectionString is null ? "uses the embedded PostgreSQL" : "uses a configured database",
            "It runs on this machine alone: for production set ConnectionStrings:Orderly.");
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
        var examination = new ExaminationStore(connection, _time);
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
        Tell(await ExamineKeysAsync(connectionString));
        return true;
    }

    /// <summary>Whether the key file is the one that this database was used with, and has all that is needed.</summary>
    private async Task<Diagnosis> ExamineKeysAsync(string connectionString)
    {
        await using var database = DataSources.ForWrites(connectionString, log: null);
        var register = new KeyRegisterStore(database);
        var known = await register.ListAsync(CancellationToken.None);
        var needed = await register.ListNeededAsync(CancellationToken.None);
        var path = _settings.Privacy.KeyFile;
        if (FileExamination.ReadKeys(path).Keys is not { } keys)
        {
            return Diagnosis.Of(known.Count == 0, Severity.Failure, "keys", known.Count == 0
                ? "the database was not used with keys of personal data yet"
                : $"the database was used with keys of personal data, which {path} does not have",
                "No server starts without them: put the copy that you keep in its place.");
        }

        var fault = KeyRegister.FindFault(path, keys, known, needed);
        return Diagnosis.Of(fault is null, Severity.Failure, "keys",
            fault ?? "the keys of personal data are those of this database", "No server starts with this file.");
    }

    private async Task VerifyAsync(TextWriter errors)
    {
        if (!_verifiesLog)
        {
            Tell(new Diagnosis(Severity.Warning, "log", "was not verified",
                "Leave --log skip out, or run the command verify."));
            return;
        }

        using var told = new StringWriter(CultureInfo.InvariantCulture);
        var isRight = await VerifyLog.RunAsync(_settings, new VerifyOptions(null, null), told, errors);
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
        _output.WriteLine(finding);
    }
}
