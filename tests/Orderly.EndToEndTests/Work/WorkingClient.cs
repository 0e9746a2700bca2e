using Orderly.EndToEndTests.Checking;

namespace Orderly.EndToEndTests.Work;

/// <summary>
/// One caller who does one thing after another, through either server, and tries again what got no clear answer: with
/// the same key, as a careful caller does.
/// </summary>
internal sealed class WorkingClient(
    int number, Random random, IReadOnlyList<OrderlyClient> servers, KnownOrders known, Recorder recorder)
{
    private const int AttemptsMax = 40;
    private const int RetryDelayMillisecondsMax = 400;
    private const int ListedKept = 5;

    private int _operations;

    /// <summary>Does one operation, chosen at random.</summary>
    public async Task WorkAsync()
    {
        var choice = random.Next(100);
        var marker = $"c{number}-{_operations++}";
        var fee = random.Next(1, 1_000_000) / 100m;
        var order = known.Pick(random, isHot: random.Next(3) == 0);
        if (choice < 30 || order is null)
        {
            await WriteAsync(WriteRequests.Create(marker, fee));
        }
        else if (choice < 44)
        {
            await ReadAsync(order.Id);
        }
        else if (choice < 47)
        {
            await ListAsync();
        }
        else
        {
            await WriteAsync(ChooseWrite(marker, order, fee, choice));
        }

        recorder.CountOperation();
    }

    private WriteRequest ChooseWrite(string marker, KnownOrder order, decimal fee, int choice) => choice switch
    {
        _ when order.IsDeleted => WriteRequests.Restore(marker, order),
        >= 95 => WriteRequests.Delete(marker, order),
        >= 86 => WriteRequests.ChangeStatus(marker, order, order.Status switch
        {
            "placed" when random.Next(8) > 0 => "confirmed",
            "placed" => "cancelled",
            _ => random.Next(2) == 0 ? "completed" : "cancelled",
        }),
        >= 72 => WriteRequests.Replace(marker, order, fee),
        _ => WriteRequests.Patch(marker, order, fee, isKeyed: choice < 66),
    };

    private async Task WriteAsync(WriteRequest request)
    {
        var meaning = request.Meaning with { InvokedAt = Recorder.Now };
        var answers = new List<AnsweredWrite>();
        var attempts = 0;
        var open = false;
        Attempt? decided = null;
        while (decided is null && attempts < (meaning.Key is null ? 1 : AttemptsMax))
        {
            if (attempts > 0)
            {
                recorder.AddRetry();
                await Task.Delay(random.Next(RetryDelayMillisecondsMax));
            }

            // Some are in a hurry and ask both servers at once.
            var isTwin = meaning.Key is not null && attempts == 0 && random.Next(12) == 0;
            var sent = await Task.WhenAll((isTwin ? servers : [servers[random.Next(servers.Count)]])
                .Select(server => SendAsync(server, request)));
            attempts++;
            open |= sent.Any(attempt => attempt.IsOpen);
            answers.AddRange(sent.Where(attempt => attempt.IsSuccess).Select(attempt => Understand(meaning, attempt)));
            decided = Array.Find(sent, attempt => attempt.IsSuccess) ?? Array.Find(sent, attempt => !attempt.IsOpen);
        }

        recorder.Add(meaning with
        {
            AnsweredAt = Recorder.Now,
            Attempts = attempts,
            Answers = answers,
            Outcome = answers.Count > 0 ? OperationOutcome.Acknowledged
                : open || decided is null ? OperationOutcome.Unknown : OperationOutcome.Refused,
        });
        Learn(meaning, answers, decided);
    }

    private async Task<Attempt> SendAsync(OrderlyClient server, WriteRequest request)
    {
        var attempt = await server.SendAsync(request.Method, request.Path, request.Json,
            ("If-Match", request.IfMatch), ("Idempotency-Key", request.Meaning.Key));
        var isExpected = attempt.IsSuccess || attempt.IsOpen
            || (request.Meaning.Kind != OperationKind.Create && attempt.Status is 404 or 409 or 412);
        if (!isExpected)
        {
            recorder.Add(new UnexpectedAnswer(
                request.Meaning.Marker, $"{request.Method} {request.Path}", attempt.Status, attempt.Body.ToString()));
        }

        return attempt;
    }

    /// <summary>A 204 has no body: what it means is the next version.</summary>
    private static AnsweredWrite Understand(WriteOperation meaning, Attempt attempt) => attempt.Status == 204
        ? new AnsweredWrite(meaning.Target!.Value, meaning.BaseVersion + 1, Facts: null, attempt.IsReplay)
        : new AnsweredWrite(OrderFactsReader.Id(attempt.Body), OrderFactsReader.Version(attempt.Body),
            OrderFactsReader.Read(attempt.Body), attempt.IsReplay);

    private void Learn(WriteOperation meaning, List<AnsweredWrite> answers, Attempt? decided)
    {
        if (answers.Count > 0)
        {
            var answer = answers[0];
            var status = answer.Facts?.Status ?? known.Find(answer.OrderId)?.Status ?? "placed";
            known.Learn(new KnownOrder(
                answer.OrderId, answer.Version, status, IsDeleted: meaning.Kind == OperationKind.Delete));
        }
        else if (decided is { Status: 412 } && known.Find(meaning.Target!.Value) is { } stale)
        {
            known.Learn(stale with { Version = OrderFactsReader.Version(decided.Body) });
        }
    }

    private async Task ReadAsync(Guid id)
    {
        var began = Recorder.Now;
        var attempt = await servers[random.Next(servers.Count)].GetAsync($"/orders/{id}");
        switch (attempt.Status)
        {
            case 200:
                Note(attempt.Body, began);
                break;
            case 404:
                recorder.Add(new ReadOperation(id, began, Recorder.Now, Version: 0, Facts: null));
                break;
            case 0 or 503:
                break;
            default:
                recorder.Add(new UnexpectedAnswer($"c{number}", $"GET {id}", attempt.Status, attempt.Body.ToString()));
                break;
        }
    }

    private async Task ListAsync()
    {
        var began = Recorder.Now;
        var attempt = await servers[random.Next(servers.Count)].GetAsync("/orders?limit=50");
        if (attempt.IsSuccess)
        {
            foreach (var order in attempt.Body.GetProperty("data").EnumerateArray().Take(ListedKept))
            {
                Note(order, began);
            }
        }
        else if (!attempt.IsOpen)
        {
            recorder.Add(new UnexpectedAnswer($"c{number}", "GET /orders", attempt.Status, attempt.Body.ToString()));
        }
    }

    private void Note(System.Text.Json.JsonElement order, long began)
    {
        var facts = OrderFactsReader.Read(order);
        var id = OrderFactsReader.Id(order);
        var version = OrderFactsReader.Version(order);
        recorder.Add(new ReadOperation(id, began, Recorder.Now, version, facts));
        known.Learn(new KnownOrder(id, version, facts.Status, IsDeleted: false));
    }
}
