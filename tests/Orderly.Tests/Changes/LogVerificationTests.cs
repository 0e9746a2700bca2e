using Orderly.Tests.Harness;

namespace Orderly.Tests.Changes;

/// <summary>What was changed behind the service's back is found, and its place is told.</summary>
public sealed class LogVerificationTests(WrittenLog log) : IClassFixture<WrittenLog>
{
    private string Order => $"order {log.Changed}";

    [Fact]
    public async Task A_log_of_every_kind_of_write_is_as_it_was_written()
    {
        (await log.Database.ListAsync<string>("select distinct kind from revisions order by 1")).ShouldBe(
            ["deleted", "placed", "restored", "reverted", "status-changed", "updated"]);
        (await log.FindAsync()).ShouldBeEmpty();
        (await log.FindAsync(null, log.Kept)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("write_id = gen_random_uuid()")]
    [InlineData("kind = 'reverted'")]
    [InlineData("recorded_at = recorded_at + interval '1 microsecond'")]
    [InlineData("actor = actor || ' '")]
    [InlineData("reason = ''")]
    [InlineData("status = 'completed'")]
    [InlineData("deleted = not deleted")]
    [InlineData("totalfee_stated = null")]
    [InlineData("content = replace(content, '20', '21')")]
    [InlineData("personal_commitment = sha256('x')")]
    [InlineData("personal_commitment = null, personal = null, personal_salt = null")]
    [InlineData("hash = sha256('x')")]
    public async Task An_edited_column_of_a_version_is_found(string change) =>
        (await log.FindAsync($"update revisions set {change} where order_id = '{log.Changed}' and version = 2"))
            .ShouldContain(finding => finding.StartsWith($"{Order} version 2: the hash does not match"));

    [Theory]
    [InlineData("personal = 'x'")]
    [InlineData("personal_salt = 'x'")]
    public async Task Edited_personal_data_is_found(string change) =>
        (await log.FindAsync($"update revisions set {change} where order_id = '{log.Changed}' and version = 2"))
            .ShouldBe([$"{Order} version 2: personal data is not what the version was committed to"]);

    [Fact]
    public async Task Personal_data_that_is_gone_without_an_erasure_is_found() =>
        (await log.FindAsync("update revisions set personal = null, personal_salt = null "
            + $"where order_id = '{log.Changed}' and version = 2"))
            .ShouldBe([$"{Order} version 2: personal data is gone, and no erasure says why"]);

    [Theory]
    [InlineData("write_id = gen_random_uuid()", "write_id")]
    [InlineData("status = 'completed'", "status")]
    [InlineData("content = content || ' '", "content")]
    [InlineData("personal = null", "personal")]
    [InlineData("totalfee_stated = not totalfee_stated", "totalfee_stated")]
    [InlineData("updated_at = updated_at + interval '1 microsecond'", "updated_at")]
    [InlineData("updated_by = 'somebody'", "updated_by")]
    [InlineData("deleted_at = now()", "deleted_at")]
    public async Task An_edited_column_of_an_order_is_found(string change, string column) =>
        (await log.FindAsync($"update orders set {change} where order_id = '{log.Changed}'"))
            .ShouldContain($"{Order}: {column} of the order is not that of its newest version");

    [Theory]
    [InlineData("datetime = datetime + interval '1 microsecond'", "datetime")]
    [InlineData("totalfee = totalfee + 0.01", "totalfee")]
    [InlineData("totalfee = totalfee::numeric(15, 4)", "totalfee")]
    [InlineData("reference = 'PO-2'", "reference")]
    [InlineData("reference = null", "reference")]
    public async Task A_column_that_orders_are_found_by_is_compared_with_the_content(string change, string column) =>
        (await log.FindAsync($"update orders set {change} where order_id = '{log.Changed}'"))
            .ShouldBe([$"{Order}: {column} of the order does not agree with its content"]);

    [Theory]
    [InlineData("number = -number")]
    [InlineData("team = 'other'")]
    [InlineData("created_by = 'other'")]
    [InlineData("created_at = created_at - interval '3 hours'")]
    public async Task What_never_changes_of_an_order_is_covered_by_every_version(string change) =>
        (await log.FindAsync($"update orders set {change} where order_id = '{log.Changed}'"))
            .Count(finding => finding.StartsWith($"{Order} version ")).ShouldBe(8);

    [Fact]
    public async Task A_version_deleted_from_the_middle_is_found()
    {
        var found = await log.FindAsync($"delete from revisions where order_id = '{log.Changed}' and version = 3");
        found.ShouldContain($"{Order} version 3: missing: version 2 is followed by version 4");
        found.ShouldContain(finding => finding.Contains($"{Order} version 3: the log does not have this version"));
    }

    [Fact]
    public async Task A_newest_version_that_is_deleted_is_found() =>
        (await log.FindAsync($"delete from revisions where order_id = '{log.Changed}' and version = 8"))
            .ShouldContain($"{Order} version 7: the log ends at version 7, but the order has version 8");

    [Fact]
    public async Task A_deleted_order_row_is_found() =>
        (await log.FindAsync($"delete from orders where order_id = '{log.Changed}'"))
            .ShouldBe([$"{Order}: the log has versions of it, but the order is missing"]);

    [Fact]
    public async Task An_order_without_any_version_is_found() =>
        (await log.FindAsync($"delete from revisions where order_id = '{log.Changed}'"))
            .ShouldContain($"{Order}: the order is there, but the log has no version of it");

    [Fact]
    public async Task Two_versions_that_changed_places_are_found()
    {
        var found = await log.FindAsync(
            $"update revisions set version = version + 100 where order_id = '{log.Changed}' and version in (2, 3); "
            + "update revisions set version = case version when 102 then 3 else 2 end "
            + $"where order_id = '{log.Changed}' and version > 100");
        found.ShouldContain(finding => finding.StartsWith($"{Order} version 2: the hash"));
        found.ShouldContain(finding => finding.StartsWith($"{Order} version 3: the hash"));
    }

    [Fact]
    public async Task A_version_that_is_not_in_the_feed_is_found() =>
        (await log.FindAsync($"delete from feed where order_id = '{log.Changed}' and version = 4"))
            .ShouldContain($"{Order} version 4: neither in the feed nor on its way there");

    [Fact]
    public async Task A_version_that_is_on_its_way_into_the_feed_a_second_time_is_found() =>
        (await log.FindAsync($"insert into pending values ('{log.Changed}', 4)"))
            .ShouldBe([$"{Order} version 4: 2 times in the feed, or not in the log"]);

    [Theory]
    [InlineData("leaf = sha256('x')")]
    [InlineData("appended_at = appended_at - interval '1 microsecond'")]
    [InlineData("version = 1")]
    public async Task An_edited_entry_of_the_feed_is_found(string change)
    {
        var position = await log.Database.SingleAsync<long>(
            "select position from feed where order_id = $1 and version = 5", Guid.Parse(log.Changed));
        (await log.FindAsync($"update feed set {change} where position = {position}"))
            .ShouldContain(finding => finding.StartsWith($"feed position {position}, order {log.Changed} version"));
    }
}
