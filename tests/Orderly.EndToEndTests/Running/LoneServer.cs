using System.Collections.Concurrent;
using System.Diagnostics;
using System.Reflection;

namespace Orderly.EndToEndTests.Running;

/// <summary>One built server with its embedded database, in a directory of its own, and all that it says.</summary>
internal sealed class LoneServer : IAsyncDisposable
{
    private const int ReadyTimeoutSeconds = 120;
    private const int StopTimeoutSeconds = 45;
    private const string ReadyLine = "Orderly is ready on ";

    private readonly Process _process;
    private readonly TaskCompletionSource<Uri> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentQueue<string> _lines = new();
    private Uri? _address;

    private LoneServer(Process process, string directory)
    {
        _process = process;
        Directory = directory;
    }

    public string Directory { get; }

    public int ProcessId => _process.Id;

    public Uri Address => _ready.Task.IsCompletedSuccessfully
        ? _address!
        : throw new InvalidOperationException("The server is not ready.");

    /// <summary>Everything that the server wrote, to standard output and to standard error.</summary>
    public IReadOnlyCollection<string> Lines => _lines;

    /// <summary>How many of its last lines are kept: all, unless a run is long.</summary>
    public int LinesKeptMax { get; set; } = int.MaxValue;

    /// <summary>Is told each line of JSON as it comes.</summary>
    public Action<string> OnLine { get; set; } = _ => { };

    /// <summary>The lines that are JSON.</summary>
    public IReadOnlyList<string> LogLines => [.. _lines.Where(line => line.StartsWith('{'))];

    /// <param name="settings">Environment variables beside those that every such server has.</param>
    public static async Task<LoneServer> StartAsync(params (string Name, string Value)[] settings)
    {
        var assembly = typeof(LoneServer).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(entry => entry.Key == "ServerAssembly").Value!;
        var directory = Path.Combine(Path.GetTempPath(), "orderly-lone-" + Path.GetRandomFileName());
        System.IO.Directory.CreateDirectory(directory);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(directory, (UnixFileMode)0b111_101_101); // PostgreSQL's user must get through
        }

        var start = new ProcessStartInfo("dotnet", [Path.GetFullPath(assembly)])
        {
            WorkingDirectory = directory,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["Orderly__DataDirectory"] = Path.Combine(directory, "data");
        start.Environment["Orderly__BootstrapKey"] = ServerProcess.Key;
        start.Environment["urls"] = "http://127.0.0.1:0";
        foreach (var (name, value) in settings)
        {
            start.Environment[name] = value;
        }

        var server = new LoneServer(new Process { StartInfo = start, EnableRaisingEvents = true }, directory);
        server._process.OutputDataReceived += (_, line) => server.Note(line.Data);
        server._process.ErrorDataReceived += (_, line) => server.Note(line.Data);
        server._process.Exited += (_, _) => server._ready.TrySetException(
            new InvalidOperationException($"The server ended: {string.Join('\n', server._lines.TakeLast(10))}"));
        server._process.Start();
        server._process.BeginOutputReadLine();
        server._process.BeginErrorReadLine();
        try
        {
            await server._ready.Task.WaitAsync(TimeSpan.FromSeconds(ReadyTimeoutSeconds));
            return server;
        }
        catch
        {
            await server.DisposeAsync(); // or it would outlive the test
            throw;
        }
    }

    /// <summary>Tells it to stop, and waits until it has. Returns its exit code.</summary>
    public async Task<int> StopAsync()
    {
        Signals.Send(ProcessId, Signals.Terminate);
        await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(StopTimeoutSeconds));
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await StopAsync();
        }

        _process.Dispose();
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    private void Note(string? line)
    {
        if (line is null)
        {
            return;
        }

        _lines.Enqueue(line);
        if (_lines.Count > LinesKeptMax)
        {
            _lines.TryDequeue(out _);
        }

        if (line.StartsWith('{'))
        {
            OnLine(line);
        }

        if (line.StartsWith(ReadyLine, StringComparison.Ordinal))
        {
            _address = new Uri(line[ReadyLine.Length..]);
            _ready.TrySetResult(_address);
        }
    }
}
