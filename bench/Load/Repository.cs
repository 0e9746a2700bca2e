namespace Orderly.Bench.Load;

/// <summary>Where the sources are, and how a project of theirs is published.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    /// <summary>Publishes a Release build, made together with this program's, into a directory of its own.</summary>
    public static async Task<string> Publish(string project, DirectoryInfo directory, string name)
    {
        var published = directory.CreateSubdirectory(name).FullName;
        await ChildProcess.RunTool(new("dotnet",
        [
            "publish", Path.Combine(Root, project), "-c", "Release", "--no-build", "-o", published,
            "--nologo", "-v", "quiet",
        ])
        {
            WorkingDirectory = Root,
        });
        return published;
    }

    private static string Find()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "Orderly.slnx")))
            directory = directory.Parent;
        return directory?.FullName
            ?? throw new BenchException("Run it from the repository: dotnet run -c Release --project bench/Load.");
    }
}
