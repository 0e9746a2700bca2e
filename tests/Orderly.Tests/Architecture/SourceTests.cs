using System.Runtime.CompilerServices;

namespace Orderly.Tests.Architecture;

/// <summary>The rules that hold for the text of the sources.</summary>
public sealed class SourceTests
{
    private const int FileLengthMaxLines = 400;
    private const int TestFileLengthMaxLines = 600;

    private static readonly string Root = Path.GetFullPath(Path.Combine(ThisFile(), "../../../.."));

    private static readonly IReadOnlyList<(string Path, string[] Lines)> Sources =
        [.. new[] { "src", "tests" }
            .SelectMany(folder => Directory.EnumerateFiles(
                Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories))
            .Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/'))
            .Where(path => !path.Contains("/obj/") && !path.Contains("/bin/"))
            .Select(path => (path, File.ReadAllLines(Path.Combine(Root, path))))];

    private static string ThisFile([CallerFilePath] string path = "") => path;

    [Fact]
    public void The_sources_are_found() => Sources.Count.ShouldBeGreaterThan(100);

    [Fact]
    public void No_line_has_more_than_120_columns() =>
        Sources.SelectMany(file => Rules.LongLines(file.Path, file.Lines)).ShouldBeEmpty();

    [Fact]
    public void A_line_of_121_columns_is_found()
    {
        Rules.LongLines("planted", [new string('x', 121)]).ShouldNotBeEmpty();
        Rules.LongLines("planted", [new string('x', 120)]).ShouldBeEmpty();
    }

    [Fact]
    public void No_function_has_more_than_70_lines() =>
        Sources.SelectMany(file => Rules.LongFunctions(file.Path, file.Lines)).ShouldBeEmpty();

    [Fact]
    public void A_function_of_71_lines_is_found()
    {
        static string[] Planted(int lines) =>
        [
            "internal sealed class Planted", "{", "    public void Run(", "        int a)", "    {",
            .. Enumerable.Repeat("        a++;", lines), "    }", "}",
        ];
        Rules.LongFunctions("planted", Planted(71)).ShouldHaveSingleItem();
        Rules.LongFunctions("planted", Planted(70)).ShouldBeEmpty();
    }

    [Fact]
    public void No_file_has_more_lines_than_its_limit() =>
        Sources.Where(file => file.Lines.Length
                > (file.Path.StartsWith("tests/") ? TestFileLengthMaxLines : FileLengthMaxLines))
            .Select(file => $"{file.Path} has {file.Lines.Length} lines").ShouldBeEmpty();

    [Fact]
    public void No_two_files_have_the_same_name() =>
        Sources.GroupBy(file => Path.GetFileName(file.Path), StringComparer.OrdinalIgnoreCase)
            .Where(files => files.Count() > 1)
            .Select(files => string.Join(" and ", files.Select(file => file.Path))).ShouldBeEmpty();

    [Fact]
    public void Sql_stands_in_stores_and_in_database_alone() =>
        Sources.Where(file => file.Path.StartsWith("src/Orderly.Server/"))
            .SelectMany(file => Rules.SqlOutsideStores(file.Path, file.Lines)).ShouldBeEmpty();

    [Theory]
    [InlineData("    var sql = \"select a, b from c where d\";")]
    [InlineData("        insert into orders (order_id) values ($1)")]
    [InlineData("        update orders set version = 1")]
    [InlineData("        delete from order_references r")]
    [InlineData("        from orders o")]
    public void Sql_elsewhere_is_found(string line)
    {
        Rules.SqlOutsideStores("src/Orderly.Server/Orders/PlaceOrder.cs", [line]).ShouldNotBeEmpty();
        Rules.SqlOutsideStores("src/Orderly.Server/Orders/OrderStore.cs", [line]).ShouldBeEmpty();
    }
}
