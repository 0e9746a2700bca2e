using System.Collections.Concurrent;
using System.Diagnostics;
using System.Reflection;

namespace Orderly.EndToEndTests.Running;

/// <summary>
/// The built server as a process of its own, behind a proxy whose address stays when the process is another.
/// </summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    public const string Key = "the-key-of-the-end-to-end-tests-000";
    private const int ReadyTimeoutSeconds = 60;
    private const int StopTimeoutSeconds = 20;
    private const int GracefulTimeoutSeconds = 40;
    private const int LinesMax = 200;
    private const string ReadyLine = "Orderly is ready on ";

    /// <summary>The server as it was built.</summary>
    public static readonly string Built = Path.GetFullPath(typeof(ServerProcess).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(entry => entry.Key == "ServerAssembly").Value!);

    private readonly string _directory;
    private readonly string _connectionString;
    private readonly ConcurrentQueue<string> _lines = new();
    private Process? _process;

    private ServerProcess(string name, string directory, string connectionString)
    {
        Name = name;
        _directory = directory;
        _connectionString = connectionString;
    }

    public string Name { get; }

    /// <summary>What is started: another version takes effect with the next start.</summary>
    public string Assembly { get; set; } = Built;

    /// <summary>Where it listens itself, past the proxy.</summary>
    public Uri DirectAddress => new($"http://127.0.0.1:{Proxy.Target}");

    /// <summary>The way of clients to this server.</summary>
    public TcpProxy Proxy { get; } = new();

    public Uri Address => new($"http://127.0.0.1:{Proxy.Port}");

    public int ProcessId => _process!.Id;

    /// <summary>Whether the process has ended, though nobody ended it.</summary>
    public bool HasEnded => _process is null or { HasExited: true };

    /// <summary>The last lines that the server wrote.</summary>
    public IReadOnlyCollection<string> Lines => _lines;

    public static async Task<ServerProcess> StartAsync(
        string name, string directory, string connectionString, string assembly)
    {
        var server = new ServerProcess(name, directory, connectionString) { Assembly = assembly };
        await server.StartAsync();
        return server;
    }

    public async Task StartAsync()
    {
        var start = new ProcessStartInfo("dotnet", [Assembly])
        {
            WorkingDirectory = _directory,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                ["ConnectionStrings__Orderly"] = _connectionString,
                ["Orderly__BootstrapKey"] = Key,
                ["Orderly__SampleData"] = "false",
                ["Orders__UpdatableAfter"] = "00:00:00",
                ["Logging__LogLevel__Default"] = "Warning",
                ["urls"] = "http://127.0.0.1:0",
            },
        };
        var ready = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, line) => Note(line.Data, ready);
        _process.ErrorDataReceived += (_, line) => Note(line.Data, ready);
        _process.Exited += (_, _) => ready.TrySetException(
            new InvalidOperationException($"{Name} ended: {string.Join('\n', _lines.TakeLast(10))}"));
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        Proxy.Target = await ready.Task.WaitAsync(TimeSpan.FromSeconds(ReadyTimeoutSeconds));
    }

    /// <summary>Tells it to stop, as an operator does, and waits until it has. Returns its exit code.</summary>
    public async Task<int> StopAsync()
    {
        Signals.Send(ProcessId, Signals.Terminate);
        await _process!.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(GracefulTimeoutSeconds));
        var code = _process.ExitCode;
        _process.Dispose();
        _process = null;
        return code;
    }

    /// <summary>Ends the process as a crash does.</summary>
    public async Task KillAsync()
    {
        Signals.Send(ProcessId, Signals.Kill);
        await _process!.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    public async ValueTask DisposeAsync()
    {
        await Proxy.DisposeAsync();
        if (_process is null || _process.HasExited)
        {
            return;
        }

        Signals.Send(ProcessId, Signals.Continue);
        Signals.Send(ProcessId, Signals.Terminate);
        try
        {
            await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(StopTimeoutSeconds));
        }
        catch (TimeoutException)
        {
            await KillAsync();
        }
    }

    private void Note(string? line, TaskCompletionSource<int> ready)
    {
        if (line is null)
        {
            return;
        }

        _lines.Enqueue(line);
        if (_lines.Count > LinesMax)
        {
            _lines.TryDequeue(out _);
        }

        if (line.StartsWith(ReadyLine, StringComparison.Ordinal))
        {
            ready.TrySetResult(new Uri(line[ReadyLine.Length..]).Port);
        }
    }
}
