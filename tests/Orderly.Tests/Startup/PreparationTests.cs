using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orderly.Server.Access;
using Orderly.Server.Configuration;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Startup;

/// <summary>What a start puts into the database.</summary>
public sealed class PreparationTests(TestCluster cluster)
{
    private static async Task<(WebApplication App, string? NewKey)> PrepareAsync(
        TestDatabase database, bool databaseIsNew, params string[] arguments)
    {
        var builder = WebApplication.CreateBuilder(arguments);
        builder.Logging.ClearProviders();
        return await Server.Startup.Server.PrepareAsync(
            builder, SettingsReader.Read(builder.Configuration), database.ConnectionString, databaseIsNew,
            TestContext.Current.CancellationToken);
    }

    private static async Task<bool> IsKnownAsync(WebApplication app, string key) =>
        await app.Services.GetRequiredService<KeyRing>()
            .FindAsync(key, TestContext.Current.CancellationToken) is not null;

    [Fact]
    public async Task A_key_is_generated_at_the_first_start_only()
    {
        await using var database = await cluster.CreateEmptyAsync();
        var (first, key) = await PrepareAsync(database, databaseIsNew: false);
        await using (first)
        {
            (await IsKnownAsync(first, key.ShouldNotBeNull())).ShouldBeTrue();
        }

        var (second, again) = await PrepareAsync(database, databaseIsNew: false);
        await using (second)
        {
            again.ShouldBeNull();
            (await IsKnownAsync(second, key)).ShouldBeTrue();
        }
    }

    [Fact]
    public async Task A_configured_key_is_taken_never_told_and_replaces_the_one_before()
    {
        await using var database = await cluster.CloneAsync();
        var (first, generated) = await PrepareAsync(database, databaseIsNew: false);
        await first.DisposeAsync();

        var (second, told) = await PrepareAsync(
            database, databaseIsNew: false, "--Orderly:BootstrapKey=configured-key-0123456789");
        await using (second)
        {
            told.ShouldBeNull();
            (await IsKnownAsync(second, "configured-key-0123456789")).ShouldBeTrue();
            (await IsKnownAsync(second, generated!)).ShouldBeFalse();
        }
    }

    [Theory]
    [InlineData(true, "", true)]
    [InlineData(false, "", false)]
    [InlineData(true, "--Orderly:SampleData=false", false)]
    [InlineData(false, "--Orderly:SampleData=true", true)]
    public async Task Sample_data_is_loaded_into_a_new_database_or_where_it_is_asked_for(
        bool isNew, string argument, bool isLoaded)
    {
        await using var database = await cluster.CloneAsync();
        var (app, _) = await PrepareAsync(database, isNew, argument.Length == 0 ? [] : [argument]);
        await app.DisposeAsync();

        (await database.SingleAsync<bool>("select exists (select from orders)")).ShouldBe(isLoaded);
        (await database.SingleAsync<bool>("select exists (select from services)")).ShouldBe(isLoaded);
    }

    [Fact]
    public async Task Sample_data_is_loaded_once_and_has_orders_that_can_be_updated_and_some_that_can_not_yet()
    {
        await using var database = await cluster.CloneAsync();
        await (await PrepareAsync(database, databaseIsNew: true)).App.DisposeAsync();
        var count = await database.SingleAsync<long>("select count(*) from orders");
        await (await PrepareAsync(database, databaseIsNew: true)).App.DisposeAsync();

        (await database.SingleAsync<long>("select count(*) from orders")).ShouldBe(count);
        (await database.SingleAsync<bool>(
            "select bool_or(created_at < now() - interval '3 hours') "
            + "and bool_or(created_at > now() - interval '3 hours') from orders")).ShouldBeTrue();
    }
}
