using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Orderly.Server.Observability;

namespace Orderly.Tests.Observability;

/// <summary>The log as lines of JSON.</summary>
public sealed class JsonLinesTests
{
    private const int Writers = 4;
    private const int LinesEach = 2_000;

    [Fact]
    public void Every_line_is_a_document_with_what_was_said()
    {
        var output = new KeptOutput();
        using (var lines = new JsonLines(output, TimeProvider.System))
        {
            LogEvents.GroupRetried(lines.CreateLogger("Writer"), attempt: 2, count: 64, "\"gone\"\nfor now");
        }

        var line = output.Lines().ShouldHaveSingleItem();
        line.GetProperty("level").GetString().ShouldBe("Warning");
        line.GetProperty("id").GetInt32().ShouldBe(2001);
        line.GetProperty("event").GetString().ShouldBe("GroupRetried");
        line.GetProperty("category").GetString().ShouldBe("Writer");
        line.GetProperty("message").GetString()!.ShouldContain("group of 64 writes failed: \"gone\"\nfor now");
        line.GetProperty("fields").GetProperty("attempt").GetInt32().ShouldBe(2);
        line.GetProperty("fields").GetProperty("reason").GetString().ShouldBe("\"gone\"\nfor now");
        line.GetProperty("fields").EnumerateObject().Count().ShouldBe(3);
        line.TryGetProperty("traceId", out _).ShouldBeFalse();
        line.GetProperty("time").GetDateTime().Kind.ShouldBe(DateTimeKind.Utc);
    }

    [Fact]
    public void A_line_within_a_request_names_it()
    {
        var output = new KeptOutput();
        using var request = new Activity("request").SetTag(Spans.RequestIdTag, "checkout-4711");
        using (var lines = new JsonLines(output, TimeProvider.System))
        {
            request.Start();
            using var inner = new Activity("statement").Start();
            LogEvents.ExpiryFailed(lines.CreateLogger("any"), "r");
        }

        var line = output.Lines().ShouldHaveSingleItem();
        line.GetProperty("requestId").GetString().ShouldBe("checkout-4711");
        line.GetProperty("traceId").GetString().ShouldBe(request.TraceId.ToHexString());
    }

    [Fact]
    public async Task Nothing_is_lost_or_mixed_up_by_many_who_write_at_a_time()
    {
        var output = new KeptOutput();
        await using (var lines = new Disposed(new JsonLines(output, TimeProvider.System)))
        {
            await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(
                () =>
                {
                    var log = lines.Provider.CreateLogger("many");
                    for (var i = 0; i < LinesEach; i++)
                    {
                        LogEvents.TermsFilled(log, (writer * LinesEach) + i);
                    }
                },
                TestContext.Current.CancellationToken)));
        }

        output.Lines().Select(line => line.GetProperty("fields").GetProperty("count").GetInt32()).Order()
            .ShouldBe(Enumerable.Range(0, Writers * LinesEach));
    }

    [Fact]
    public async Task Whoever_writes_never_waits_for_a_reader_that_stands_still()
    {
        using var stalled = new StalledOutput();
        await using var lines = new Disposed(new JsonLines(stalled, TimeProvider.System));
        var log = lines.Provider.CreateLogger("stalled");
        var text = new string('x', 10_000);
        var writing = Task.Run(
            () =>
            {
                for (var i = 0; i < 2_000; i++) // 20 MB, five times what is kept
                {
                    LogEvents.ExpiryFailed(log, text);
                }
            },
            TestContext.Current.CancellationToken);
        await writing.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        stalled.Release();
    }

    private sealed class KeptOutput : MemoryStream
    {
        public IReadOnlyList<JsonElement> Lines() =>
            [.. System.Text.Encoding.UTF8.GetString(ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => JsonSerializer.Deserialize<JsonElement>(line))];
    }

    private sealed class StalledOutput : MemoryStream
    {
        private readonly ManualResetEventSlim _released = new();

        public void Release() => _released.Set();

        public override void Write(ReadOnlySpan<byte> buffer) => _released.Wait();
    }

    private sealed class Disposed(JsonLines lines) : IAsyncDisposable
    {
        public JsonLines Provider => lines;

        public ValueTask DisposeAsync()
        {
            lines.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
