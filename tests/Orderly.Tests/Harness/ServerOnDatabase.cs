namespace Orderly.Tests.Harness;

/// <summary>One more server on the database of another, whose owner drops it.</summary>
public class ServerOnDatabase(TestDatabase database) : RunningServer(cluster: null)
{
    protected override Task<TestDatabase> OpenDatabaseAsync() =>
        Task.FromResult(new TestDatabase(database.ConnectionString));

    protected override Task SeedAsync() => Task.CompletedTask;
}
