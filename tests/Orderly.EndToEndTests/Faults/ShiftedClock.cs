using Orderly.EndToEndTests.Running;

namespace Orderly.EndToEndTests.Faults;

/// <summary>
/// A wall clock that jumps, for a server and the database that it starts: shifted-clock.c, loaded before all else.
/// </summary>
internal sealed class ShiftedClock : IDisposable
{
    private const string Compiler = "cc";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("orderly-clock-");

    /// <summary>What a process needs in its environment to go by this clock.</summary>
    public (string Name, string Value)[] Settings =>
        [("LD_PRELOAD", In("shifted-clock.so")), ("SHIFTED_CLOCK_FILE", In("seconds"))];

    /// <summary>Null: there is no C compiler here.</summary>
    public static async Task<ShiftedClock?> MakeAsync()
    {
        if (!OperatingSystem.IsLinux() || !(Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
            .Any(folder => File.Exists(Path.Combine(folder, Compiler))))
        {
            return null;
        }

        var clock = new ShiftedClock();
        File.SetUnixFileMode(clock._directory.FullName, (UnixFileMode)0b111_101_101); // for PostgreSQL's user
        await clock.JumpToAsync(TimeSpan.Zero);
        var end = await BackupScripts.RunProgramAsync(Compiler,
            ["-shared", "-fPIC", "-O1", "-o", clock.In("shifted-clock.so"),
                Path.Combine(AppContext.BaseDirectory, "shifted-clock.c")]);
        return end.ExitCode == 0 ? clock : throw new InvalidOperationException(end.Output);
    }

    /// <summary>Sets the clock before or behind the real one.</summary>
    public async Task JumpToAsync(TimeSpan shift)
    {
        // In place and at once: whoever has the file mapped reads all of it or nothing.
        await using var file = new FileStream(In("seconds"), FileMode.OpenOrCreate, FileAccess.Write);
        await file.WriteAsync(BitConverter.GetBytes((long)shift.TotalSeconds));
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private string In(string file) => Path.Combine(_directory.FullName, file);
}
