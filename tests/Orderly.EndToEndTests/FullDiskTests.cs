using System.Diagnostics;
using Orderly.EndToEndTests.Running;
using Orderly.EndToEndTests.Work;

namespace Orderly.EndToEndTests;

/// <summary>
/// The disk that holds everything, the log of PostgreSQL and all, is full. Answered as docs/operations/faults.md says.
/// </summary>
[Collection(Soak.OneAtATime)]
public sealed class FullDiskTests(ITestOutputHelper output)
{
    private const int OrdersBefore = 20;
    private const int OrdersMax = 20_000;
    private const int QuickSeconds = 8;
    private const int PatienceSeconds = 40;
    private const int BallastBytes = 1 << 20;
    private const int NotesLength = 3_000;

    [Fact]
    public async Task A_disk_that_is_full_loses_nothing_and_writes_go_on_once_there_is_room()
    {
        var disk = Path.Combine(Path.GetTempPath(), "orderly-disk-" + Path.GetRandomFileName());
        Directory.CreateDirectory(disk);
        var mount = OperatingSystem.IsLinux() ? await BackupScripts.RunProgramAsync(
            "mount", ["-t", "tmpfs", "-o", "size=160m,mode=0755", "tmpfs", disk]) : null;
        Assert.SkipUnless(mount?.ExitCode == 0, $"A small file system can't be made here: {mount?.Output}");
        try
        {
            await FillAsync(disk);
        }
        finally
        {
            (await BackupScripts.RunProgramAsync("umount", [disk])).ExitCode.ShouldBe(0);
            Directory.Delete(disk);
        }
    }

    private async Task FillAsync(string disk)
    {
        (string, string)[] settings = [("Orderly__DataDirectory", Path.Combine(disk, "data"))];
        await using var server = await LoneServer.StartAsync(settings);
        using var client = new OrderlyClient(server.Address, bug: null, QuickSeconds);
        var acknowledged = new List<string>();
        for (var i = 0; i < OrdersBefore; i++)
        {
            (await PlaceAsync(client, acknowledged)).Status.ShouldBe(201);
        }

        var ballast = Path.Combine(disk, "ballast");
        Fill(ballast);
        var answer = await PlaceAsync(client, acknowledged);
        while (answer.Status == 201 && acknowledged.Count < OrdersMax)
        {
            answer = await PlaceAsync(client, acknowledged);
        }

        output.WriteLine($"full after {acknowledged.Count} orders: {answer.Body}");
        for (var i = 0; i < OrdersBefore; i++)
        {
            answer = await PlaceAsync(client, acknowledged);
            answer.Status.ShouldBeOneOf([201, 503], answer.Failure);
            if (answer.Status == 503)
            {
                answer.Code.ShouldBe("database-unavailable");
                answer.RetryAfter.ShouldNotBeNull();
            }
        }

        (await client.GetAsync("/health/live")).Status.ShouldBe(200);
        File.Delete(ballast);
        var since = Stopwatch.GetTimestamp();
        while ((await PlaceAsync(client, acknowledged)).Status != 201)
        {
            Stopwatch.GetElapsedTime(since).TotalSeconds.ShouldBeLessThan(PatienceSeconds);
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        output.WriteLine($"writes again after {Stopwatch.GetElapsedTime(since).TotalSeconds:0.0} s");
        foreach (var id in acknowledged)
        {
            (await client.GetAsync("/orders/" + id)).Status.ShouldBe(200);
        }

        (await client.GetAsync("/health/ready")).Status.ShouldBe(200);
        (await server.StopAsync()).ShouldBe(0);
        var verdict = await BackupScripts.CommandAsync("verify", settings);
        verdict.ExitCode.ShouldBe(0, verdict.Output);
    }

    private static async Task<Attempt> PlaceAsync(OrderlyClient client, List<string> acknowledged)
    {
        var notes = Convert.ToHexString(System.Security.Cryptography.RandomNumberGenerator.GetBytes(NotesLength / 2));
        var answer = await client.SendAsync(HttpMethod.Post, "/orders", $$"""
            {"datetime": "2026-11-24T09:30:00Z", "totalfee": 5, "services": ["deep-clean"], "notes": "{{notes}}"}
            """);
        if (answer.Status == 201)
        {
            acknowledged.Add(answer.Body.GetProperty("id").GetString()!);
        }

        return answer;
    }

    /// <summary>Until there is no room left at all.</summary>
    private static void Fill(string path)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        for (var size = BallastBytes; size > 0; size /= 2)
        {
            var piece = new byte[size];
            try
            {
                while (true)
                {
                    file.Write(piece);
                }
            }
            catch (IOException)
            {
                // No room for a piece of this size.
            }
        }
    }
}
