using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Orderly.Server.Observability;

/// <summary>
/// The log as lines of JSON. A line is made on the thread that has something to say and written by another one, with
/// all that came meanwhile, so a request costs about a microsecond and never waits for whoever reads the log; where
/// that reader stands still, lines are thrown away and counted.
/// <code>
///   threads ──► line ──► buffer (≤ BufferLengthMaxBytes, else thrown away) ──► writer: all of it at once ──► pause
/// </code>
/// </summary>
internal sealed class JsonLines : ILoggerProvider
{
    private const int BufferLengthMaxBytes = 4 * 1024 * 1024;
    private const int PauseMilliseconds = 10;
    private const int StopSeconds = 5;

    private readonly Stream _output;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<string, Logger> _loggers = new(StringComparer.Ordinal);
    private readonly ThreadLocal<JsonLine> _lines = new(() => new JsonLine());
    private readonly AutoResetEvent _isFilled = new(initialState: false);
    private readonly ManualResetEvent _isStopped = new(initialState: false);
    private readonly Lock _lock = new();
    private readonly Thread _writer;
    private LogBuffer _filling = new();
    private LogBuffer _writing = new();
    private bool _isStopping;

    public JsonLines(Stream output, TimeProvider time)
    {
        _output = output;
        _time = time;
        _writer = new Thread(WriteAll) { IsBackground = true, Name = "log" };
        _writer.Start();
    }

    public ILogger CreateLogger(string categoryName) =>
        _loggers.GetOrAdd(categoryName, name => new Logger(this, name));

    /// <summary>Writes what there is, then ends.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isStopping = true;
        }

        _isFilled.Set();
        _isStopped.Set();
        if (_writer.Join(TimeSpan.FromSeconds(StopSeconds)))
        {
            _isFilled.Dispose();
            _isStopped.Dispose();
            _lines.Dispose();
            _output.Dispose();
        }
    }

    private void Add(ReadOnlySpan<byte> line)
    {
        lock (_lock)
        {
            if (_isStopping || _filling.Length + line.Length > BufferLengthMaxBytes)
            {
                Meters.LogLinesDropped.Add(1);
                return;
            }

            _filling.Add(line);
            if (_filling.Length == line.Length)
            {
                _isFilled.Set();
            }
        }
    }

    private void WriteAll()
    {
        var isLast = false;
        while (!isLast)
        {
            _isFilled.WaitOne();
            lock (_lock)
            {
                isLast = _isStopping;
                (_filling, _writing) = (_writing, _filling);
            }

            try
            {
                _writing.WriteTo(_output);
                _output.Flush();
            }
            catch (IOException)
            {
                Meters.LogLinesDropped.Add(1); // nobody reads any more; there is nowhere to say so
            }

            _writing.Clear();
            _isStopped.WaitOne(PauseMilliseconds);
        }
    }

    private sealed class Logger(JsonLines log, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            var line = log._lines.Value!;
            line.Begin(log._time.GetUtcNow(), logLevel, category, eventId, formatter(state, exception));
            line.AddRequest(Activity.Current);
            line.AddFields(state as IReadOnlyList<KeyValuePair<string, object?>>);
            log.Add(line.End(exception));
        }
    }
}

/// <summary>One line of the log.</summary>
internal sealed class JsonLine : IDisposable
{
    private const string Template = "{OriginalFormat}";

    /// <summary>As fields are named in code, and in a line. They stand in the code, so there are not many.</summary>
    private static readonly ConcurrentDictionary<string, JsonEncodedText> FieldNames = new(StringComparer.Ordinal);

    private readonly ArrayBufferWriter<byte> _output = new(1024);
    private readonly Utf8JsonWriter _json;

    public JsonLine() => _json = new Utf8JsonWriter(_output);

    public void Dispose() => _json.Dispose();

    public void Begin(DateTimeOffset time, LogLevel level, string category, EventId id, string message)
    {
        _output.ResetWrittenCount();
        _json.Reset();
        _json.WriteStartObject();
        _json.WriteString("time", time.UtcDateTime);
        _json.WriteString("level", NameOf(level));
        _json.WriteNumber("id", id.Id);
        if (id.Name is not null)
        {
            _json.WriteString("event", id.Name);
        }

        _json.WriteString("category", category);
        _json.WriteString("message", message);
    }

    /// <summary>What finds all lines of a request: its trace, and the id that the caller gave it.</summary>
    public void AddRequest(Activity? activity)
    {
        if (activity is null)
        {
            return;
        }

        var trace = activity.TraceId.ToHexString();
        _json.WriteString("traceId", trace);
        var request = activity;
        while (request.Parent is { } parent)
        {
            request = parent;
        }

        _json.WriteString("requestId", request.GetTagItem(Spans.RequestIdTag) as string ?? trace);
    }

    public void AddFields(IReadOnlyList<KeyValuePair<string, object?>>? fields)
    {
        for (var index = 0; index < (fields?.Count ?? 0); index++)
        {
            var (name, value) = fields![index];
            if (index == 0)
            {
                _json.WriteStartObject("fields");
            }

            if (!string.Equals(name, Template, StringComparison.Ordinal))
            {
                _json.WritePropertyName(FieldNames.GetOrAdd(name, static field =>
                    JsonEncodedText.Encode(JsonNamingPolicy.CamelCase.ConvertName(field))));
                Write(value);
            }
        }

        if (fields?.Count > 0)
        {
            _json.WriteEndObject();
        }
    }

    public ReadOnlySpan<byte> End(Exception? exception)
    {
        if (exception is not null)
        {
            _json.WriteString("exception", exception.ToString());
        }

        _json.WriteEndObject();
        _json.Flush();
        _output.Write("\n"u8);
        return _output.WrittenSpan;
    }

    private void Write(object? value)
    {
        switch (value)
        {
            case null:
                _json.WriteNullValue();
                break;
            case string text:
                _json.WriteStringValue(text);
                break;
            case int number:
                _json.WriteNumberValue(number);
                break;
            case long number:
                _json.WriteNumberValue(number);
                break;
            case double number when double.IsFinite(number):
                _json.WriteNumberValue(number);
                break;
            case bool flag:
                _json.WriteBooleanValue(flag);
                break;
            default:
                _json.WriteStringValue(Convert.ToString(value, CultureInfo.InvariantCulture));
                break;
        }
    }

    private static string NameOf(LogLevel level) => level switch
    {
        LogLevel.Trace => "Trace",
        LogLevel.Debug => "Debug",
        LogLevel.Information => "Information",
        LogLevel.Warning => "Warning",
        LogLevel.Error => "Error",
        LogLevel.Critical => "Critical",
        _ => "None",
    };
}
