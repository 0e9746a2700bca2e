using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Orderly.Tests.Harness;

/// <summary>One entry of the server's log.</summary>
public sealed record LogEntry(LogLevel Level, EventId Event, string Category, string Message, Exception? Exception)
{
    public override string ToString() => $"{Level} {Category} {Event.Id}: {Message}\n{Exception}";
}

/// <summary>
/// Keeps the server's log. Unless a test takes them out, entries at Error level fail the class once its tests are done.
/// </summary>
public sealed class CapturedLog : ILoggerProvider
{
    private ConcurrentQueue<LogEntry> _entries = new();

    public IReadOnlyCollection<LogEntry> Entries => _entries;

    public IReadOnlyList<LogEntry> Errors => [.. _entries.Where(entry => entry.Level >= LogLevel.Error)];

    /// <summary>The errors so far, which are thereby expected.</summary>
    public IReadOnlyList<LogEntry> TakeErrors()
    {
        var taken = Interlocked.Exchange(ref _entries, new ConcurrentQueue<LogEntry>());
        return [.. taken.Where(entry => entry.Level >= LogLevel.Error)];
    }

    public void ShouldHoldNoError() => Errors.ShouldBeEmpty("the server logged errors that no test expects");

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void Dispose()
    {
        // The entries stay readable after the server has stopped.
    }

    private sealed class Logger(CapturedLog log, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter) =>
            log._entries.Enqueue(new LogEntry(logLevel, eventId, category, formatter(state, exception), exception));
    }
}
