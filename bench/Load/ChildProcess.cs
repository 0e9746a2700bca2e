using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace Orderly.Bench.Load;

/// <summary>A program started for the benchmark, and ended with it.</summary>
internal sealed partial class ChildProcess : IAsyncDisposable
{
    private const int StopTimeoutSeconds = 10;
    private const int TailLines = 20;
    private const int SigTerm = 15;

    private readonly Process process;
    private readonly ConcurrentQueue<string> tail = new();
    private readonly TaskCompletionSource<Uri> ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ChildProcess(ProcessStartInfo start)
    {
        process = new Process { StartInfo = start, EnableRaisingEvents = true };
        process.Exited += (_, _) => ready.TrySetException(new BenchException($"{start.FileName} ended. {Tail()}"));
        process.Start();
        _ = Follow(process.StandardOutput);
        _ = Follow(process.StandardError);
    }

    public int ProcessId => process.Id;

    /// <summary>Starts a server and waits for the line that says where it listens.</summary>
    public static async Task<(ChildProcess Process, Uri Address)> StartServer(ProcessStartInfo start, TimeSpan timeout)
    {
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        foreach (var setting in GeneratorSettings.Names) start.Environment.Remove(setting);
        var child = new ChildProcess(start);
        try
        {
            return (child, await child.ready.Task.WaitAsync(timeout));
        }
        catch (TimeoutException)
        {
            await child.DisposeAsync();
            throw new BenchException($"{start.FileName} was not ready after {timeout.TotalSeconds} s. {child.Tail()}");
        }
    }

    /// <summary>Runs a tool to its end and gives what it wrote to stdout.</summary>
    public static async Task<string> RunTool(ProcessStartInfo start)
    {
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        using var tool = Process.Start(start) ?? throw new BenchException($"{start.FileName} did not start.");
        var errors = tool.StandardError.ReadToEndAsync();
        var output = await tool.StandardOutput.ReadToEndAsync();
        var complaint = await errors;
        await tool.WaitForExitAsync();
        return tool.ExitCode == 0
            ? output
            : throw new BenchException($"{start.FileName} ended with {tool.ExitCode}. {complaint} {output}");
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            if (OperatingSystem.IsWindows() || Kill(process.Id, SigTerm) != 0) process.Kill(entireProcessTree: true);
            try
            {
                await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(StopTimeoutSeconds));
            }
            catch (TimeoutException)
            {
                process.Kill(entireProcessTree: true);
            }
        }
        process.Dispose();
    }

    /// <summary>
    /// Reads lines until the server is ready. From then on its log is only taken off its hands: to make lines of it
    /// would cost the machine more than it costs the server to write them.
    /// </summary>
    private async Task Follow(StreamReader output)
    {
        while (!ready.Task.IsCompleted && await output.ReadLineAsync() is { } line) Note(line);
        await output.BaseStream.CopyToAsync(Stream.Null);
    }

    private void Note(string line)
    {
        tail.Enqueue(line);
        if (tail.Count > TailLines) tail.TryDequeue(out _);
        if (!ready.Task.IsCompleted && ReadyLine().Match(line) is { Success: true } match)
            ready.TrySetResult(new Uri(match.Groups["url"].Value));
    }

    private string Tail() => string.Join(Environment.NewLine, tail);

    [GeneratedRegex(@"ready on (?<url>http://[\d.]+:\d+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ReadyLine();

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Kill(int processId, int signal);
}
