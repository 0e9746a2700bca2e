using Orderly.EndToEndTests;
using Orderly.EndToEndTests.Fuzzing;
using Orderly.EndToEndTests.Production;
using Orderly.EndToEndTests.Work;

// The tests, as any runner starts them; or, as commands of their own, the tests that take long:
//   dotnet run --project tests/Orderly.EndToEndTests -- faults
// or, the long run:
//   dotnet run --project tests/Orderly.EndToEndTests -- soak --operations 50000 --faults 33 --seed 1
// or, what a reader of the feed waits for an event, idle and under load:
//   dotnet run -c Release --project tests/Orderly.EndToEndTests -- feed-delay
// or, a day in production, in half an hour:
//   dotnet run -c Release --project tests/Orderly.EndToEndTests -- day --minutes 30 --report FILE
// or, whether a key that asks for 50 times its quota makes another one wait:
//   dotnet run -c Release --project tests/Orderly.EndToEndTests -- noisy-key [--quick]
// or, requests made from the OpenAPI document, with which answers must comply:
//   dotnet run -c Release --project tests/Orderly.EndToEndTests -- fuzz --requests 100000 --seed 1
const int Done = 0, Violated = 1, WrongOption = 2;
const double NoiseRatioMax = 1.2, NoisyServedMax = 1.1;
const int IdleWrites = 300, IdlePauseMilliseconds = 120;
const int BusyWrites = 6_000, BusyWriters = 12, BusyPauseMilliseconds = 8;

if (args is ["feed-delay"])
{
    foreach (var delay in await FeedDelay.MeasureAsync(IdleWrites, writers: 1, IdlePauseMilliseconds))
    {
        Console.WriteLine($"idle, {delay}");
    }

    foreach (var delay in await FeedDelay.MeasureAsync(BusyWrites, BusyWriters, BusyPauseMilliseconds))
    {
        Console.WriteLine($"busy, {delay}");
    }

    return Done;
}

if (args is ["faults", ..])
{
    return await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(["-explicit", "only", .. args[1..]]);
}

if (args is ["day", ..])
{
    return await DayProgram.RunAsync(args[1..]);
}

if (args is ["noisy-key", ..])
{
    var (rounds, seconds) = args.Contains("--quick") ? (1, 3) : (7, 5);
    var noise = await NoisyKey.MeasureAsync(rounds, seconds);
    Console.WriteLine(noise);
    return noise.Failures == 0 && noise.NoisyServed <= noise.NoisyQuota * NoisyServedMax
        && (args.Contains("--quick") || noise.Ratio <= NoiseRatioMax) ? Done : Violated;
}

if (args is ["fuzz", ..])
{
    return await FuzzCommand.RunAsync(args[1..]);
}

if (args is not ["soak", ..])
{
    return args.Any(argument => argument is "--server" or "--internal-msbuild-node")
        ? await Xunit.MicrosoftTestingPlatform.TestPlatformTestFramework.RunAsync(
            args, SelfRegisteredExtensions.AddSelfRegisteredExtensions)
        : await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args);
}

if (NumberOptions.Read(args[1..], "--operations", "--faults", "--seed", "--clients") is not { } given)
{
    return WrongOption;
}

var usual = new SoakOptions
{
    Seed = Environment.ProcessId,
    Report = line => Console.WriteLine($"{TimeProvider.System.GetUtcNow():HH:mm:ss} {line}"),
};
var options = usual with
{
    Operations = given.GetValueOrDefault("--operations", usual.Operations),
    Faults = given.GetValueOrDefault("--faults", usual.Faults),
    Seed = given.GetValueOrDefault("--seed", usual.Seed),
    Clients = given.GetValueOrDefault("--clients", usual.Clients),
};
var result = await Soak.RunAsync(options);
Console.WriteLine(result.Summary);
return result.Violations.Count == 0 ? Done : Violated;
