using System.Diagnostics;

namespace Orderly.Bench.Load;

/// <summary>Starts everything, measures in interleaved rounds, counts what is stored, and reports.</summary>
internal sealed class LoadRun(LoadOptions options, DirectoryInfo directory)
{
    // The first time, code is still being compiled for the workload, in every target that does so while it runs.
    private const int RepeatedWarmUpShare = 4;

    /// <summary>The report, and whether all that was acknowledged is stored and no request failed.</summary>
    public async Task<(string Report, bool Passed)> Run(string command)
    {
        await using var postgres = await PrivatePostgres.Start(directory.CreateSubdirectory("cluster"));
        var machine = await MachineDescription.Of(postgres);
        var targets = new List<Target>();
        try
        {
            var textCharacters = 0;
            foreach (var name in TargetNames.All.Where(name => options.Targets.Contains(name, StringComparer.Ordinal)))
            {
                var target = Make(name, postgres, targets.OfType<OrderlyTarget>().FirstOrDefault(), textCharacters);
                targets.Add(target);
                Progress($"starting {name}");
                await target.Start(directory);
                if (target is OrderlyTarget orderly) textCharacters = await orderly.ContentCharacters();
            }
            var results = new LoadResults();
            foreach (var workload in options.Workloads) await Measure(workload, targets, results);
            results.Servers.AddRange(targets.OfType<HttpTarget>().Select(server =>
                new ServerUse(server.Name, server.StartSeconds, server.IdleMebibytes, server.PeakMebibytes)));
            foreach (var target in targets) results.Add(target, await target.Verify());
            return (LoadReport.Write(results, options, machine, command), results.Passed);
        }
        finally
        {
            foreach (var target in targets) await target.DisposeAsync();
        }
    }

    private async Task Measure(Workload workload, List<Target> targets, LoadResults results)
    {
        for (var round = 1; round <= options.Rounds; round++)
        {
            var warmUp = TimeSpan.FromMilliseconds(options.WarmUpMilliseconds / (round == 1 ? 1 : RepeatedWarmUpShare));
            foreach (var target in targets.Where(target => target.Does(workload)))
            {
                using var self = Process.GetCurrentProcess();
                var before = self.TotalProcessorTime;
                var start = Stopwatch.GetTimestamp();
                var measurement = await target.Measure(workload, warmUp);
                self.Refresh();
                var busy = (self.TotalProcessorTime - before) / Stopwatch.GetElapsedTime(start);
                results.Add(target, workload, measurement, busy);
                Progress(FormattableString.Invariant(
                    $"{workload} round {round} {target.Name}: {measurement.RequestsPerSecond:N0}/s"));
            }
        }
    }

    private Target Make(string name, PrivatePostgres postgres, OrderlyTarget? service, int textCharacters) => name switch
    {
        TargetNames.Orderly => new OrderlyTarget(postgres, options),
        TargetNames.Pgbench or TargetNames.PgbenchLines =>
            new PgbenchTarget(name, postgres, options) { Service = service, TextCharacters = textCharacters },
        TargetNames.Express => new ExpressTarget(postgres, options),
        TargetNames.EfCore => new EfCoreTarget(postgres, options),
        _ => throw new UsageException($"{name} is not a target."),
    };

    private static void Progress(string line) => Console.Error.WriteLine(line);
}
