namespace Orderly.EmbeddedPostgres;

/// <summary>A cluster that takes connections, and how it came to be.</summary>
internal sealed record PreparedCluster(
    Postmaster Postmaster, ClusterAddress Address, ClusterLogin Login, bool IsNew, string Version)
{
    /// <summary>Everything between an owned directory and a running cluster.</summary>
    public static async Task<PreparedCluster> StartAsync(EmbeddedClusterOptions options, ClusterDirectory directory,
        CancellationToken ct)
    {
        var home = directory.Home;
        directory.RemoveUnfinished();
        var major = directory.DataMajor();
        var binaries = await PostgresBinaries.FindAsync(options.BinaryDirectory,
            PostgresPlaces.OfThisMachine(options), major, options.Report, ct);
        var account = await PostgresProcess.ChooseAccountAsync(home.DataDirectory, ct);
        var process = new PostgresProcess(account, home.Path);
        await process.RequireReachableAsync(home.Path, ct);
        await process.RequireReachableAsync(binaries.Postgres, ct);

        var isNew = major is null;
        if (isNew)
            await new ClusterMaker(directory, binaries, process).MakeAsync(options, ct);
        var login = directory.ReadLogin(options.Database);
        foreach (var writable in new[] { home.LogDirectory, home.SocketDirectory })
        {
            Directory.CreateDirectory(writable, ClusterDirectory.OwnerOnly);
            await process.GiveAsync(writable, ct);
        }

        var postmaster = new Postmaster(directory, binaries, process, options);
        var address = await RunAsync(postmaster, options, binaries, directory, ct);
        return new PreparedCluster(postmaster, address, login, isNew, binaries.Version);
    }

    private static async Task<ClusterAddress> RunAsync(Postmaster postmaster, EmbeddedClusterOptions options,
        PostgresBinaries binaries, ClusterDirectory directory, CancellationToken ct)
    {
        var home = directory.Home;
        var address = ClusterAddresses.Choose(home, options.Port, postmaster.RunningPort());
        var configuration = ClusterConfiguration.Text(options, binaries, home, address);
        var settingsAreTheSame = File.Exists(home.ConfigurationFile)
            && await File.ReadAllTextAsync(home.ConfigurationFile, ct) == configuration;
        if (await postmaster.TryAdoptAsync(settingsAreTheSame, ct))
            return address;

        if (options.Port is { } port)
            ClusterAddresses.RequireFree(port);
        directory.ReplaceInData(home.ConfigurationFile, configuration);
        try
        {
            await postmaster.StartAsync(ct);
            return address;
        }
        catch
        {
            await postmaster.StopAsync(CancellationToken.None);
            throw;
        }
    }
}
