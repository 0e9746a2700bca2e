using Mono.Cecil;

namespace Orderly.EndToEndTests.Running;

/// <summary>
/// The built server as a version to come would be: a copy of it that has further migrations, and is otherwise the same.
/// </summary>
internal static class NewerServer
{
    private const string AssemblyFile = "Orderly.Server.dll";
    private const string ResourcePrefix = "Orderly.Server.Database.Migrations.";

    /// <summary>Makes it in a directory and returns what is to be started.</summary>
    public static string Make(string directory, params (string Name, string Sql)[] migrations)
    {
        var source = Path.GetDirectoryName(ServerProcess.Built)!;
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(directory, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        var assembly = Path.Combine(directory, AssemblyFile);
        using var module = ModuleDefinition.ReadModule(assembly, new ReaderParameters { InMemory = true });
        foreach (var (name, sql) in migrations)
        {
            module.Resources.Add(new EmbeddedResource(
                $"{ResourcePrefix}{name}.sql", ManifestResourceAttributes.Public,
                System.Text.Encoding.UTF8.GetBytes(sql)));
        }

        module.Write(assembly);
        return assembly;
    }
}
