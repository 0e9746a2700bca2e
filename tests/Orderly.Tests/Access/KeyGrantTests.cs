using Orderly.Tests.Harness;

namespace Orderly.Tests.Access;

/// <summary>No key grants what it lacks, and nobody locks all out.</summary>
public sealed class KeyGrantTests(RunningServer server) : IClassFixture<RunningServer>
{
    private readonly Api _api = server.Api;

    [Theory]
    [InlineData("""{"name": "k", "role": "admin"}""", "#/role")]
    [InlineData("""{"name": "k", "role": "editor"}""", "#/role")]
    [InlineData("""{"name": "k", "scopes": ["orders:read", "orders:erase"]}""", "#/scopes")]
    [InlineData("""{"name": "k", "scopes": ["orders:read"], "reach": "all"}""", "#/reach")]
    [InlineData("""{"name": "k", "scopes": ["orders:read"], "team": "theirs"}""", "#/team")]
    public async Task A_key_can_not_make_one_that_can_more(string body, string pointer)
    {
        var (_, manager) = await ManagerAsync();
        var refused = (await manager.PostAsync("/keys", body)).ShouldRefuse(403, "cannot-grant");
        refused.Faults.ShouldBe([$"{pointer} cannot-grant"]);
        (await manager.PostAsync("/keys", """{"name": "k", "scopes": ["orders:read"]}""")).ShouldBe(201)
            .String("team").ShouldBe("ours");
    }

    [Fact]
    public async Task A_key_can_not_get_at_more_by_changing_or_rotating_another()
    {
        var (_, manager) = await ManagerAsync();
        var (strong, _) = await server.MakeKeyAsync("""{"name": "strong", "team": "ours", "role": "editor"}""");
        var (weak, _) = await server.MakeKeyAsync("""{"name": "weak", "team": "ours", "scopes": ["orders:read"]}""");

        (await manager.PostAsync($"/keys/{strong}/rotate", "{}")).ShouldRefuse(403, "cannot-grant");
        (await manager.PatchAsync("/keys/" + strong, """{"expiresAt": null, "name": "x"}"""))
            .ShouldRefuse(403, "cannot-grant");
        (await manager.PatchAsync("/keys/" + weak, """{"role": "editor"}""")).ShouldRefuse(403, "cannot-grant");
        (await manager.PatchAsync("/keys/" + weak, """{"reach": "all"}""")).ShouldRefuse(403, "cannot-grant");
        (await manager.PatchAsync("/keys/" + weak, """{"scopes": ["keys:manage"]}""")).ShouldBe(200);
        (await manager.PostAsync($"/keys/{weak}/rotate", "{}")).ShouldBe(200);
        (await manager.DeleteAsync("/keys/" + strong)).ShouldBe(204);
    }

    [Fact]
    public async Task A_key_of_another_team_is_not_there_for_who_reaches_one_team()
    {
        var (own, manager) = await ManagerAsync();
        var (theirs, _) = await server.MakeKeyAsync("""{"name": "x", "team": "theirs", "scopes": ["orders:read"]}""");

        (await manager.GetAsync("/keys/" + theirs)).ShouldRefuse(404, "key-not-found");
        (await manager.PatchAsync("/keys/" + theirs, """{"name": "y"}""")).ShouldRefuse(404, "key-not-found");
        (await manager.PostAsync($"/keys/{theirs}/rotate", "{}")).ShouldRefuse(404, "key-not-found");
        (await manager.DeleteAsync("/keys/" + theirs)).ShouldRefuse(404, "key-not-found");
        (await manager.DeleteAsync("/keys/bootstrap")).ShouldRefuse(404, "key-not-found");
        var listed = (await manager.GetAsync("/keys?limit=500")).ShouldBe(200);
        listed.At("data").EnumerateArray().ShouldAllBe(key => key.GetProperty("team").GetString() == "ours");
        listed.Text.ShouldContain(own);
        (await manager.GetAsync("/keys/" + own)).ShouldBe(200);
        (await _api.GetAsync("/keys/" + theirs)).ShouldBe(200);
    }

    [Fact]
    public async Task The_bootstrap_key_is_changed_in_the_configuration_only()
    {
        (await _api.PatchAsync("/keys/bootstrap", """{"role": "viewer"}""")).ShouldRefuse(409, "configured-key");
        (await _api.PostAsync("/keys/bootstrap/rotate", "{}")).ShouldRefuse(409, "configured-key");
        (await _api.DeleteAsync("/keys/bootstrap")).ShouldRefuse(409, "configured-key");
        (await _api.PatchAsync("/keys/bootstrap", """{"role": "admin"}""")).ShouldBe(200);
    }

    private Task<(string Id, Api Caller)> ManagerAsync() => server.MakeKeyAsync(
        """{"name": "manager", "team": "ours", "reach": "team", "scopes": ["keys:manage", "orders:read"]}""");
}

/// <summary>Keys where nothing else administers: the configuration names no bootstrap key any more.</summary>
public sealed class LastAdministratorTests(TestCluster cluster)
{
    [Fact]
    public async Task The_last_key_that_can_manage_the_others_stays()
    {
        await using var server = new RunningServer(cluster);
        await server.InitializeAsync();
        await server.Database.ExecuteAsync("update keys set revoked_at = now() where key_id = 'bootstrap'");
        var (id, secret) = await PutAdministratorAsync(server, "first");
        using var admin = new Api(server.Address, secret);

        (await admin.DeleteAsync("/keys/" + id)).ShouldRefuse(409, "last-admin-key");
        (await admin.PatchAsync("/keys/" + id, """{"role": "viewer"}""")).ShouldRefuse(409, "last-admin-key");
        (await admin.PatchAsync("/keys/" + id, """{"reach": "team"}""")).ShouldRefuse(409, "last-admin-key");
        (await admin.PatchAsync("/keys/" + id, """{"expiresAt": "2190-01-01T00:00:00Z"}"""))
            .ShouldRefuse(409, "last-admin-key");
        (await admin.PatchAsync("/keys/" + id, """{"name": "the last"}""")).ShouldBe(200);

        // One that is to end, or that reaches one team, does not count; one that lasts does.
        (await admin.PostAsync("/keys", """
            {"name": "b", "role": "admin", "reach": "all", "expiresAt": "2190-01-01T00:00:00Z"}
            """)).ShouldBe(201);
        (await admin.PostAsync("/keys", """{"name": "c", "role": "admin", "reach": "team"}""")).ShouldBe(201);
        (await admin.DeleteAsync("/keys/" + id)).ShouldRefuse(409, "last-admin-key");
        (await admin.PostAsync("/keys", """{"name": "d", "role": "admin", "reach": "all"}""")).ShouldBe(201);
        (await admin.DeleteAsync("/keys/" + id)).ShouldBe(204);
    }

    [Fact]
    public async Task Of_two_administrators_that_revoke_each_other_at_once_one_stays()
    {
        await using var server = new RunningServer(cluster);
        await server.InitializeAsync();
        await server.Database.ExecuteAsync("update keys set revoked_at = now() where key_id = 'bootstrap'");
        for (var round = 0; round < 10; round++)
        {
            var (firstId, firstSecret) = await PutAdministratorAsync(server, $"first {round}");
            var (secondId, secondSecret) = await PutAdministratorAsync(server, $"second {round}");
            using var first = new Api(server.Address, firstSecret);
            using var second = new Api(server.Address, secondSecret);

            var statuses = (await Task.WhenAll(
                first.DeleteAsync("/keys/" + secondId), second.DeleteAsync("/keys/" + firstId)))
                .Select(reply => reply.Status).Order().ToArray();

            statuses[0].ShouldBe(204);
            statuses[1].ShouldBeOneOf(401, 409);
            (await server.Database.ExecuteAsync("update keys set revoked_at = now() where revoked_at is null"))
                .ShouldBe(1);
        }
    }

    private static async Task<(string Id, string Secret)> PutAdministratorAsync(RunningServer server, string name)
    {
        var secret = $"key-of-{name}-0123456789";
        await server.Database.ExecuteAsync(
            "insert into keys (key_id, name, team, role, scopes, reach, created_at, created_by) values "
            + "($1, $1, 'ops', 'admin', array['keys:manage'], 'all', now(), 'test')", name.Replace(' ', '-'));
        await server.Database.ExecuteAsync(
            "insert into key_secrets (key_id, digest, created_at) values ($1, sha256(convert_to($2, 'UTF8')), now())",
            name.Replace(' ', '-'), secret);
        return (name.Replace(' ', '-'), secret);
    }
}
