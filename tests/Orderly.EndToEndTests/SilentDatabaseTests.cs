using System.Diagnostics;
using System.Globalization;
using Orderly.EndToEndTests.Running;
using Orderly.EndToEndTests.Work;

namespace Orderly.EndToEndTests;

/// <summary>The database, or the way to it, keeps silent: nothing is refused or reset, and nothing answers.</summary>
[Collection(Soak.OneAtATime)]
public sealed class SilentDatabaseTests(ITestOutputHelper output)
{
    private const int Writers = 24;
    private const int AnswerSecondsMax = 10;
    private const int SlackSeconds = 3;
    private const int ResumeSecondsMax = 2;
    private const int FeedSecondsMax = 3;
    private const int ClientTimeoutSeconds = 40;
    private const int HoldMilliseconds = 1_500;

    /// <summary>The lane gives up two seconds after its callers were told.</summary>
    private const int GivenUpMilliseconds = 3_500;
    private const int SentMilliseconds = 400;
    private const int KeyMilliseconds = 600;

    [Fact(Explicit = true)]
    public async Task Writes_to_a_frozen_database_are_told_so_in_time_and_go_on_when_it_thaws()
    {
        await using var installation = await Installation.StartAsync([]);
        using var client = await PrepareAsync(installation, server: 0);
        var processes = DatabaseProcesses.Of(installation.PostmasterPid);

        // The key is remembered for half a second from here on, so that writes get as far as the database.
        await Task.Delay(KeyMilliseconds, TestContext.Current.CancellationToken);
        (await client.GetAsync("/services/deep-clean")).Status.ShouldBe(200);
        processes.ToList().ForEach(process => Signals.Send(process, Signals.Stop));
        var answers = new List<(Attempt Answer, TimeSpan Took)>();
        try
        {
            // Some at once, so that they are in flight, and some behind them in the queue, for twice as long.
            var all = await Task.WhenAll(
                WriteManyAsync(client, "first", delaySeconds: 0), WriteManyAsync(client, "second", delaySeconds: 1));
            answers.AddRange(all.SelectMany(some => some));
        }
        finally
        {
            processes.ToList().ForEach(process => Signals.Send(process, Signals.Continue));
        }

        var resumed = Stopwatch.GetTimestamp();
        Attempt again;
        do
        {
            again = (await TimedAsync(client, "first-0")).Answer;
        }
        while (!again.IsSuccess && Stopwatch.GetElapsedTime(resumed).TotalSeconds < ClientTimeoutSeconds);

        var took = Stopwatch.GetElapsedTime(resumed).TotalSeconds;
        foreach (var kind in answers.GroupBy(one => Detail(one.Answer)))
        {
            output.WriteLine($"{kind.Count()} times after {kind.Min(one => one.Took.TotalSeconds):0.0} to "
                + $"{kind.Max(one => one.Took.TotalSeconds):0.0} s: {kind.Key}");
        }

        output.WriteLine($"answers after {answers.Min(one => one.Took.TotalSeconds):0.0} to "
            + $"{answers.Max(one => one.Took.TotalSeconds):0.0} s, work again after {took:0.00} s");
        answers.ShouldAllBe(one => one.Answer.Status == 503 && one.Answer.RetryAfter != null);
        answers.ShouldAllBe(one => one.Took.TotalSeconds < AnswerSecondsMax + SlackSeconds);
        answers.ShouldContain(one => Detail(one.Answer).Contains("not known", StringComparison.Ordinal),
            "what was sent to the database may have been stored");
        took.ShouldBeLessThan(ResumeSecondsMax + SlackSeconds);
        (await installation.QueryAsync(
            "select count(*) from orders where content like '%first-0\"%'", row => row.GetInt64(0))).ShouldBe([1]);
    }

    [Fact(Explicit = true)]
    public async Task A_refused_write_is_not_stored_later_by_an_attempt_that_was_left_behind()
    {
        await using var installation = await Installation.StartAsync([]);
        using var other = await PrepareAsync(installation, server: 1);
        using var client = await PrepareAsync(installation, server: 0);
        await Task.Delay(KeyMilliseconds, TestContext.Current.CancellationToken);
        var holder = (await SendAsync(client, Referenced("holder"))).Body.GetProperty("id").GetString();
        var backends = await WritingBackendsAsync(installation);

        // The attempt waits in the socket of a backend that stands still; its connection breaks; the next one goes
        // another way, while the reference that stands in its way is set free.
        backends.ForEach(process => Signals.Send(process, Signals.Stop));
        var answers = await Task.WhenAll(
            SendAsync(client, Referenced("left-behind")), InterfereAsync(installation, backends, other, holder!));
        var answer = answers[0];
        await Task.Delay(HoldMilliseconds, TestContext.Current.CancellationToken);

        output.WriteLine($"told {answer.Status} {answer.Code}");
        answers[1].Status.ShouldBe(204);
        var stored = await installation.QueryAsync(
            "select count(*) from orders where content like '%left-behind%'", row => row.GetInt64(0));
        if (answer.Status != 503)
        {
            stored.ShouldBe([answer.IsSuccess ? 1 : 0], $"{answer.Status} {answer.Code}");
        }
    }

    [Fact(Explicit = true)]
    public async Task A_write_whose_outcome_was_told_as_not_known_is_not_stored_later()
    {
        await using var installation = await Installation.StartAsync([]);
        using var client = await PrepareAsync(installation, server: 0);
        (await SendAsync(client, Referenced("holder"))).Status.ShouldBe(201);
        var backends = await WritingBackendsAsync(installation);

        backends.ForEach(process => Signals.Send(process, Signals.Stop));
        var answer = await SendAsync(client, WriteRequests.Create("given-up", 10));
        await Task.Delay(GivenUpMilliseconds, TestContext.Current.CancellationToken);
        backends.ForEach(process => Signals.Send(process, Signals.Continue));
        await Task.Delay(HoldMilliseconds, TestContext.Current.CancellationToken);

        answer.Status.ShouldBe(503);
        (await installation.QueryAsync(
            "select count(*) from orders where content like '%given-up%'", row => row.GetInt64(0))).ShouldBe([0]);
    }

    [Theory(Explicit = true)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Events_arrive_though_the_connections_to_the_database_have_gone_silent(bool isStream)
    {
        await using var installation = await Installation.StartAsync([]);
        using var writer = await PrepareAsync(installation, server: 1);
        using var reader = await PrepareAsync(installation, server: 0);
        var arrived = new EventArrivals(reader, isStream);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var following = arrived.FollowAsync(stop.Token);
        await arrived.WaitForAsync(await WriteAsync(writer, "before"), ClientTimeoutSeconds);

        installation.DatabaseProxies[0].SilenceAll();
        var began = Stopwatch.GetTimestamp();
        await arrived.WaitForAsync(await WriteAsync(writer, "after"), ClientTimeoutSeconds);

        var took = Stopwatch.GetElapsedTime(began).TotalSeconds;
        output.WriteLine($"the event arrived after {took:0.00} s");
        took.ShouldBeLessThan(FeedSecondsMax + SlackSeconds);
        await stop.CancelAsync();
        await following;
    }

    [Theory(Explicit = true)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Transfers_begin_though_the_connections_to_the_database_have_gone_silent(bool isImport)
    {
        await using var installation = await Installation.StartAsync([]);
        using var client = await PrepareAsync(installation, server: 0);
        var row = WriteRequests.Create("row", 10).Json.ReplaceLineEndings(" ");
        (await TransferAsync(client, isImport, row)).Status.ShouldBe(200);

        installation.DatabaseProxies[0].SilenceAll();
        var began = Stopwatch.GetTimestamp();
        var again = await TransferAsync(client, isImport, row);

        var took = Stopwatch.GetElapsedTime(began).TotalSeconds;
        output.WriteLine($"answered {again.Status} after {took:0.00} s");
        again.Status.ShouldBe(200, again.Failure ?? again.Body.ToString());
        took.ShouldBeLessThan(AnswerSecondsMax + SlackSeconds);
    }

    [Theory(Explicit = true)]
    [InlineData("/orders")]
    [InlineData("/orders?status=placed")]
    [InlineData("/orders/{id}/revisions")]
    [InlineData("/services")]
    public async Task Lists_are_answered_though_the_connections_to_the_database_have_gone_silent(string path)
    {
        await using var installation = await Installation.StartAsync([]);
        using var client = await PrepareAsync(installation, server: 0);
        path = path.Replace("{id}", await WriteAsync(client, "listed"), StringComparison.Ordinal);
        (await client.GetAsync(path)).Status.ShouldBe(200);

        installation.DatabaseProxies[0].SilenceAll();
        var began = Stopwatch.GetTimestamp();
        var again = await client.GetAsync(path);

        var took = Stopwatch.GetElapsedTime(began).TotalSeconds;
        output.WriteLine($"answered {again.Status} after {took:0.00} s");
        again.Status.ShouldBe(200, again.Failure ?? again.Body.ToString());
        took.ShouldBeLessThan(AnswerSecondsMax + SlackSeconds);
    }

    private static Task<Attempt> TransferAsync(OrderlyClient client, bool isImport, string row) => isImport
        ? client.SendAsync(HttpMethod.Post, "/orders/import", row, ("Content-Type", "application/x-ndjson"))
        : client.SendAsync(HttpMethod.Get, "/orders", json: null, ("Accept", "application/x-ndjson"));

    private static async Task<OrderlyClient> PrepareAsync(Installation installation, int server)
    {
        var client = new OrderlyClient(installation.Servers[server].Address, bug: null, ClientTimeoutSeconds);
        (await client.SendAsync(HttpMethod.Put, "/services/deep-clean", """{"name": "Deep clean", "fee": 20}"""))
            .IsSuccess.ShouldBeTrue();
        (await SendAsync(client, WriteRequests.Create($"prepare-{server}", 10))).Status.ShouldBe(201);
        return client;
    }

    private static Task<Attempt> SendAsync(OrderlyClient client, WriteRequest request) =>
        client.SendAsync(request.Method, request.Path, request.Json, ("Idempotency-Key", request.Meaning.Key));

    private static async Task<string> WriteAsync(OrderlyClient client, string marker)
    {
        var answer = await SendAsync(client, WriteRequests.Create(marker, 10));
        answer.Status.ShouldBe(201);
        return answer.Body.GetProperty("id").GetString()!;
    }

    private static async Task<(Attempt Answer, TimeSpan Took)[]> WriteManyAsync(
        OrderlyClient client, string name, int delaySeconds)
    {
        await Task.Delay(TimeSpan.FromSeconds(delaySeconds), TestContext.Current.CancellationToken);
        return await Task.WhenAll(Enumerable.Range(0, Writers).Select(i => TimedAsync(client, $"{name}-{i}")));
    }

    private static async Task<(Attempt Answer, TimeSpan Took)> TimedAsync(OrderlyClient client, string marker)
    {
        var began = Stopwatch.GetTimestamp();
        var answer = await SendAsync(client, WriteRequests.Create(marker, 10));
        return (answer, Stopwatch.GetElapsedTime(began));
    }

    private static async Task<Attempt> InterfereAsync(
        Installation installation, List<int> backends, OrderlyClient other, string holder)
    {
        await Task.Delay(SentMilliseconds, TestContext.Current.CancellationToken);
        installation.DatabaseProxies[0].ResetAll();
        await Task.Delay(HoldMilliseconds, TestContext.Current.CancellationToken);
        var deleted = await other.SendAsync(HttpMethod.Delete, $"/orders/{holder}", json: null);
        backends.ForEach(process => Signals.Send(process, Signals.Continue));
        return deleted;
    }

    private static async Task<List<int>> WritingBackendsAsync(Installation installation)
    {
        // The statement that ends a group with references.
        var backends = await installation.QueryAsync(
            "select pid from pg_stat_activity "
            + "where application_name = 'orderly-A' and query like 'delete from order_references%'",
            row => row.GetInt32(0));
        backends.ShouldNotBeEmpty();
        return backends;
    }

    private static WriteRequest Referenced(string marker)
    {
        var request = WriteRequests.Create(marker, 10);
        return request with
        {
            Json = request.Json.Insert(1, string.Create(CultureInfo.InvariantCulture, $"\"reference\": \"wanted\", ")),
            Meaning = request.Meaning with { Key = null },
        };
    }

    private static string Detail(Attempt attempt) => attempt.Body.GetProperty("detail").GetString()!;
}
