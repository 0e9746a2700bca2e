using System.Collections.Concurrent;
using System.Text.Json;
using Npgsql;
using Orderly.EndToEndTests.Checking;
using Orderly.EndToEndTests.Running;

namespace Orderly.EndToEndTests.Work;

/// <summary>
/// Reads all that is there once the clients have stopped: the tables, and what the service makes of them.
/// </summary>
internal sealed class FinalReader(Installation installation, OrderlyClient server, IReadOnlyList<FeedReader> readers)
{
    private const int ReadsAtATime = 8;
    private const int AttemptsMax = 20;
    private const int RetryDelayMilliseconds = 500;
    private const int PollMilliseconds = 100;
    private const int PageSize = 500;
    private const int LinesShown = 10;

    public async Task<FinalState> ReadAsync(int catchUpTimeoutSeconds)
    {
        await CatchUpAsync(catchUpTimeoutSeconds);
        var log = await installation.QueryAsync(
            "select order_id, version, kind, reason, status, content, deleted from revisions order by 1, 2",
            row => new LoggedVersion(row.GetGuid(0), row.GetInt32(1), row.GetString(2), Text(row, 3),
                OrderFactsReader.Read(row.GetString(4), row.GetString(5), row.GetBoolean(6))));
        var served = new ConcurrentBag<FinalOrder>();
        var folded = new ConcurrentBag<FinalOrder>();
        var options = new ParallelOptions { MaxDegreeOfParallelism = ReadsAtATime };
        await Parallel.ForEachAsync(log.Where(version => version.Version == 1), options, async (first, _) =>
        {
            if (await GetAsync($"/orders/{first.OrderId}") is { } order)
            {
                served.Add(new FinalOrder(
                    first.OrderId, OrderFactsReader.Version(order), OrderFactsReader.Read(order)));
            }

            folded.Add(await FoldAsync(first));
        });
        return new FinalState
        {
            Stored = await installation.QueryAsync(
                "select order_id, version, status, content, deleted_at is not null from orders",
                row => new FinalOrder(row.GetGuid(0), row.GetInt32(1),
                    OrderFactsReader.Read(row.GetString(2), row.GetString(3), row.GetBoolean(4)))),
            Served = [.. served],
            Folded = [.. folded],
            Log = log,
            Places = await PlacesAsync(),
            Readings = [.. readers.Select(reader => reader.Reading)],
            Ended =
            [
                .. installation.Servers.Where(one => one.HasEnded)
                    .Select(one => $"{one.Name} ended by itself: {string.Join(" | ", one.Lines.TakeLast(LinesShown))}"),
            ],
        };
    }

    /// <summary>Waits until nothing is pending and every reader has got to the end.</summary>
    private async Task CatchUpAsync(int timeoutSeconds)
    {
        for (var waited = 0; waited < timeoutSeconds * 1000; waited += PollMilliseconds)
        {
            var pending = await installation.QueryAsync("select count(*) from pending", row => row.GetInt64(0));
            var isAtEnd = pending[0] == 0;
            foreach (var reader in readers)
            {
                int? got;
                while ((got = await reader.ReadPageAsync(PageSize)) > 0)
                {
                    isAtEnd = false;
                }

                isAtEnd &= got is not null;
            }

            if (isAtEnd)
            {
                return;
            }

            await Task.Delay(PollMilliseconds);
        }

    }

    private Task<List<FeedPlace>> PlacesAsync() => installation.QueryAsync(
        "select position, order_id, version from feed order by 1",
        row => new FeedPlace(row.GetInt64(0), row.GetGuid(1), row.GetInt32(2)));

    /// <summary>Applies what the service tells of each version to the first one.</summary>
    private async Task<FinalOrder> FoldAsync(LoggedVersion first)
    {
        var facts = first.Facts;
        var version = 0;
        string? cursor = null;
        do
        {
            var path = $"/orders/{first.OrderId}/revisions?limit={PageSize}"
                + (cursor is null ? "" : $"&cursor={Uri.EscapeDataString(cursor)}");
            if (await GetAsync(path) is not { } page)
            {
                break;
            }

            foreach (var revision in page.GetProperty("data").EnumerateArray())
            {
                version = revision.GetProperty("version").GetInt32();
                facts = revision.GetProperty("changes").EnumerateArray().Aggregate(facts, Apply);
            }

            cursor = page.GetProperty("next").GetString();
        }
        while (cursor is not null);
        return new FinalOrder(first.OrderId, version, facts);
    }

    private static OrderFacts Apply(OrderFacts facts, JsonElement change)
    {
        var to = change.GetProperty("to");
        return change.GetProperty("path").GetString() switch
        {
            "/status" => facts with { Status = to.GetString()! },
            "/deleted" => facts with { IsDeleted = to.GetBoolean() },
            "/totalfee" => facts with { TotalFee = to.GetDecimal() },
            "/metadata/op" => facts with { Marker = to.GetString() },
            _ => facts,
        };
    }

    /// <summary>The body, or null where it is not found.</summary>
    private async Task<JsonElement?> GetAsync(string path)
    {
        for (var attempt = 1; attempt <= AttemptsMax; attempt++)
        {
            switch (await server.GetAsync(path))
            {
                case { Status: 200 } found:
                    return found.Body;
                case { Status: 404 }:
                    return null;
            }

            await Task.Delay(RetryDelayMilliseconds);
        }

        throw new InvalidOperationException($"{path} could not be read in {AttemptsMax} attempts.");
    }

    private static string? Text(NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetString(column);
}
