using System.Collections.Concurrent;
using System.Globalization;

namespace Orderly.EndToEndTests.Work;

/// <summary>
/// Callers who place, update and read orders without a pause, each on a connection of its own or on a new one each
/// time, and go to another server where they are refused a connection, and nowhere else.
/// </summary>
internal sealed class PlainCallers(int count, bool keepConnections = true)
{
    private const int RefusedPauseMilliseconds = 5;

    private readonly ConcurrentDictionary<int, int> _answered = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<string> _lost = new();
    private readonly ConcurrentQueue<string> _unexpected = new();
    private readonly ConcurrentDictionary<Guid, (int Version, string Marker)> _acknowledged = new();
    private volatile int[] _ports = [];
    private int _refusals;
    private Task _working = Task.CompletedTask;

    /// <summary>Where servers are, as a balancer of load would know it.</summary>
    public IReadOnlyList<int> Ports
    {
        get => _ports;
        set => _ports = [.. value];
    }

    /// <summary>Requests that were sent and got no complete answer.</summary>
    public IReadOnlyCollection<string> Lost => _lost;

    /// <summary>Answers that are no success.</summary>
    public IReadOnlyCollection<string> Unexpected => _unexpected;

    /// <summary>
    /// How often a connection was refused; to somebody who asked at the last moment that may be told a second later.
    /// </summary>
    public int Refusals => Volatile.Read(ref _refusals);

    /// <summary>The newest version of each order that was acknowledged.</summary>
    public IReadOnlyDictionary<Guid, (int Version, string Marker)> Acknowledged => _acknowledged;

    /// <summary>How many requests the server at a port has answered.</summary>
    public int AnsweredBy(int port) => _answered.GetValueOrDefault(port);

    public void Start() =>
        _working = Task.WhenAll(Enumerable.Range(0, count).Select(number => Task.Run(() => WorkAsync(number))));

    /// <summary>Waits until the server at a port has answered some more.</summary>
    public async Task AnswerMoreAsync(int port, int more, int timeoutSeconds)
    {
        var wanted = AnsweredBy(port) + more;
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(timeoutSeconds));
        while (AnsweredBy(port) < wanted)
        {
            await Task.Delay(RefusedPauseMilliseconds, timeout.Token);
        }
    }

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _working;
        _stop.Dispose();
    }

    private async Task WorkAsync(int number)
    {
        using var caller = new PlainCaller(keepConnections);
        (Guid Id, int Version)? order = null;
        for (var i = 0; !_stop.IsCancellationRequested; i++)
        {
            var ports = _ports;
            var port = ports[(number + i) / 100 % ports.Length]; // a hundred on one server, a hundred on the next
            var marker = string.Create(CultureInfo.InvariantCulture, $"plain-{number}-{i}");
            var answer = (i % 3, order) switch
            {
                (1, { } known) => await PutAsync(caller, ports, port, marker, known),
                (2, { } known) => await TryAsync(caller, ports, port, "GET", $"/orders/{known.Id}", "", ""),
                _ => await TryAsync(caller, ports, port, "POST", "/orders", WriteRequests.Create(marker, 10).Json, ""),
            };
            if (answer.Fate == Fate.Answered && answer.Status is 200 or 201)
            {
                var id = OrderFactsReader.Id(answer.Body);
                order = (id, OrderFactsReader.Version(answer.Body));
                _acknowledged[id] = (order.Value.Version, OrderFactsReader.Read(answer.Body).Marker!);
            }
            else if (order is { } unknown)
            {
                _acknowledged.TryRemove(unknown.Id, out _); // what became of it is not known
                order = null;
            }
        }
    }

    private Task<PlainAnswer> PutAsync(
        PlainCaller caller, int[] ports, int port, string marker, (Guid Id, int Version) order)
    {
        var request = WriteRequests.Replace(marker, new KnownOrder(order.Id, order.Version, "placed", false), 10);
        return TryAsync(
            caller, ports, port, "PUT", request.Path, request.Json, $"If-Match: {request.IfMatch}\r\n");
    }

    /// <summary>Until a server takes the connection; what was sent once is not sent again.</summary>
    private async Task<PlainAnswer> TryAsync(
        PlainCaller caller, int[] ports, int port, string method, string path, string json, string extra)
    {
        for (var attempt = Array.IndexOf(ports, port); ; attempt++)
        {
            port = ports[attempt % ports.Length];
            var answer = await caller.SendAsync(port, method, path, json, extra);
            switch (answer.Fate)
            {
                case Fate.Refused:
                    Interlocked.Increment(ref _refusals);
                    if (_stop.IsCancellationRequested)
                    {
                        break;
                    }

                    await Task.Delay(RefusedPauseMilliseconds);
                    ports = _ports;
                    continue;
                case Fate.Lost:
                    _lost.Enqueue(answer.Failure!);
                    break;
                case Fate.Answered:
                    _answered.AddOrUpdate(port, 1, (_, before) => before + 1);
                    if (answer.Status is not (200 or 201))
                    {
                        _unexpected.Enqueue($"{method} {path}: {answer.Status} {answer.Body}");
                    }

                    break;
            }

            return answer;
        }
    }
}
