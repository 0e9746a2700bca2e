namespace Orderly.Tests.Harness;

/// <summary>One more server on the database of another, whose owner drops it.</summary>
public class ServerOnDatabase(RunningServer first) : RunningServer(cluster: null)
{
    public override string KeyFile => first.KeyFile;

    protected override Task<TestDatabase> OpenDatabaseAsync() =>
        Task.FromResult(new TestDatabase(first.Database.ConnectionString));

    protected override Task SeedAsync() => Task.CompletedTask;
}
