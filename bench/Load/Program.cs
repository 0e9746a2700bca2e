using Orderly.Bench.Load;

GeneratorSettings.Apply();

if (args.Contains("--help", StringComparer.Ordinal))
{
    Console.WriteLine(LoadOptions.Usage);
    return 0;
}

var directory = Directory.CreateTempSubdirectory("orderly-bench-");
try
{
    // PostgreSQL's own user has to pass through.
    if (!OperatingSystem.IsWindows()) directory.UnixFileMode |= UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
    var command = $"dotnet run -c Release --project bench/Load -- {string.Join(' ', args)}".TrimEnd(' ', '-');
    if (args is [ListRun.Command, ..])
    {
        var lists = ListRun.Parse(args);
        await Tell(await new ListRun(lists, directory).Run(command), lists.Out);
        return 0;
    }
    if (args is [TransferRun.Command, ..])
    {
        var transfer = TransferRun.Parse(args);
        await Tell(await new TransferRun(transfer, directory).Run(command), transfer.Out);
        return 0;
    }
    if (args is [GrowthPlot.Command, ..])
    {
        Console.WriteLine(await new GrowthPlot(GrowthPlot.Parse(args)).Run());
        return 0;
    }
    var options = LoadOptions.Parse(args);
    var (report, passed) = await new LoadRun(options, directory).Run(command);
    await Tell(report, options.Out);
    return passed ? 0 : 1;
}
catch (UsageException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    await Console.Error.WriteLineAsync(LoadOptions.Usage);
    return 2;
}
catch (BenchException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}
finally
{
    directory.Delete(recursive: true);
}

static async Task Tell(string report, string? file)
{
    Console.WriteLine(report);
    if (file is not null) await File.WriteAllTextAsync(file, report);
}
