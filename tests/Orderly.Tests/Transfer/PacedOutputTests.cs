using System.Diagnostics;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Orderly.Server.Http.Edge;
using Orderly.Server.Transfer;

namespace Orderly.Tests.Transfer;

/// <summary>Output that goes as fast as its reader, here with a limit that is shorter than that of streams.</summary>
public sealed class PacedOutputTests : IAsyncLifetime
{
    private const int PieceLengthBytes = 64 * 1024;

    /// <summary>More than the sockets between two processes hold.</summary>
    private const int OutputLengthBytes = 16 * 1024 * 1024;
    private const int StallMilliseconds = 1_500;
    private const int SlowMilliseconds = 4 * StallMilliseconds;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly TaskCompletionSource<Exception?> _sent = new();
    private WebApplication? _app;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.Run(SendAsync);
        await _app.StartAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync() => await _app!.DisposeAsync();

    [Fact]
    public async Task A_reader_who_is_slow_but_steady_is_served_to_the_end()
    {
        using var http = new HttpClient();
        await using var body = await http.GetStreamAsync(Address(), TestContext.Current.CancellationToken);
        var bytes = new byte[PieceLengthBytes / 4];
        var taken = 0L;
        var clock = Stopwatch.StartNew();
        while (await body.ReadAsync(bytes, TestContext.Current.CancellationToken) is > 0 and var count)
        {
            taken += count;
            if (clock.ElapsedMilliseconds < SlowMilliseconds)
            {
                await Task.Delay(100, TestContext.Current.CancellationToken);
            }
        }

        taken.ShouldBe(OutputLengthBytes);
        (await _sent.Task.WaitAsync(Deadline, TestContext.Current.CancellationToken)).ShouldBeNull();
    }

    [Fact]
    public async Task A_reader_who_stands_still_is_given_up()
    {
        using var http = new HttpClient();
        await using var body = await http.GetStreamAsync(Address(), TestContext.Current.CancellationToken);
        (await _sent.Task.WaitAsync(Deadline, TestContext.Current.CancellationToken))
            .ShouldBeOfType<TimeoutException>();
    }

    [Fact]
    public async Task What_is_taken_gives_time_but_not_for_ever()
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: PieceLengthBytes));
        var clock = new FakeTimeProvider();
        var taken = 0L;
        using var output = new PacedOutput(pipe.Writer, () => Volatile.Read(ref taken),
            TimeSpan.FromSeconds(StreamLimits.StallSeconds), clock, TestContext.Current.CancellationToken);
        output.Rows.Write(new byte[PieceLengthBytes]);
        var sending = output.SendFullAsync().AsTask();

        for (var second = 0; second < 3 * StreamLimits.StallSecondsMax; second++)
        {
            Interlocked.Add(ref taken, StreamLimits.BytesPerSecondMin);
            await PassAsync();
        }

        sending.IsCompleted.ShouldBeFalse();
        var stood = 0;
        for (; !sending.IsCompleted && stood < 10 * StreamLimits.StallSecondsMax; stood++)
        {
            await PassAsync();
        }

        await Should.ThrowAsync<TimeoutException>(sending);
        stood.ShouldBeInRange(
            StreamLimits.StallSeconds - 1, StreamLimits.StallSecondsMax + (2 * StreamLimits.StallSeconds));

        async Task PassAsync()
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(TimeSpan.FromMilliseconds(2), TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task Where_nothing_is_known_of_the_other_end_pieces_count()
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: PieceLengthBytes));
        using var output = Output(pipe.Writer, countTaken: null, TestContext.Current.CancellationToken);
        output.Rows.Write(new byte[2 * PieceLengthBytes]);
        var sending = output.SendFullAsync().AsTask();
        var read = await pipe.Reader.ReadAsync(TestContext.Current.CancellationToken);
        read.Buffer.Length.ShouldBe(PieceLengthBytes);
        pipe.Reader.AdvanceTo(read.Buffer.End);
        await Should.ThrowAsync<TimeoutException>(sending);
        output.SentBytes.ShouldBe(PieceLengthBytes);
    }

    [Fact]
    public async Task Rows_wait_until_they_are_worth_sending()
    {
        var pipe = new Pipe();
        using var output = Output(pipe.Writer, countTaken: null, TestContext.Current.CancellationToken);
        output.Rows.Write("row"u8);
        await output.SendFullAsync();
        pipe.Reader.TryRead(out _).ShouldBeFalse();
        await output.SendAsync();
        pipe.Reader.TryRead(out var read).ShouldBeTrue();
        read.Buffer.Length.ShouldBe(3);
        output.Rows.WrittenCount.ShouldBe(0);
    }

    private string Address() => _app!.Services.GetRequiredService<IServer>().Features
        .Get<IServerAddressesFeature>()!.Addresses.First();

    /// <summary>All in one row, as an order of many lines is.</summary>
    private async Task SendAsync(HttpContext http)
    {
        using var output = Output(http.Response.BodyWriter, TakenBytes.CounterFor(http), http.RequestAborted);
        output.Rows.Write(new byte[OutputLengthBytes]);
        try
        {
            await output.SendFullAsync();
            _sent.SetResult(null);
        }
        catch (Exception exception)
        {
            _sent.SetResult(exception);
            http.Abort();
        }
    }

    private static PacedOutput Output(PipeWriter writer, Func<long>? countTaken, CancellationToken stop) =>
        new(writer, countTaken, TimeSpan.FromMilliseconds(StallMilliseconds), TimeProvider.System, stop);
}
