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
    if (args is [ListRun.Command, ..])
    {
        Console.WriteLine(await new ListRun(ListRun.ParseOrders(args), directory)
            .Run($"dotnet run -c Release --project bench/Load -- {string.Join(' ', args)}"));
        return 0;
    }
    if (args is [TransferRun.Command, ..])
    {
        Console.WriteLine(await new TransferRun(TransferRun.ParseOrders(args), directory)
            .Run($"dotnet run -c Release --project bench/Load -- {string.Join(' ', args)}"));
        return 0;
    }
    if (args is [GrowthPlot.Command, ..])
    {
        Console.WriteLine(await new GrowthPlot(GrowthPlot.Parse(args)).Run());
        return 0;
    }
    var options = LoadOptions.Parse(args);
    var command = $"dotnet run -c Release --project bench/Load -- {string.Join(' ', args)}".TrimEnd(' ', '-');
    var (report, passed) = await new LoadRun(options, directory).Run(command);
    Console.WriteLine(report);
    if (options.Out is { } file) await File.WriteAllTextAsync(file, report);
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
