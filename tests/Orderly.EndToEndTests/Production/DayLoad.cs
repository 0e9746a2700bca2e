using System.Diagnostics;
using System.Globalization;
using Orderly.EndToEndTests.Work;

namespace Orderly.EndToEndTests.Production;

/// <summary>
/// Sends requests when they are due, whether or not those before were answered, so that an answer that takes long is
/// seen to delay nobody, and is measured from when its request was due.
/// </summary>
internal sealed class DayLoad(DayOptions options, OrderlyClient server, DayLedger ledger, DayClock clock)
{
    private const int InFlightMax = 1_000;
    private const int TickMilliseconds = 1;
    private const int TasksKept = 4_096;

    /// <summary>What a hundred requests are, in shares.</summary>
    private static readonly (DayWork Work, int Share)[] Mix =
    [
        (DayWork.Create, 20), (DayWork.Update, 20), (DayWork.Repeat, 1), (DayWork.StaleUpdate, 1), (DayWork.Read, 44),
        (DayWork.ReadUnchanged, 8), (DayWork.List, 5), (DayWork.Find, 1),
    ];

    private static readonly string[] Lists =
    [
        "/orders?limit=50", "/orders?limit=50&sort=-datetime&status=placed", "/orders?limit=20&service=deep-clean",
        "/orders?limit=20&totalfee[gte]=5000&sort=totalfee",
    ];

    private readonly Random _random = new(options.Seed);
    private int _inFlight;

    /// <summary>Runs for as long as the day is; ends when all is answered.</summary>
    public async Task RunAsync()
    {
        var began = Stopwatch.GetTimestamp();
        var running = new List<Task>();
        var sent = 0L;
        while (Stopwatch.GetElapsedTime(began) < options.Duration)
        {
            for (var due = options.DueAfter(Stopwatch.GetElapsedTime(began)); sent < due; sent++)
            {
                var at = began + (long)(options.WhenDue(sent).TotalSeconds * Stopwatch.Frequency);
                if (Volatile.Read(ref _inFlight) >= InFlightMax)
                {
                    ledger.AddFault($"request {sent} was not sent, since {InFlightMax} were without an answer");
                    continue;
                }

                running.Add(RunOneAsync(sent, at));
            }

            if (running.Count > TasksKept)
            {
                var ended = running.Where(task => task.IsCompleted).ToHashSet();
                await Task.WhenAll(ended);
                running.RemoveAll(ended.Contains);
            }

            await Task.Delay(TickMilliseconds);
        }

        await Task.WhenAll(running);
    }

    private async Task RunOneAsync(long number, long due)
    {
        Interlocked.Increment(ref _inFlight);
        try
        {
            var marker = string.Create(CultureInfo.InvariantCulture, $"day-{number}");
            var fee = _random.Next(1, 1_000_000) / 100m;
            var work = Choose();
            var order = ledger.Pick(_random);
            await (order is null ? CreateAsync(marker, fee, due, isRepeated: false) : work switch
            {
                DayWork.Create => CreateAsync(marker, fee, due, isRepeated: false),
                DayWork.Repeat => CreateAsync(marker, fee, due, isRepeated: true),
                DayWork.Update => UpdateAsync(marker, fee, due),
                DayWork.StaleUpdate => UpdateStaleAsync(order, marker, fee, due),
                DayWork.Read => ReadAsync(order, due),
                DayWork.ReadUnchanged => ReadUnchangedAsync(order),
                DayWork.Find => FindAsync(order, due),
                _ => ListAsync(Lists[number % Lists.Length], due),
            });
        }
        finally
        {
            Interlocked.Decrement(ref _inFlight);
        }
    }

    private DayWork Choose()
    {
        var choice = _random.Next(Mix.Sum(part => part.Share));
        foreach (var (work, share) in Mix)
        {
            if ((choice -= share) < 0)
            {
                return work;
            }
        }

        throw new InvalidOperationException("The shares do not add up.");
    }

    private async Task CreateAsync(string marker, decimal fee, long due, bool isRepeated)
    {
        var request = WriteRequests.Create(marker, fee);
        ledger.Mean(marker, fee);
        var answer = await SendAsync(request);
        if (!Expect(DayWork.Create, answer, 201, due))
        {
            return;
        }

        ledger.Acknowledge(new LedgerOrder(OrderFactsReader.Id(answer.Body), 1, marker));
        if (isRepeated)
        {
            var again = Stopwatch.GetTimestamp();
            var second = await SendAsync(request);
            if (Expect(DayWork.Repeat, second, 201, again)
                && (!second.IsReplay || OrderFactsReader.Id(second.Body) != OrderFactsReader.Id(answer.Body)))
            {
                ledger.AddFault($"{marker} was sent again and got another answer");
            }
        }
    }

    private async Task UpdateAsync(string marker, decimal fee, long due)
    {
        if (ledger.TakeForUpdate() is not { } order)
        {
            await CreateAsync(marker, fee, due, isRepeated: false);
            return;
        }

        ledger.Mean(marker, fee);
        var answer = await SendAsync(WriteRequests.Replace(marker, Known(order), fee));
        if (!Expect(DayWork.Update, answer, 200, due))
        {
            ledger.GiveBack(order);
        }
        else if (OrderFactsReader.Version(answer.Body) != order.Version + 1)
        {
            ledger.AddFault($"{order.Id} went from {order.Version} to {OrderFactsReader.Version(answer.Body)}");
        }
        else
        {
            ledger.Acknowledge(order with { Version = order.Version + 1, Marker = marker });
        }
    }

    private async Task UpdateStaleAsync(LedgerOrder order, string marker, decimal fee, long due)
    {
        var future = Known(order) with { Version = int.MaxValue };
        Expect(DayWork.StaleUpdate, await SendAsync(WriteRequests.Replace(marker, future, fee)), 412, due);
    }

    private async Task ReadAsync(LedgerOrder order, long due)
    {
        var answer = await server.GetAsync($"/orders/{order.Id}");
        if (Expect(DayWork.Read, answer, 200, due) && OrderFactsReader.Id(answer.Body) != order.Id)
        {
            ledger.AddFault($"{order.Id} was asked for, another was answered");
        }
    }

    /// <summary>The order may be updated between the two, so that the second answer is either.</summary>
    private async Task ReadUnchangedAsync(LedgerOrder order)
    {
        var first = await server.GetAsync($"/orders/{order.Id}");
        var since = Stopwatch.GetTimestamp();
        var tag = first.IsSuccess ? $"\"v{OrderFactsReader.Version(first.Body)}\"" : null;
        var second = await server.SendAsync(
            HttpMethod.Get, $"/orders/{order.Id}", json: null, ("If-None-Match", tag));
        Expect(DayWork.ReadUnchanged, second, second.Status == 200 ? 200 : 304, since);
    }

    private async Task ListAsync(string path, long due)
    {
        var answer = await server.GetAsync(path);
        if (Expect(DayWork.List, answer, 200, due) && !answer.Body.TryGetProperty("data", out _))
        {
            ledger.AddFault($"{path} was answered without data");
        }
    }

    private async Task FindAsync(LedgerOrder order, long due)
    {
        var answer = await server.GetAsync($"/orders?metadata.op={order.Marker}");
        if (Expect(DayWork.Find, answer, 200, due)
            && answer.Body.GetProperty("data").EnumerateArray().Any(found => OrderFactsReader.Id(found) != order.Id))
        {
            ledger.AddFault($"{order.Marker} was looked for, another order was found");
        }
    }

    private Task<Attempt> SendAsync(WriteRequest request) => server.SendAsync(
        request.Method, request.Path, request.Json,
        ("If-Match", request.IfMatch), ("Idempotency-Key", request.Meaning.Key));

    private bool Expect(DayWork work, Attempt answer, int status, long since)
    {
        clock.Record(work, since);
        if (answer.Status != status)
        {
            ledger.AddFault($"{work} was answered with {answer.Status} {answer.Code ?? answer.Failure}");
        }

        return answer.Status == status;
    }

    private static KnownOrder Known(LedgerOrder order) => new(order.Id, order.Version, "placed", IsDeleted: false);
}
