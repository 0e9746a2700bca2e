using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Orderly.Server.Access;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Access;

/// <summary>
/// Every route of the running server, tried by everyone: without a key, with a wrong one, with each role, with every
/// scope but the one that is needed, with that one alone, and by keys that reach their own or another team. One table
/// says what is expected; a route without a row fails.
/// </summary>
public sealed class AccessMatrixTests(RunningServer server) : IClassFixture<RunningServer>
{
    private const string Open = "open to all";
    private const string AnyKey = "any key";

    /// <summary>What each route asks for, and whether its {id} is an order, which belongs to a team.</summary>
    private static readonly Dictionary<string, (string Needs, bool IsOfTeam)> Table = new(StringComparer.Ordinal)
    {
        ["POST /orders"] = (Scopes.OrdersWrite, false),
        ["POST /orders/import"] = (Scopes.OrdersWrite, false),
        ["GET /orders"] = (Scopes.OrdersRead, false),
        ["GET /orders/{id}"] = (Scopes.OrdersRead, true),
        ["PUT /orders/{id}"] = (Scopes.OrdersWrite, true),
        ["PATCH /orders/{id}"] = (Scopes.OrdersWrite, true),
        ["DELETE /orders/{id}"] = (Scopes.OrdersDelete, true),
        ["POST /orders/{id}/status"] = (Scopes.OrdersWrite, true),
        ["POST /orders/{id}/restore"] = (Scopes.OrdersDelete, true),
        ["POST /orders/{id}/revert"] = (Scopes.OrdersWrite, true),
        ["POST /orders/{id}/erase"] = (Scopes.OrdersErase, true),
        ["GET /orders/{id}/revisions"] = (Scopes.OrdersRead, true),
        ["GET /orders/{id}/revisions/{version}"] = (Scopes.OrdersRead, true),
        ["GET /changes"] = (Scopes.ChangesRead, false),
        ["GET /services"] = (Scopes.ServicesRead, false),
        ["GET /services/{id}"] = (Scopes.ServicesRead, false),
        ["PUT /services/{id}"] = (Scopes.ServicesWrite, false),
        ["PATCH /services/{id}"] = (Scopes.ServicesWrite, false),
        ["DELETE /services/{id}"] = (Scopes.ServicesWrite, false),
        ["POST /keys"] = (Scopes.KeysManage, false),
        ["GET /keys"] = (Scopes.KeysManage, false),
        ["GET /keys/{id}"] = (Scopes.KeysManage, false),
        ["PATCH /keys/{id}"] = (Scopes.KeysManage, false),
        ["DELETE /keys/{id}"] = (Scopes.KeysManage, false),
        ["POST /keys/{id}/rotate"] = (Scopes.KeysManage, false),
        ["GET /me"] = (AnyKey, false),
        ["GET /audit"] = (Scopes.AuditRead, false),
        ["GET /metrics"] = (Scopes.AuditRead, false),
        ["GET /health/live"] = (Open, false),
        ["GET /health/ready"] = (Open, false),
        ["GET /problems"] = (Open, false),
        ["GET /problems/{code}"] = (Open, false),
        ["GET /openapi/v1.json"] = (Open, false),
        ["GET /docs/{documentName?}"] = (Open, false),
        ["GET /docs/favicon.svg"] = (Open, false),
        ["GET /docs/scalar.js"] = (Open, false),
        ["GET /docs/scalar.aspnetcore.js"] = (Open, false),
    };

    /// <summary>Bodies that can be read, where an empty object can't.</summary>
    private static readonly Dictionary<string, string> Bodies = new(StringComparer.Ordinal)
    {
        ["PUT /orders/{id}"] = AnOrder.Least,
        ["POST /orders/{id}/status"] = """{"status": "confirmed"}""",
        ["POST /orders/{id}/erase"] = """{"reason": "r"}""",
        ["POST /orders/{id}/revert"] = """{"to": 1, "reason": "r"}""",
    };

    private static readonly string[] ViewerScopes = [Scopes.OrdersRead, Scopes.ServicesRead, Scopes.ChangesRead];

    private static readonly string[] EditorScopes =
        [.. ViewerScopes, Scopes.OrdersWrite, Scopes.OrdersDelete, Scopes.ServicesWrite];

    [Fact]
    public void Every_route_has_a_row_and_every_row_a_route() =>
        Routes().Keys.Order(StringComparer.Ordinal).ShouldBe(Table.Keys.Order(StringComparer.Ordinal));

    [Fact]
    public void Every_scope_is_one_of_an_administrator() => Roles.ScopesOf(Roles.Admin).ShouldBe(Scopes.All);

    [Fact]
    public async Task Everyone_gets_what_the_table_says()
    {
        using var nobody = new Api(server.Address, key: null);
        using var wrong = new Api(server.Address, KeyText.Generate());
        var callers = new List<(string Name, Api Api, string[] Scopes)>
        {
            ("viewer", await WithAsync("\"role\": \"viewer\""), ViewerScopes),
            ("editor", await WithAsync("\"role\": \"editor\""), EditorScopes),
            ("admin", await WithAsync("\"role\": \"admin\""), [.. Scopes.All]),
        };
        foreach (var scope in Scopes.All)
        {
            string[] others = [.. Scopes.All.Where(other => other != scope)];
            callers.Add(($"only {scope}", await WithAsync($"\"scopes\": [\"{scope}\"]"), [scope]));
            callers.Add(($"all but {scope}",
                await WithAsync($"\"scopes\": [{string.Join(',', others.Select(other => $"\"{other}\""))}]"), others));
        }

        foreach (var route in Table.Keys)
        {
            var needs = Table[route].Needs;
            await ShouldLetInAsync(route, nobody, "no key", isLetIn: needs == Open, refusal: 401);
            await ShouldLetInAsync(route, wrong, "a wrong key", isLetIn: needs == Open, refusal: 401);
            foreach (var (name, api, scopes) in callers)
            {
                await ShouldLetInAsync(
                    route, api, name, isLetIn: needs is Open or AnyKey || scopes.Contains(needs), refusal: 403);
            }
        }
    }

    [Fact]
    public async Task Who_reaches_one_team_finds_the_orders_of_that_team_and_no_others()
    {
        var own = await WithAsync("\"role\": \"admin\", \"team\": \"home\"");
        var foreign = await WithAsync("\"role\": \"admin\", \"team\": \"abroad\"");
        foreach (var route in Table.Where(row => row.Value.IsOfTeam).Select(row => row.Key))
        {
            var id = await own.PlaceAsync();
            var withForeign = await SendAsync(foreign, route, id, Bodies.GetValueOrDefault(route));
            var withOwn = await SendAsync(own, route, id, Bodies.GetValueOrDefault(route));

            withOwn.Status.ShouldNotBeOneOf([401, 403, 404], $"{route}: {withOwn.Text}");
            withForeign.ShouldRefuse(404, "order-not-found");
        }
    }

    [Fact]
    public async Task Who_is_not_let_in_is_told_before_anything_is_read()
    {
        using var nobody = new Api(server.Address, key: null);
        var viewer = await WithAsync("\"role\": \"viewer\"");
        var viewerOnly = Table.Where(row => row.Value.Needs.EndsWith(":write", StringComparison.Ordinal));
        foreach (var route in viewerOnly.Select(row => row.Key))
        {
            (await SendAsync(nobody, route, "x", body: "no json", mediaType: "text/plain")).Status.ShouldBe(401, route);
            (await SendAsync(viewer, route, "x", body: "no json", mediaType: "text/plain")).Status.ShouldBe(403, route);
        }
    }

    private static async Task ShouldLetInAsync(string route, Api api, string who, bool isLetIn, int refusal)
    {
        // Nothing that is there, so that everyone finds the same: neither an order nor a key is changed.
        var reply = await SendAsync(api, route, id: "01a209de-90dc-7f55-a5a7-91d28fe76cf3");
        if (isLetIn)
        {
            reply.Status.ShouldNotBeOneOf([401, 403, 429, 500, 503], $"{route} by {who}: {reply.Text}");
            return;
        }

        reply.Status.ShouldBe(refusal, $"{route} by {who}: {reply.Text}");
        if (refusal == 401)
        {
            reply.Header("WWW-Authenticate").ShouldBe("Bearer realm=\"orderly\", ApiKey realm=\"orderly\"");
        }
        else
        {
            reply.ShouldRefuse(403, "missing-scope").String("scope").ShouldBe(Table[route].Needs);
        }
    }

    /// <summary>A request that could be answered: a body that can be read, and makes nothing.</summary>
    private static Task<Reply> SendAsync(
        Api api, string route, string id, string? body = null, string? mediaType = null)
    {
        var method = route.Split(' ')[0];
        var path = route.Split(' ')[1].Replace("{documentName?}", "v1", StringComparison.Ordinal)
            .Replace("{id}", id, StringComparison.Ordinal).Replace("{version}", "1", StringComparison.Ordinal)
            .Replace("{code}", "missing-key", StringComparison.Ordinal);
        (string, string)[] headers = mediaType is not null ? [("Content-Type", mediaType)]
            : method == "PATCH" ? [("Content-Type", "application/merge-patch+json")] : [];
        return method is "GET" or "DELETE"
            ? api.SendAsync(new HttpMethod(method), path, json: null)
            : api.SendAsync(new HttpMethod(method), path, body ?? "{}", headers);
    }

    private async Task<Api> WithAsync(string powers) =>
        (await server.MakeKeyAsync($$"""{"name": "matrix", {{powers}}}""")).Caller;

    /// <summary>HEAD goes with GET.</summary>
    private Dictionary<string, RouteEndpoint> Routes() =>
        server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .SelectMany(endpoint => endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods
                .Where(method => !HttpMethods.IsHead(method))
                .Select(method => ($"{method} /{endpoint.RoutePattern.RawText!.Trim('/')}", endpoint)))
            .DistinctBy(pair => pair.Item1)
            .ToDictionary(StringComparer.Ordinal);
}
