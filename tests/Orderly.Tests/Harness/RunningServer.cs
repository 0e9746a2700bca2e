using System.Net.Security;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orderly.Server.Access;
using Orderly.Server.Configuration;
using Orderly.Server.Database;
using Orderly.Server.Orders;

namespace Orderly.Tests.Harness;

/// <summary>
/// The server as it runs in production, on real Kestrel and a free port, with a database of its own. A class takes it
/// as its fixture; a test that needs other settings starts another one.
/// </summary>
public class RunningServer(TestCluster? cluster) : IAsyncLifetime
{
    public const string Key = "the-key-of-the-tests-0123456789";

    private readonly DirectoryInfo _files = Directory.CreateTempSubdirectory("orderly-server-");
    private WebApplication? _app;
    private readonly List<Api> _callers = [];
    private TestDatabase? _database;

    public TestDatabase Database => _database!;

    public Api Api { get; private set; } = null!;

    public Uri Address { get; private set; } = null!;

    public CapturedLog Log { get; } = new();

    /// <summary>The server's own parts, for tests at store level.</summary>
    public IServiceProvider Services => _app!.Services;

    /// <summary>A writer of orders beside the server's own, with connections of the test's making.</summary>
    internal OrderWriter NewWriter(WriteDataSource database) =>
        ActivatorUtilities.CreateInstance<OrderWriter>(Services, database);

    protected virtual string BootstrapKey => Key;

    /// <summary>The keys of personal data; servers on the same database need the same.</summary>
    public virtual string KeyFile => Path.Combine(_files.FullName, "personal-data-keys");

    /// <summary>Settings beside those that every test server has, as <c>name, value</c>.</summary>
    protected virtual IReadOnlyList<(string Name, string Value)> Settings => [];

    /// <summary>How callers speak HTTPS with it.</summary>
    protected virtual SslClientAuthenticationOptions? Tls => null;

    public virtual async ValueTask InitializeAsync()
    {
        _database = await OpenDatabaseAsync();
        var arguments = new List<string>
        {
            "--urls=http://127.0.0.1:0",
            $"--ConnectionStrings:Orderly={_database.ConnectionString}",
            $"--Orderly:BootstrapKey={BootstrapKey}",
            $"--Orderly:DataDirectory={_files.FullName}",
            $"--Privacy:KeyFile={KeyFile}",
        };
        arguments.AddRange(Settings.Select(setting => $"--{setting.Name}={setting.Value}"));
        var builder = WebApplication.CreateBuilder([.. arguments]);
        builder.Logging.ClearProviders().AddProvider(Log)
            .AddFilter("Microsoft", LogLevel.Warning)
            .AddFilter("Npgsql.Connection", LogLevel.Critical).AddFilter("Npgsql.Transaction", LogLevel.Critical);
        var settings = SettingsReader.Read(builder.Configuration);
        (_app, _) = await Server.Startup.Server.PrepareAsync(
            builder, settings, settings.Server.ConnectionString!, databaseIsNew: false, CancellationToken.None);
        await _app.StartAsync();
        Address = new Uri(_app.Services.GetRequiredService<IServer>().Features
            .Get<IServerAddressesFeature>()!.Addresses.First());
        Api = new Api(Address, BootstrapKey, Tls);
        await SeedAsync();
    }

    /// <summary>A database of the server's own.</summary>
    protected virtual Task<TestDatabase> OpenDatabaseAsync() => cluster!.CloneAsync();

    /// <summary>Places an order and moves its clock on, so that it can be updated. Returns its path.</summary>
    public async Task<string> PlaceOldAsync(string? json = null)
    {
        var id = await Api.PlaceAsync(json);
        await Database.AgeAsync(id);
        return "/orders/" + id;
    }

    /// <summary>
    /// A caller of another team, with these scopes only. The key is put into the database as it would be.
    /// </summary>
    public async Task<Api> CallerAsync(string team, params string[] scopes)
    {
        var id = $"{team}-{string.Join("-", scopes)}";
        var key = $"key-of-{id}-0123456789";
        await Database.ExecuteAsync(
            "insert into keys (key_id, name, team, scopes, reach, created_at, created_by) "
            + "values ($1, $1, $2, $3, 'all', now(), 'test')", id, team, scopes);
        await Database.ExecuteAsync(
            "insert into key_secrets (key_id, digest, created_at) values ($1, $2, now())",
            id, SHA256.HashData(Encoding.UTF8.GetBytes(key)));
        var caller = new Api(Address, key);
        _callers.Add(caller);
        return caller;
    }

    /// <summary>The token behind all that was written: what has no place in the feed yet is waited for.</summary>
    public async Task<string> EndOfFeedAsync()
    {
        await Database.WaitForFeedAsync();
        var page = (await Api.GetAsync("/changes?limit=500")).ShouldBe(200);
        while (page.At("data").GetArrayLength() > 0)
        {
            page = (await Api.GetAsync("/changes?limit=500&after=" + page.String("next"))).ShouldBe(200);
        }

        return page.String("next")!;
    }

    /// <summary>A key made as an administrator would make it, and a caller with it.</summary>
    public async Task<(string Id, Api Caller)> MakeKeyAsync(string json)
    {
        var made = (await Api.PostAsync("/keys", json)).ShouldBe(201);
        var caller = new Api(Address, made.String("key"));
        _callers.Add(caller);
        return (made.Id, caller);
    }

    /// <summary>Does something after all connections of a pool have broken while they rested.</summary>
    /// <param name="pool">The name that it has in PostgreSQL.</param>
    /// <param name="act">What is done; it must not mind.</param>
    public async Task AfterBreakAsync(string pool, Func<Task> act)
    {
        await Database.ExecuteAsync(
            "select pg_terminate_backend(pid, 10000) from pg_stat_activity "
            + $"where datname = current_database() and application_name = '{pool}'");
        await act();
        Log.ShouldHoldNoError();
    }

    /// <summary>The server looks keys up anew that it remembers for a moment.</summary>
    public void Forget() => Services.GetRequiredService<KeyRing>().Forget();

    /// <summary>The server writes down which keys were used, as it does now and then.</summary>
    public Task RecordUseAsync() => Services.GetRequiredService<KeyUsage>().RecordAsync(CancellationToken.None);

    public virtual async ValueTask DisposeAsync()
    {
        _callers.ForEach(caller => caller.Dispose());
        Api?.Dispose();
        if (_app is not null)
        {
            await _app.StopAsync();
            await _app.DisposeAsync();
        }

        if (_database is not null)
        {
            await _database.DisposeAsync();
        }

        _files.Delete(recursive: true);
        Log.ShouldHoldNoError();
        GC.SuppressFinalize(this);
    }

    /// <summary>The service records that the orders of tests name.</summary>
    protected virtual async Task SeedAsync()
    {
        foreach (var (id, json) in AnOrder.ServiceRecords)
        {
            (await Api.PutAsync($"/services/{id}", json)).ShouldBe(201);
        }
    }
}
