using System.Data;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Orderly.Bench.EfCore;

internal static class OrderEndpoints
{
    private const string NdJson = "application/x-ndjson";
    private const int ImportBatch = 1_000;

    private static readonly byte[] LineEnd = "\n"u8.ToArray();
    private static readonly TimeSpan UpdatableAfter = TimeSpan.FromHours(3);

    public static async Task<IResult> Create(
        OrderInput input, OrdersContext db, TimeProvider clock, CancellationToken cancellation)
    {
        var errors = input.Validate();
        if (errors.Count > 0) return TypedResults.ValidationProblem(errors);
        var now = clock.GetUtcNow();
        var order = new OrderEntity { Currency = "USD", CreatedAt = now };
        if (await Apply(input, order, db, now, cancellation) is { } refusal) return refusal;
        db.Orders.Add(order);
        if (await Save(db, cancellation) is { } conflict) return conflict;
        return TypedResults.Created($"/orders/{order.Id}", OrderOutput.Of(order));
    }

    public static async Task<IResult> Read(Guid id, OrdersContext db, CancellationToken cancellation)
    {
        var order = await db.Orders.AsNoTracking().Include(o => o.Lines)
            .FirstOrDefaultAsync(o => o.Id == id, cancellation);
        return order is null ? TypedResults.NotFound() : TypedResults.Ok(OrderOutput.Of(order));
    }

    public static async Task<IResult> List(
        int? limit, HttpRequest request, OrdersContext db, IOptions<JsonOptions> json, CancellationToken cancellation)
    {
        if (request.Headers.Accept == NdJson)
            return TypedResults.Stream(output => WriteAll(output, db, json.Value, cancellation), NdJson);
        if (limit is < 1 or > 500) return TypedResults.Problem("limit must be 1 to 500", statusCode: 400);
        var orders = await db.Orders.AsNoTracking().Include(o => o.Lines)
            .OrderByDescending(o => o.CreatedAt).ThenByDescending(o => o.Id)
            .Take(limit ?? 50)
            .ToListAsync(cancellation);
        return TypedResults.Ok(new OrderPage(orders.Select(OrderOutput.Of)));
    }

    public static async Task<IResult> Update(
        Guid id, OrderInput input, OrdersContext db, TimeProvider clock, CancellationToken cancellation)
    {
        var errors = input.Validate();
        if (errors.Count > 0) return TypedResults.ValidationProblem(errors);
        var order = await db.Orders.Include(o => o.Lines).FirstOrDefaultAsync(o => o.Id == id, cancellation);
        if (order is null) return TypedResults.NotFound();
        var now = clock.GetUtcNow();
        if (order.CreatedAt > now - UpdatableAfter)
            return TypedResults.Problem("the order is younger than 3 hours", statusCode: 409);
        if (await Apply(input, order, db, now, cancellation) is { } refusal) return refusal;
        order.Version++;
        if (await Save(db, cancellation) is { } conflict) return conflict;
        return TypedResults.Ok(OrderOutput.Of(order));
    }

    public static async Task<IResult> Delete(Guid id, OrdersContext db, CancellationToken cancellation)
    {
        var deleted = await db.Orders.Where(o => o.Id == id).ExecuteDeleteAsync(cancellation);
        return deleted == 0 ? TypedResults.NotFound() : TypedResults.NoContent();
    }

    public static async Task<IResult> PutService(
        string id, ServiceInput input, OrdersContext db, CancellationToken cancellation)
    {
        var service = await db.Services.FindAsync([id], cancellation);
        if (service is null) db.Services.Add(service = new ServiceEntity { Id = id, Name = input.Name });
        service.Name = input.Name;
        service.Fee = input.Fee;
        await db.SaveChangesAsync(cancellation);
        return TypedResults.Ok(service);
    }

    /// <summary>All or nothing, a row a line.</summary>
    public static async Task<IResult> Import(
        HttpRequest request, OrdersContext db, TimeProvider clock, IOptions<JsonOptions> json,
        CancellationToken cancellation)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var records = await db.Services.AsNoTracking()
            .ToDictionaryAsync(s => s.Id, StringComparer.Ordinal, cancellation);
        var (now, created) = (clock.GetUtcNow(), 0);
        using var rows = new StreamReader(request.Body);
        while (await rows.ReadLineAsync(cancellation) is { } row)
        {
            if (row.Length == 0) continue;
            if (JsonSerializer.Deserialize<OrderInput>(row, json.Value.SerializerOptions) is not { } input)
                return TypedResults.Problem($"row {created + 1} is null", statusCode: 422);
            var errors = input.Validate();
            if (errors.Count > 0) return TypedResults.ValidationProblem(errors);
            var order = new OrderEntity { Currency = "USD", CreatedAt = now };
            if (Apply(input, order, records, now) is { } refusal) return refusal;
            db.Orders.Add(order);
            if (++created % ImportBatch != 0) continue;
            if (await Save(db, cancellation) is { } conflict) return conflict;
            db.ChangeTracker.Clear();
        }
        if (await Save(db, cancellation) is { } last) return last;
        await transaction.CommitAsync(cancellation);
        return TypedResults.Ok(new { Created = created, Refused = 0 });
    }

    private static async Task WriteAll(
        Stream output, OrdersContext db, JsonOptions json, CancellationToken cancellation)
    {
        await using var transaction =
            await db.Database.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellation);
        var orders = db.Orders.AsNoTracking().Include(o => o.Lines)
            .OrderByDescending(o => o.CreatedAt).ThenByDescending(o => o.Id).AsAsyncEnumerable();
        await foreach (var order in orders.WithCancellation(cancellation))
        {
            await JsonSerializer.SerializeAsync(output, OrderOutput.Of(order), json.SerializerOptions, cancellation);
            await output.WriteAsync(LineEnd, cancellation);
        }
    }

    private static async Task<IResult?> Apply(
        OrderInput input, OrderEntity order, OrdersContext db, DateTimeOffset now, CancellationToken cancellation)
    {
        var ids = (input.Services ?? []).ConvertAll(line => line.Id);
        var records = await db.Services.AsNoTracking().Where(s => ids.Contains(s.Id))
            .ToDictionaryAsync(s => s.Id, StringComparer.Ordinal, cancellation);
        return Apply(input, order, records, now);
    }

    private static ProblemHttpResult? Apply(
        OrderInput input, OrderEntity order, Dictionary<string, ServiceEntity> records, DateTimeOffset now)
    {
        var lines = input.Services ?? [];
        order.Lines.Clear();
        for (var i = 0; i < lines.Count; i++)
        {
            var line = lines[i];
            if (!records.TryGetValue(line.Id, out var record) || (line.Fee ?? record.Fee) is not { } fee)
                return TypedResults.Problem($"service {line.Id} is not known or has no fee", statusCode: 422);
            order.Lines.Add(new OrderLineEntity
            {
                LineNo = i,
                ServiceId = line.Id,
                Name = line.Name ?? record.Name,
                Quantity = line.Quantity ?? 1,
                Fee = fee,
            });
        }
        order.Datetime = input.Datetime?.ToUniversalTime() ?? now;
        order.TotalFee = input.TotalFee ?? order.Lines.Sum(line => line.Quantity * line.Fee);
        order.Currency = input.Currency ?? "USD";
        order.Reference = input.Reference;
        order.Notes = input.Notes;
        order.Metadata = input.Metadata ?? [];
        order.UpdatedAt = now;
        return null;
    }

    private static async Task<IResult?> Save(OrdersContext db, CancellationToken cancellation)
    {
        try
        {
            await db.SaveChangesAsync(cancellation);
            return null;
        }
        catch (DbUpdateConcurrencyException)
        {
            return TypedResults.Problem("the order was changed meanwhile", statusCode: 412);
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException
        { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            return TypedResults.Problem("the reference is taken", statusCode: 409);
        }
    }
}
