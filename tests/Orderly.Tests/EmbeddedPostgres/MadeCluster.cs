using System.Diagnostics;
using Orderly.EmbeddedPostgres;
using Orderly.Tests.EmbeddedPostgres;

[assembly: AssemblyFixture(typeof(MadeCluster))]

namespace Orderly.Tests.EmbeddedPostgres;

/// <summary>One stopped cluster that tests copy, which is quicker than making one for each.</summary>
public sealed class MadeCluster : IAsyncDisposable
{
    private readonly SemaphoreSlim once = new(1, 1);
    private readonly string root = Path.Combine("/tmp", "embedded-made-" + Path.GetRandomFileName());

    public async Task CopyToAsync(string directory)
    {
        await once.WaitAsync();
        try
        {
            if (!Directory.Exists(root))
            {
                await using var cluster = await EmbeddedCluster.StartAsync(
                    new EmbeddedClusterOptions { Directory = root, Durable = false });
            }
        }
        finally
        {
            once.Release();
        }

        using var copy = Process.Start("cp", ["-a", root, directory]);
        await copy.WaitForExitAsync();
        copy.ExitCode.ShouldBe(0);
    }

    public ValueTask DisposeAsync()
    {
        once.Dispose();
        if (Directory.Exists(root))
            Directory.Delete(root, recursive: true);
        return ValueTask.CompletedTask;
    }
}
