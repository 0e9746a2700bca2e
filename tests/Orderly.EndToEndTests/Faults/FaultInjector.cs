using Orderly.EndToEndTests.Running;

namespace Orderly.EndToEndTests.Faults;

/// <summary>Does faults to a running installation, one after the other, in an order that the seed decides.</summary>
internal sealed class FaultInjector(Installation installation, Random random, FaultPlan plan, Action<string> report)
{
    private const int LostAnswersMax = 12;
    private const int DelayMillisecondsMax = 200;
    private const int RecoveryTimeoutSeconds = 60;
    private const int PollMilliseconds = 50;

    private readonly Dictionary<FaultKind, int> _done = [];

    /// <summary>How many faults of each kind were done.</summary>
    public IReadOnlyDictionary<FaultKind, int> Done => _done;

    public int Count => _done.Values.Sum();

    /// <summary>Goes through the plan, with a pause before each fault in which the clients find back to work.</summary>
    public async Task RunAsync()
    {
        foreach (var kind in plan.Kinds)
        {
            await Task.Delay(random.Next(plan.PauseMillisecondsMax / 2, plan.PauseMillisecondsMax));
            var server = random.Next(installation.Servers.Count);
            report($"fault {Count + 1}/{plan.Kinds.Count}: {kind} at {installation.Servers[server].Name}");
            await DoAsync(kind, server);
            _done[kind] = _done.GetValueOrDefault(kind) + 1;
        }
    }

    private Task DoAsync(FaultKind kind, int index)
    {
        var server = installation.Servers[index];
        var database = installation.DatabaseProxies[index];
        return kind switch
        {
            FaultKind.KillServer => RestartAsync(server),
            FaultKind.KillBackend => KillBackendAsync(server),
            FaultKind.KillPostmaster => KillPostmasterAsync(),
            FaultKind.FreezeServer => FreezeAsync([server.ProcessId]),
            FaultKind.FreezeDatabase => FreezeBackendsAsync(),
            FaultKind.OrphanBackends => OrphanBackendsAsync(server, database),
            FaultKind.CutDatabase => Now(database.ResetAll),
            FaultKind.LoseDatabaseAnswers => Now(() => database.LoseAnswers(random.Next(1, LostAnswersMax))),
            FaultKind.LoseAnswers => Now(() => server.Proxy.LoseAnswers(random.Next(1, LostAnswersMax))),
            FaultKind.HalfClose => Now(random.Next(2) == 0 ? server.Proxy.HalfCloseAll : database.HalfCloseAll),
            FaultKind.Delay => DelayAsync(random.Next(2) == 0 ? server.Proxy : database),
        };
    }

    private static Task Now(Action action)
    {
        action();
        return Task.CompletedTask;
    }

    private Task HoldAsync() => Task.Delay(random.Next(plan.HoldMillisecondsMax / 3, plan.HoldMillisecondsMax));

    private async Task RestartAsync(ServerProcess server)
    {
        await server.KillAsync();
        await Task.Delay(random.Next(plan.PauseMillisecondsMax));
        await server.StartAsync();
    }

    private async Task KillBackendAsync(ServerProcess server)
    {
        var backends = await BackendsAsync(server);
        if (backends.Count > 0)
        {
            Signals.Send(backends[random.Next(backends.Count)], Signals.Kill);
        }

        await RecoverAsync();
    }

    private async Task KillPostmasterAsync()
    {
        var before = installation.PostmasterPid;
        Signals.Send(before, Signals.Kill);

        // Its backends may answer for a moment longer.
        for (var waited = 0; installation.PostmasterPid == before; waited += PollMilliseconds)
        {
            if (waited >= RecoveryTimeoutSeconds * 1000)
            {
                throw new InvalidOperationException("The postmaster was not started again.");
            }

            await Task.Delay(PollMilliseconds);
        }

        await RecoverAsync();
    }

    private async Task FreezeBackendsAsync() =>
        await FreezeAsync([.. await installation.QueryAsync(
            "select pid from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()",
            row => row.GetInt32(0))]);

    private async Task OrphanBackendsAsync(ServerProcess server, TcpProxy database)
    {
        var backends = await BackendsAsync(server);
        await FreezeAsync(backends, async () =>
        {
            await Task.Delay(random.Next(plan.PauseMillisecondsMax));
            database.ResetAll();
        });
    }

    /// <summary>They go on again whatever happens meanwhile.</summary>
    private async Task FreezeAsync(IReadOnlyList<int> processes, Func<Task>? meanwhile = null)
    {
        try
        {
            foreach (var process in processes)
            {
                Signals.Send(process, Signals.Stop);
            }

            await (meanwhile?.Invoke() ?? Task.CompletedTask);
            await HoldAsync();
        }
        finally
        {
            foreach (var process in processes)
            {
                Signals.Send(process, Signals.Continue);
            }
        }
    }

    private async Task DelayAsync(TcpProxy proxy)
    {
        proxy.DelayMilliseconds = random.Next(1, DelayMillisecondsMax);
        await HoldAsync();
        proxy.DelayMilliseconds = 0;
    }

    private Task<List<int>> BackendsAsync(ServerProcess server) => installation.QueryAsync(
        $"select pid from pg_stat_activity where application_name = 'orderly-{server.Name}'", row => row.GetInt32(0));

    /// <summary>Waits until PostgreSQL answers again.</summary>
    private async Task RecoverAsync()
    {
        for (var waited = 0; waited < RecoveryTimeoutSeconds * 1000; waited += PollMilliseconds)
        {
            await Task.Delay(PollMilliseconds);
            try
            {
                await installation.ExecuteAsync("select 1");
                return;
            }
            catch (Npgsql.NpgsqlException)
            {
                // Not yet.
            }
        }

        throw new InvalidOperationException($"PostgreSQL did not answer within {RecoveryTimeoutSeconds} s.");
    }
}

/// <summary>Which faults are done, in this order, and how long they take.</summary>
/// <param name="HoldMillisecondsMax">How long a process stands still at the most.</param>
internal sealed record FaultPlan(IReadOnlyList<FaultKind> Kinds, int PauseMillisecondsMax, int HoldMillisecondsMax)
{
    /// <summary>Every kind as often as every other, in an order that the seed decides.</summary>
    public static FaultPlan Of(Random random, int count, int pauseMillisecondsMax, int holdMillisecondsMax)
    {
        var all = Enum.GetValues<FaultKind>();
        var kinds = Enumerable.Range(0, count).Select(i => all[i % all.Length]).ToArray();
        random.Shuffle(kinds);
        return new FaultPlan(kinds, pauseMillisecondsMax, holdMillisecondsMax);
    }
}
