using System.Globalization;
using Orderly.EndToEndTests;
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
