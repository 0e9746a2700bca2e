using System.Globalization;
using Orderly.Server.Configuration;
using Orderly.Server.Http.Edge;
using Orderly.Server.Privacy;

namespace Orderly.Server.Startup;

/// <summary>Looks at the files that the service needs: whether they can be used, and who else can read them.</summary>
internal static class FileExamination
{
    private const long FreeBytesMin = 2L * 1024 * 1024 * 1024;
    private const double FreeShareMin = 0.1;
    private const int CertificateDaysMin = 21;
    private const UnixFileMode OthersMay = UnixFileMode.GroupRead | UnixFileMode.GroupWrite
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    public static IEnumerable<Diagnosis> Examine(AllSettings settings, TimeProvider time)
    {
        if (new DirectoryInfo(settings.Server.DataDirectory) is { Exists: true } data)
        {
            yield return Disk(data);
        }

        yield return Secret(settings.Changes.SigningKeyFile,
            "Checkpoints are signed with it; a server makes it at its first start.",
            "Whoever has it can sign a false log: chmod 600.");
        yield return Secret(settings.Privacy.KeyFile,
            "Personal data is encrypted with its keys; a server makes it at its first start.",
            "Whoever has it and a backup can read personal data: chmod 600.");
        if (ReadKeys(settings.Privacy.KeyFile).Fault is { } unusable)
        {
            yield return unusable;
        }

        foreach (var finding in Certificate(settings.Edge.Tls, time))
        {
            yield return finding;
        }
    }

    /// <summary>The keys of personal data, or what is wrong with their file; neither, where there is no file.</summary>
    public static (KeyFile? Keys, Diagnosis? Fault) ReadKeys(string path)
    {
        try
        {
            return (File.Exists(path) ? KeyFile.Load(path) : null, null);
        }
        catch (SettingsException exception)
        {
            return (null, new Diagnosis(Severity.Failure, "files", exception.Message,
                "No server starts with it: mend it, or put the copy that you keep in its place."));
        }
    }

    private static Diagnosis Disk(DirectoryInfo data)
    {
        var drive = new DriveInfo(data.FullName);
        var isFine = drive.AvailableFreeSpace > FreeBytesMin
            && drive.AvailableFreeSpace > drive.TotalSize * FreeShareMin;
        return Diagnosis.Of(isFine, Severity.Warning, "disk",
            string.Create(CultureInfo.InvariantCulture,
                $"{drive.AvailableFreeSpace / 1e9:N1} of {drive.TotalSize / 1e9:N1} GB free for {data.FullName}"),
            "PostgreSQL stops when the disk is full: make room, or move Orderly:DataDirectory.");
    }

    private static Diagnosis Secret(string path, string purpose, string danger)
    {
        var file = new FileInfo(path);
        if (!file.Exists)
        {
            return new Diagnosis(Severity.Warning, "files", $"there is no {path}", purpose + " Keep a copy of it.");
        }

        var isSecret = OperatingSystem.IsWindows() || (file.UnixFileMode & OthersMay) == UnixFileMode.None;
        return Diagnosis.Of(isSecret, Severity.Warning, "files",
            isSecret ? $"{path} is its owner's alone" : $"{path} can be read by others", danger);
    }

    private static List<Diagnosis> Certificate(TlsSettings? tls, TimeProvider time)
    {
        if (tls is null)
        {
            return [Diagnosis.Ok("tls", "HTTPS is not served here")];
        }

        try
        {
            var material = TlsFiles.Read(tls).Load(tls);
            var days = (material.EndsAt - time.GetUtcNow().UtcDateTime).TotalDays;
            return
            [
                Diagnosis.Of(days > CertificateDaysMin, days > 0 ? Severity.Warning : Severity.Failure, "tls",
                    string.Create(CultureInfo.InvariantCulture,
                        $"the certificate {material.Serial} {(days > 0 ? "ends" : "ended")} on {material.EndsAt:u}"),
                    "Put a new one and its key into the place of the files; no restart is needed."),
                Secret(tls.KeyFile, "", "Whoever has it can pretend to be this service: chmod 600."),
            ];
        }
        catch (SettingsException exception)
        {
            return [new Diagnosis(Severity.Failure, "tls", exception.Message, "No server starts with these files.")];
        }
    }
}
