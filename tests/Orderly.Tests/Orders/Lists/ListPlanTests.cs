using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Npgsql;
using Orderly.Server.Database;
using Orderly.Server.Http;
using Orderly.Server.Orders;
using Orderly.Server.Privacy;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Orders.Lists;

/// <summary>A list touches few rows, however many orders there are: by its plan, not by the clock.</summary>
public sealed class ListPlanTests(DatabaseWithManyRows database) : IClassFixture<DatabaseWithManyRows>
{
    private const int PageSize = 51;

    /// <summary>What a page of 51 may look at: a few percent of the orders, and no more where there are more.</summary>
    private const int TouchedRowsMax = 1_500;

    [Theory]
    [InlineData("", "-createdAt")]
    [InlineData("", "createdAt")]
    [InlineData("", "-datetime")]
    [InlineData("", "totalfee")]
    [InlineData("", "-updatedAt")]
    [InlineData("", "number")]
    [InlineData("status=placed", "-createdAt")]
    [InlineData("status=confirmed", "-createdAt")]
    [InlineData("status=placed,confirmed", "-createdAt")]
    [InlineData("status=completed", "totalfee")]
    [InlineData("team=team-3", "-createdAt")]
    [InlineData("team=team-3&status=completed", "-createdAt")]
    [InlineData("team=team-29&status=placed", "-createdAt")]
    [InlineData("team=team-20&status=cancelled", "createdAt")]
    [InlineData("service=service-0", "-createdAt")]
    [InlineData("service=service-199", "-createdAt")]
    [InlineData("service=service-0&status=completed", "-createdAt")]
    [InlineData("service=service-199&status=completed", "totalfee")]
    [InlineData("metadata.region=eu", "-createdAt")]
    [InlineData("metadata.customer=c-77", "-createdAt")]
    [InlineData("metadata.region=eu&status=completed", "-createdAt")]
    [InlineData("q=clean", "-createdAt")]
    [InlineData("q=po-25000", "-createdAt")]
    [InlineData("q=clean+eu", "-createdAt")]
    [InlineData("q=po-25000&status=completed", "-createdAt")]
    [InlineData("reference=PO-20001", "-createdAt")]
    [InlineData("number=20000", "-createdAt")]
    [InlineData("customer.email=user77@example.com", "-createdAt")]
    [InlineData("totalfee[gte]=100&totalfee[lt]=101", "totalfee")]
    [InlineData("totalfee[gte]=100&totalfee[lt]=101", "-createdAt")]
    [InlineData("createdAt[gte]=2020-02-01T00:00:00Z&createdAt[lt]=2020-03-01T00:00:00Z", "-createdAt")]
    [InlineData("status=completed&createdAt[gte]=2020-02-01T00:00:00Z&createdAt[lt]=2020-03-01T00:00:00Z", "createdAt")]
    [InlineData("datetime[gte]=2020-02-01T00:00:00Z&datetime[lt]=2020-03-01T00:00:00Z", "datetime")]
    [InlineData("updatedAt[gte]=2020-02-01T00:00:00Z", "updatedAt")]
    [InlineData("deleted=only", "-createdAt")]
    [InlineData("deleted=include", "-createdAt")]
    [InlineData("deleted=include&team=team-3", "totalfee")]
    public async Task A_page_touches_few_rows_and_scans_no_table(string query, string sort)
    {
        var (filter, order) = Read(query, sort);
        foreach (var after in (OrderPosition?[])[null, await database.MiddleAsync(order)])
        {
            var way = ListWay.Choose(filter, order, after, PageSize, database.Statistics);
            foreach (var (_, statements) in OrderListStore.FirstTries(filter, order, after, PageSize, way))
            {
                await ShouldBeCheapAsync(statements[^1], $"{query} {sort} {after}");
            }
        }
    }

    [Fact]
    public async Task A_page_that_is_gathered_has_the_rows_of_the_one_that_is_walked_to()
    {
        foreach (var deleted in (string[])["", "&deleted=include"])
        {
            var (filter, order) = Read("service=service-7" + deleted, "-totalfee");
            var behind = await database.MiddleAsync(order);
            var walked = await database.IdsAsync(OrderQueryStore.Page(filter, order, behind, PageSize));
            (await database.IdsAsync(OrderQueryStore.GatheredPage(filter, order, behind, PageSize))).ShouldBe(walked);
            walked.Count.ShouldBeGreaterThan(10);
        }
    }

    [Fact]
    public async Task What_is_gathered_goes_by_the_filters_own_index_whatever_the_sort()
    {
        var (filter, order) = Read("service=service-199", "-createdAt");
        var nodes = await database.ExplainAsync(OrderQueryStore.GatheredPage(filter, order, after: null, PageSize));

        nodes.ShouldContain(node => node.Index == "orders_terms");
        nodes.ShouldNotContain(node => node.Index == "orders_newest");
    }

    [Theory]
    [InlineData("team=team-20&status=cancelled")]
    [InlineData("team=team-3&status=confirmed")]
    public async Task Of_a_team_and_a_status_no_others_are_looked_at(string query)
    {
        var (filter, order) = Read(query, "-createdAt");
        var nodes = await database.ExplainAsync(OrderQueryStore.Page(filter, order, after: null, PageSize));

        nodes.ShouldContain(node => node.Index == "orders_of_team_and_status", string.Join('\n', nodes));
        nodes.Max(node => node.TouchedRows).ShouldBeLessThanOrEqualTo(PageSize);
    }

    [Fact]
    public async Task A_plan_that_looks_at_every_order_is_found()
    {
        var nodes = await database.ExplainAsync(new NpgsqlBatchCommand(
            "select * from orders o where deleted_at is null order by o.updated_by, o.created_at limit 51"));

        nodes.Max(node => node.TouchedRows).ShouldBeGreaterThan(TouchedRowsMax);
    }

    private async Task ShouldBeCheapAsync(NpgsqlBatchCommand command, string what)
    {
        var nodes = await database.ExplainAsync(command);
        var plan = string.Join('\n', nodes);
        nodes.ShouldNotContain(node => node.Type == "Seq Scan", $"{what}\n{plan}");
        nodes.Max(node => node.TouchedRows).ShouldBeLessThanOrEqualTo(TouchedRowsMax, $"{what}\n{plan}");
    }

    internal static (OrderFilter Filter, Sort Sort) Read(string query, string sort)
    {
        var http = new DefaultHttpContext();
        http.Request.QueryString = new QueryString($"?{query}&sort={sort}".Replace("?&", "?"));
        var input = QueryInput.Read(
            http.Request, OrderFilter.MetadataPrefix, [.. OrderFilterInput.Names, "sort"]);
        var filter = OrderFilterInput.Read(input, DatabaseWithManyRows.Emails);
        var order = Sort.Read(input, OrderFilter.OrderedFields, ListOrders.DefaultSort);
        input.ToProblem().ShouldBeNull();
        return (filter, order);
    }
}

/// <summary>One step of a plan that was run.</summary>
public sealed record PlanNode(string Type, string? Index, double TouchedRows, double Loops);

/// <summary>A database with 30,000 orders over five years, and connections as lists have them.</summary>
public class DatabaseWithManyRows(TestCluster cluster) : IAsyncLifetime
{
    private const string RowsRead =
        "select seq_tup_read + idx_tup_fetch from pg_stat_xact_user_tables where relname = 'orders'";

    private const string Fill =
        """
        insert into orders (order_id, write_id, version, status, team, datetime, totalfee, totalfee_stated, reference,
            content, created_at, created_by, updated_at, updated_by, deleted_at, terms)
        select gen_random_uuid(), gen_random_uuid(), 1,
            case when i > 29400 and i % 2 = 0 then 'placed' when i % 200 = 1 then 'confirmed'
                when i % 20 = 2 then 'cancelled' else 'completed' end,
            'team-' || floor(30 * power(random(), 2)), at + random() * interval '30 days',
            round((random() * 500)::numeric, 2), true, case when i % 2 = 0 then 'PO-' || i end,
            '{"totalfee":0}', at, 'key', at + random() * interval '60 days', 'key',
            case when i % 100 = 3 then at + interval '60 days' end,
            array['s:service-' || floor(200 * power(random(), 3)), 'w:clean', 'w:deep', 'w:po', 'w:' || i,
                'm:6:region=' || (array['eu', 'us', 'asia'])[1 + i % 3], 'w:' || (array['eu', 'us', 'asia'])[1 + i % 3],
                'm:8:customer=c-' || i % 1000,
                ($1::text[])[1 + i % 1000]] || case when i between 200 and 1700 then array['w:campaign'] else '{}' end
        from (select i, timestamptz '2020-01-01Z' + i * $2::interval as at from generate_series(1, 30000) i) g
        """;

    internal static readonly EmailIndex Emails = new(AKeyFile.Load());

    private TestDatabase? _database;

    internal ListDataSource Lists { get; private set; } = null!;

    internal string ConnectionString => _database!.ConnectionString;

    internal OrderStatistics Statistics { get; private set; } = null!;

    /// <summary>The time between one order and the next.</summary>
    protected virtual string Step => "1 hour";

    /// <summary>What is made different before anything is read.</summary>
    protected virtual string Change => "update orders set created_at = '1900-01-01Z' where number = 1";

    public async ValueTask InitializeAsync()
    {
        _database = await cluster.CloneAsync();
        await _database.ExecuteAsync(
            Fill, Enumerable.Range(0, 1_000).Select(i => Emails.TermOf($"user{i}@example.com")).ToArray(), Step);
        await _database.ExecuteAsync("update orders set reference = 'PO-20001' where number = 20001");
        await _database.ExecuteAsync(Change);
        await Patience.UntilAsync(VacuumAsync);
        Lists = DataSources.ForLists(_database.ConnectionString, log: null);
        await using var reads = DataSources.ForReads(_database.ConnectionString, log: null);
        using var statistics = new OrderStatisticsStore(reads, TimeProvider.System);
        Statistics = (await statistics.GetAsync(TestContext.Current.CancellationToken))!;
    }

    /// <summary>The steps of the plan of a statement, as it ran.</summary>
    internal async Task<List<PlanNode>> ExplainAsync(NpgsqlBatchCommand command)
    {
        await using var connection = await Lists.Source.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var explain = new NpgsqlCommand(
            "explain (analyze, format json) " + command.CommandText, connection);
        Take(command, explain);
        var text = (string)(await explain.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
        using var document = JsonDocument.Parse(text);
        return [.. Nodes(document.RootElement[0].GetProperty("Plan"))];
    }

    /// <summary>
    /// The first orders that statements find, run as a list runs them: by plans that are kept. And how many were read.
    /// </summary>
    internal async Task<(List<Guid> Ids, long RowsRead)> RunAsync(NpgsqlBatchCommand[] commands)
    {
        var stop = TestContext.Current.CancellationToken;
        await using var connection = await OpenUnhurriedAsync();
        await using var transaction = await connection.BeginTransactionAsync(stop);
        await using var count = new NpgsqlCommand(RowsRead, connection, transaction);
        var before = (long)(await count.ExecuteScalarAsync(stop))!;
        var ids = new List<Guid>();
        await using (var batch = new NpgsqlBatch(connection, transaction))
        {
            Array.ForEach(commands, batch.BatchCommands.Add);
            await batch.PrepareAsync(stop);
            await using var reader = await batch.ExecuteReaderAsync(stop);
            for (var i = 1; i < commands.Length; i++)
            {
                await reader.NextResultAsync(stop);
            }

            while (await reader.ReadAsync(stop))
            {
                ids.Add(reader.GetGuid(0));
            }
        }

        return (ids, (long)(await count.ExecuteScalarAsync(stop))! - before);
    }

    internal async Task<List<Guid>> IdsAsync(NpgsqlBatchCommand command)
    {
        await using var connection = await OpenUnhurriedAsync();
        await using var run = new NpgsqlCommand(command.CommandText, connection);
        Take(command, run);
        await using var reader = await run.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var ids = new List<Guid>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
        {
            ids.Add(reader.GetGuid(0));
        }

        return ids;
    }

    /// <summary>Where an order stands in a list by creation.</summary>
    internal async Task<OrderPosition> PositionAsync(Guid id)
    {
        await using var connection = await Lists.Source.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand("select created_at from orders where order_id = $1", connection);
        command.Parameters.Add(new NpgsqlParameter { Value = id });
        return new OrderPosition(
            (DateTime)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!, id);
    }

    /// <summary>Positions by creation, less than 16 hours from where one long span ends and another begins.</summary>
    internal Task<List<OrderPosition>> PositionsNearEndsAsync() => PositionsAsync(
        """
        select created_at, order_id
        from orders
        where number % 5 = 0 and deleted_at is null
            and (order_spans(created_at + interval '16 hours'))[2] <> (order_spans(created_at - interval '16 hours'))[2]
        order by created_at
        """);

    /// <summary>The position of an order in the middle of a list of all.</summary>
    internal async Task<OrderPosition> MiddleAsync(Sort sort)
    {
        var column = sort.Field switch
        {
            OrderFilter.CreatedAt => "created_at",
            OrderFilter.UpdatedAt => "updated_at",
            var same => same,
        };
        var middle = await PositionsAsync(
            $"select {column}, order_id from orders order by {column} offset 15000 limit 1");
        return middle.Single();
    }

    /// <summary>
    /// Whether an index alone can answer now. The cluster's commits do not wait for the disk, and vacuum takes a row
    /// for visible to all only once its commit is on it: its own, and any of the 32 transactions that PostgreSQL
    /// remembers the place of together. So another test that writes meanwhile keeps pages from it, for a moment.
    /// </summary>
    private async Task<bool> VacuumAsync()
    {
        await _database!.ExecuteAsync("checkpoint");
        await _database.ExecuteAsync("vacuum (analyze, index_cleanup on) orders");
        return await _database.SingleAsync<bool>(
            "select relallvisible = relpages from pg_class where oid = 'orders'::regclass");
    }

    /// <summary>What is found is compared, by ways that need not be quick: how quick is told by plans.</summary>
    private async Task<NpgsqlConnection> OpenUnhurriedAsync()
    {
        var connection = await Lists.Source.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var unhurried = new NpgsqlCommand("set statement_timeout = 0", connection);
        await unhurried.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        return connection;
    }

    private async Task<List<OrderPosition>> PositionsAsync(string sql)
    {
        await using var connection = await OpenUnhurriedAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var positions = new List<OrderPosition>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
        {
            positions.Add(new OrderPosition(reader.GetValue(0), reader.GetGuid(1)));
        }

        return positions;
    }

    public async ValueTask DisposeAsync()
    {
        await Lists.DisposeAsync();
        await _database!.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>A parameter belongs to one command at a time.</summary>
    private static void Take(NpgsqlBatchCommand from, NpgsqlCommand to)
    {
        var parameters = from.Parameters.ToArray();
        from.Parameters.Clear();
        to.Parameters.AddRange(parameters);
    }

    private static IEnumerable<PlanNode> Nodes(JsonElement node)
    {
        double Number(string name) => node.TryGetProperty(name, out var value) ? value.GetDouble() : 0;
        var rows = Number("Actual Rows") + Number("Rows Removed by Filter") + Number("Rows Removed by Index Recheck");
        yield return new PlanNode(
            node.GetProperty("Node Type").GetString()!,
            node.TryGetProperty("Index Name", out var index) ? index.GetString() : null,
            rows * Math.Max(1, Number("Actual Loops")), Number("Actual Loops"));
        if (node.TryGetProperty("Plans", out var children))
        {
            foreach (var child in children.EnumerateArray().SelectMany(Nodes))
            {
                yield return child;
            }
        }
    }
}
