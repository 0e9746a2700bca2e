using System.Text.Json.Serialization;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Orderly.Bench.EfCore;

var builder = WebApplication.CreateBuilder(args);
builder.Logging.SetMinimumLevel(LogLevel.Warning);
var apiKey = builder.Configuration["ApiKey"] ?? throw new InvalidOperationException("ApiKey is not set.");
var source = new NpgsqlDataSourceBuilder(builder.Configuration.GetConnectionString("Orders"))
    .EnableDynamicJson()
    .Build();
builder.Services.AddSingleton(TimeProvider.System);
builder.Services.AddDbContextPool<OrdersContext>(options => options.UseNpgsql(source));
builder.Services.ConfigureHttpJsonOptions(options =>
    options.SerializerOptions.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull);

var app = builder.Build();
app.Use((context, next) =>
{
    if (string.Equals(context.Request.Headers["X-Api-Key"], apiKey, StringComparison.Ordinal)) return next(context);
    context.Response.StatusCode = StatusCodes.Status401Unauthorized;
    return Task.CompletedTask;
});

var orders = app.MapGroup("/orders");
orders.MapPost("/", OrderEndpoints.Create);
orders.MapPost("/import", OrderEndpoints.Import);
orders.MapGet("/", OrderEndpoints.List);
orders.MapGet("/{id:guid}", OrderEndpoints.Read);
orders.MapPut("/{id:guid}", OrderEndpoints.Update);
orders.MapDelete("/{id:guid}", OrderEndpoints.Delete);
app.MapPut("/services/{id}", OrderEndpoints.PutService);

using (var scope = app.Services.CreateScope())
{
    await scope.ServiceProvider.GetRequiredService<OrdersContext>().Database.EnsureCreatedAsync();
}

await app.StartAsync();
foreach (var url in app.Urls) Console.WriteLine($"ready on {url}");
await app.WaitForShutdownAsync();
