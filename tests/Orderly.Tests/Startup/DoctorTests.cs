using Microsoft.Extensions.Configuration;
using Orderly.Server.Privacy;
using Orderly.Server.Startup;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Startup;

/// <summary>The command doctor: what it finds in an installation that is sick in a known way.</summary>
public sealed class DoctorTests(TestCluster cluster) : IDisposable
{
    private const string AddAdministrator =
        """
        insert into keys (key_id, name, team, role, scopes, reach, created_at, created_by)
        values ('ops', 'Operations', 'ops', 'admin', array['keys:manage'], 'all', now(), 'test')
        """;

    private readonly DirectoryInfo _files = Directory.CreateTempSubdirectory("orderly-doctor-");

    public void Dispose() => _files.Delete(recursive: true);

    [Fact]
    public async Task A_database_that_may_lose_data_is_a_failure_and_the_rest_is_fine()
    {
        await using var database = await CloneAsync();
        var (isWell, lines) = await ExamineAsync(database.ConnectionString);
        isWell.ShouldBeFalse("a test cluster is not durable");
        lines.Where(line => line.StartsWith("FAILURE", StringComparison.Ordinal)).Select(Finding).ShouldBe(
            ["fsync off", "synchronous_commit off", "full_page_writes off"], ignoreOrder: true);
        lines.ShouldContain(line => line.StartsWith("ok ", StringComparison.Ordinal) && line.Contains(" log "));
        lines.ShouldContain(line => line.Contains("schema") && line.Contains("is that of this version"));
    }

    [Theory]
    [InlineData("update feed_bounds set last_position = last_position + 5", "FAILURE", "feed", "counted 5")]
    [InlineData("delete from key_secrets; delete from keys", "FAILURE", "keys", "0 keys that do not expire")]
    [InlineData("update keys set expires_at = now() + interval '3 days'", "WARNING", "keys", "expire soon: ")]
    [InlineData("do $$ begin execute format('alter database %I set default_transaction_read_only = on', "
        + "current_database()); end $$", "FAILURE", "database", "it is read-only")]
    [InlineData("delete from schema_migrations where version = 5", "FAILURE", "schema", "lacks migration 0005")]
    [InlineData("update schema_migrations set checksum = '\\x00' where version = 2", "FAILURE", "schema", "was edited")]
    [InlineData("insert into schema_migrations values (9999, '9999_new', '\\x00')", "FAILURE", "schema", "9999_new")]
    public async Task What_is_sick_is_found_and_has_an_advice(string sql, string severity, string topic, string found)
    {
        await using var database = await CloneAsync();
        await database.ExecuteAsync(sql);
        var (_, lines) = await ExamineAsync(database.ConnectionString);
        var at = lines.FindIndex(line => line.StartsWith(severity, StringComparison.Ordinal)
            && line.Contains($" {topic} ", StringComparison.Ordinal) && line.Contains(found, StringComparison.Ordinal));
        at.ShouldBeGreaterThanOrEqualTo(0, string.Join('\n', lines));
        lines[at + 1].TrimStart().ShouldStartWith("→ ");
    }

    [Fact]
    public async Task A_log_that_was_changed_is_a_failure()
    {
        await using var database = await CloneAsync();
        await database.ExecuteAsync("insert into pending (order_id, version) values (gen_random_uuid(), 1)");
        var (_, lines) = await ExamineAsync(database.ConnectionString);
        lines.ShouldContain(line => line.StartsWith("FAILURE", StringComparison.Ordinal) && line.Contains(" log "));
    }

    [Fact]
    public async Task A_signing_key_that_others_can_read_is_told()
    {
        await using var database = await CloneAsync();
        var key = Path.Combine(_files.FullName, "checkpoint-key.pem");
        await File.WriteAllTextAsync(key, "", TestContext.Current.CancellationToken);
        File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        var (_, lines) = await ExamineAsync(database.ConnectionString, verifiesLog: false);
        lines.ShouldContain(line => line.StartsWith("WARNING", StringComparison.Ordinal) && line.Contains("by others"));
        lines.ShouldContain(
            line => line.StartsWith("WARNING", StringComparison.Ordinal) && line.Contains("was not verified"));
    }

    [Fact]
    public async Task A_database_that_cannot_be_reached_is_a_failure_and_no_exception()
    {
        var (isWell, lines) = await ExamineAsync("Host=127.0.0.1;Port=1;Database=none;Username=none");
        isWell.ShouldBeFalse();
        lines.ShouldContain(line => line.StartsWith("FAILURE  database", StringComparison.Ordinal)
            && line.Contains("can't be used"));
        lines[^1].ShouldContain("1 failures");
    }

    [Fact]
    public async Task A_key_file_of_another_database_is_a_failure()
    {
        await using var database = await CloneAsync();
        await database.ExecuteAsync(
            "insert into key_fingerprints (version, fingerprint) values (1, decode(repeat('00', 16), 'hex'))");
        var path = Path.Combine(_files.FullName, "personal-data-keys");
        (await ExamineAsync(database.ConnectionString, verifiesLog: false)).Lines
            .ShouldContain(line => line.StartsWith("FAILURE  keys", StringComparison.Ordinal)
                && line.Contains("which " + path + " does not have"));

        KeyFile.Create(path);
        (await ExamineAsync(database.ConnectionString, verifiesLog: false)).Lines
            .ShouldContain(line => line.StartsWith("FAILURE  keys", StringComparison.Ordinal)
                && line.Contains("version 1 in") && line.Contains("is not the one"));

        await database.ExecuteAsync("delete from key_fingerprints");
        (await ExamineAsync(database.ConnectionString, verifiesLog: false)).Lines
            .ShouldContain("ok       keys       the keys of personal data are those of this database");

        await File.WriteAllTextAsync(path, "index: no", TestContext.Current.CancellationToken);
        (await ExamineAsync(database.ConnectionString, verifiesLog: false)).Lines
            .ShouldContain(line => line.StartsWith("FAILURE  files", StringComparison.Ordinal)
                && line.Contains("line 1 of"));
    }

    [Theory]
    [InlineData(90, "ok       tls")]
    [InlineData(7, "WARNING  tls")]
    [InlineData(-1, "FAILURE  tls")]
    public async Task A_certificate_that_ends_is_told_in_time(double validForDays, string beginning)
    {
        using var authority = new TestAuthority("doctor");
        authority.WritePair(_files.FullName, validForDays);
        var (_, lines) = await ExamineAsync("Host=127.0.0.1;Port=1;Database=none;Username=none", settings:
        [
            ("urls", "https://127.0.0.1:0"), ("Tls:CertificateFile", Path.Combine(_files.FullName, "cert.pem")),
            ("Tls:KeyFile", Path.Combine(_files.FullName, "key.pem")),
        ]);
        lines.ShouldContain(line => line.StartsWith(beginning, StringComparison.Ordinal)
            && line.Contains("the certificate "));
    }

    [Fact]
    public async Task A_setting_that_is_wrong_is_a_finding_too()
    {
        var (isWell, lines) = await ExamineAsync("Host=127.0.0.1", settings: [("Limits:Reads", "many")]);
        isWell.ShouldBeFalse();
        lines[0].ShouldStartWith("FAILURE  settings");
        lines[0].ShouldContain("Limits:Reads");
    }

    private async Task<TestDatabase> CloneAsync()
    {
        var database = await cluster.CloneAsync();
        await database.ExecuteAsync(AddAdministrator);
        return database;
    }

    private static string Finding(string line) => line[19..].Trim();

    private async Task<(bool IsWell, List<string> Lines)> ExamineAsync(
        string connectionString, bool verifiesLog = true, (string Name, string Value)[]? settings = null)
    {
        var configuration = new ConfigurationManager();
        configuration["ConnectionStrings:Orderly"] = connectionString;
        configuration["Orderly:DataDirectory"] = _files.FullName;
        configuration["Orderly:StartTimeout"] = "00:00:01";
        await using var output = new StringWriter();
        await using var errors = new StringWriter();
        foreach (var (name, value) in settings ?? [])
        {
            configuration[name] = value;
        }

        var isWell = await Doctor.RunAsync(configuration, verifiesLog, TimeProvider.System, output, errors);
        return (isWell, [.. output.ToString().TrimEnd().Split(Environment.NewLine)]);
    }
}
