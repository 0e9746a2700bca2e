using System.Globalization;

namespace Orderly.EmbeddedPostgres;

/// <summary>
/// Starts, takes over and stops the one PostgreSQL server process of a cluster.
/// <code>
///   none ──start──▶ starting ──ready──▶ running ──stop──▶ none
///    ▲                                     │
///    └── leftovers end ◀── died ◀──────────┘      (ClusterSupervisor starts it again)
/// </code>
/// </summary>
internal sealed class Postmaster(ClusterDirectory directory, PostgresBinaries binaries, PostgresProcess process,
    EmbeddedClusterOptions options)
{
    private const int readyPollMilliseconds = 20;
    private const int leftoversEndSeconds = 2;
    private const int leftoversQuitSeconds = 5;
    private const int immediateStopSeconds = 10;
    private const int stillStartingReportSeconds = 10;
    private readonly ClusterHome home = directory.Home;
    private readonly TimeProvider clock = options.Clock;

    // pg_ctl, which started the postmaster and looks after it until it is ready or has failed.
    private Task<ProgramResult> starter = Task.FromResult(new ProgramResult(0, ""));

    /// <summary>The process id of the postmaster that was last seen ready.</summary>
    public int ProcessId { get; private set; }

    public bool IsAlive => ClusterProcesses.IsPostgresOf(home, ProcessId);

    /// <summary>The port of a postmaster that a killed owner left, if there is one.</summary>
    public int? RunningPort() =>
        PostmasterFile.Read(home) is { } file && ClusterProcesses.IsPostgresOf(home, file.ProcessId)
            ? file.Port
            : null;

    /// <summary>
    /// Takes over a postmaster that a killed owner left, if it runs with these settings; one with others is
    /// stopped. False if there is none to take over.
    /// </summary>
    public async Task<bool> TryAdoptAsync(bool settingsAreTheSame, CancellationToken ct)
    {
        if (PostmasterFile.Read(home) is not { } file || !ClusterProcesses.IsPostgresOf(home, file.ProcessId))
            return false;
        if (settingsAreTheSame && !file.IsStopping && await BecomesReadyAsync(file.ProcessId, ct))
        {
            options.Report($"Took over the running PostgreSQL (process {Number(file.ProcessId)})");
            ProcessId = file.ProcessId;
            return true;
        }

        options.Report($"Stopping the running PostgreSQL (process {Number(file.ProcessId)}), to start it anew");
        await StopAsync(ct);
        return false;
    }

    /// <summary>Starts the postmaster and waits until it takes connections.</summary>
    public async Task StartAsync(CancellationToken ct)
    {
        await EndLeftoversAsync(ct);
        var stale = PostmasterFile.Read(home);
        var log = new ClusterLog(home);
        File.Delete(log.StartFile);
        log.Mark();

        ct.ThrowIfCancellationRequested();
        var began = clock.GetTimestamp();
        var reported = 1;
        starter = RunPgCtlStartAsync(log.StartFile);
        while (true)
        {
            var ended = starter.IsCompleted;
            var file = PostmasterFile.Read(home);
            if (file is { IsReady: true } && (file.ProcessId, file.StartedAt) != (stale?.ProcessId, stale?.StartedAt))
            {
                ProcessId = file.ProcessId;
                return;
            }

            if (ended)
                throw StartFailed(await starter, log);
            if (clock.GetElapsedTime(began) > options.StartTimeout)
                throw new EmbeddedPostgresException(
                    $"PostgreSQL in '{home.Path}' was not ready after {options.StartTimeout.TotalSeconds:0} s: see the "
                    + $"logs in '{home.LogDirectory}', and allow more time (StartTimeout) if it is recovering.");
            if (clock.GetElapsedTime(began).TotalSeconds > reported * stillStartingReportSeconds)
                options.Report($"PostgreSQL is still starting after {reported++ * stillStartingReportSeconds} s");
            await PollDelayAsync(ct);
        }
    }

    /// <summary>
    /// Stops the postmaster, fast (clients are cut off, everything is written), and, when that takes too long,
    /// immediately, which is a crash that the next start recovers from.
    /// </summary>
    public async Task StopAsync(CancellationToken ct)
    {
        if (!await StopAsync("fast", options.StopTimeout, ct))
        {
            options.Report(
                $"PostgreSQL did not stop within {options.StopTimeout.TotalSeconds:0} s; stopping it immediately");
            await StopAsync("immediate", TimeSpan.FromSeconds(immediateStopSeconds), ct);
        }

        // The log writer ends a moment after the postmaster.
        if (!await LeftoversEndAsync(leftoversEndSeconds, ct))
            throw new EmbeddedPostgresException(
                $"PostgreSQL in '{home.Path}' could not be stopped: end its processes by hand ("
                + string.Join(", ", await LeftoversAsync(ct)) + ").");
        // pg_ctl ends at the latest with what it started.
        _ = await starter;
    }

    private async Task<bool> StopAsync(string mode, TimeSpan limit, CancellationToken ct)
    {
        var began = clock.GetTimestamp();
        var asked = 0;
        while (clock.GetElapsedTime(began) < limit)
        {
            var file = PostmasterFile.Read(home);
            if (file is null || !ClusterProcesses.IsPostgresOf(home, file.ProcessId))
            {
                // A postmaster that is only just being started has no file yet.
                if (starter.IsCompleted && !ClusterProcesses.IsPostgresOf(home, ProcessId))
                    return true;
            }
            else if (asked != file.ProcessId)
            {
                asked = file.ProcessId;
                var stop = await process.RunUnprivilegedAsync(binaries.PgCtl,
                    ["stop", "-D", home.DataDirectory, "-m", mode, "-W", "-s"], ct);
                if (stop.ExitCode != 0 && ClusterProcesses.IsPostgresOf(home, asked))
                    throw new EmbeddedPostgresException(
                        $"PostgreSQL in '{home.Path}' could not be stopped: {stop.LastLines}");
            }

            await PollDelayAsync(ct);
        }

        return false;
    }

    /// <summary>
    /// After a postmaster was killed, its other processes end by themselves within moments unless they are busy;
    /// they must be gone before a new one starts on the same files.
    /// </summary>
    private async Task EndLeftoversAsync(CancellationToken ct)
    {
        if (!await LeftoversEndAsync(leftoversEndSeconds, ct))
        {
            foreach (var pid in await LeftoversAsync(ct))
            {
                // It may have ended meanwhile; what counts is whether any is left below.
                _ = await process.RunUnprivilegedAsync(binaries.PgCtl, ["kill", "QUIT", Number(pid)], ct);
            }

            if (!await LeftoversEndAsync(leftoversQuitSeconds, ct))
                throw new EmbeddedPostgresException(
                    $"Processes of an earlier PostgreSQL still use '{home.DataDirectory}': end them ("
                    + string.Join(", ", await LeftoversAsync(ct)) + ").");
        }

        PostmasterFile.Disown(directory);
    }

    private async Task<bool> LeftoversEndAsync(int limitSeconds, CancellationToken ct)
    {
        var began = clock.GetTimestamp();
        while ((await LeftoversAsync(ct)).Count > 0)
        {
            if (clock.GetElapsedTime(began).TotalSeconds > limitSeconds)
                return false;
            await PollDelayAsync(ct);
        }

        return true;
    }

    private Task<IReadOnlyList<int>> LeftoversAsync(CancellationToken ct) =>
        ClusterProcesses.AllAsync(home, process, ct);

    private async Task<bool> BecomesReadyAsync(int pid, CancellationToken ct)
    {
        var began = clock.GetTimestamp();
        while (clock.GetElapsedTime(began) < options.StartTimeout)
        {
            if (PostmasterFile.Read(home) is not { } file || file.ProcessId != pid || file.IsStopping
                || !ClusterProcesses.IsPostgresOf(home, pid))
                return false;
            if (file.IsReady)
                return true;
            await PollDelayAsync(ct);
        }

        return false;
    }

    // pg_ctl puts the postmaster into a session of its own, so a Ctrl-C in our terminal does not reach it. It is
    // never cancelled: it ends with the postmaster's start or failure, and StopAsync waits for it.
    private Task<ProgramResult> RunPgCtlStartAsync(string logFile)
    {
        // Nobody may switch durability off behind our back with ALTER SYSTEM.
        var arguments = options.Durable ? "-c fsync=on -c full_page_writes=on" : "";
        return process.RunUnprivilegedAsync(binaries.PgCtl,
            ["start", "-D", home.DataDirectory, "-l", logFile, "-w", "-s",
             "-t", Number((int)Math.Ceiling(options.StartTimeout.TotalSeconds)), "-o", arguments],
            CancellationToken.None);
    }

    private EmbeddedPostgresException StartFailed(ProgramResult pgCtl, ClusterLog log)
    {
        var reason = log.Reason();
        if (options.Port is { } port && reason.Contains("could not bind", StringComparison.Ordinal))
            return ClusterAddresses.PortTaken(port);
        return new EmbeddedPostgresException(
            $"PostgreSQL in '{home.Path}' did not start: {(reason.Length > 0 ? reason : pgCtl.LastLines)} "
            + $"(logs: {home.LogDirectory})");
    }

    private Task PollDelayAsync(CancellationToken ct) =>
        Task.Delay(TimeSpan.FromMilliseconds(readyPollMilliseconds), clock, ct);

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
