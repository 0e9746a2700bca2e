using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using Orderly.Contract.Problems;
using Orderly.Server.Access;

namespace Orderly.Server.Http;

/// <summary>The pages that explain the types of problems.</summary>
internal static class ProblemsApi
{
    private const string Style =
        "body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem;color:#222;"
        + "background:#fff}code{background:#f2f2f2;padding:.1em .3em;border-radius:3px}"
        + "td,th{text-align:left;padding:.2rem 1rem .2rem 0;vertical-align:top}"
        + "@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}code{background:#333}a{color:#8bf}}";

    public static void MapProblems(this IEndpointRouteBuilder routes)
    {
        var problems = routes.MapGroup("/problems").WithTags("Problems").WithMetadata(new OpenToAll());
        problems.MapMethods("", Described.ReadMethods, List)
            .WithName("listProblems").WithSummary("Every type of problem, as a page")
            .WithDescription("A table of every `code` with its status and meaning.")
            .WithMetadata(new Gives(200, "The page."))
            .Produces<string>(StatusCodes.Status200OK, "text/html");
        problems.MapMethods("{code}", Described.ReadMethods, Explain)
            .WithName("explainProblem").WithSummary("What a type of problem means, as a page")
            .WithDescription("What the problem means and what to do about it: the `type` of a refusal leads here.")
            .WithMetadata(
                new Gives(200, "The page."),
                new TakesPath("code", "The code of a problem.")
                {
                    Values = [.. ProblemCodes.All.Select(known => known.ToText())], Example = "order-not-found",
                })
            .Produces<string>(StatusCodes.Status200OK, "text/html")
            .CanRefuse(404);
    }

    private static Results<ContentHttpResult, Refused> List(HttpContext http) =>
        QueryInput.RefuseAny(http.Request) is { } query ? new Refused(query) : Page("Problems", Index());

    private static Results<ContentHttpResult, Refused> Explain(string code, HttpContext http)
    {
        if (QueryInput.RefuseAny(http.Request) is { } query)
        {
            return new Refused(query);
        }

        if (ProblemCodes.Parse(code) is not { } problem)
        {
            return new Refused(new Problem(ProblemCode.RouteNotFound,
                $"There is no problem {Suggestion.Quote(code)}; /problems lists all."));
        }

        var kind = ProblemTable.Of(problem);
        var body = new StringBuilder()
            .Append("<p>Status <code>").Append(kind.Status).Append("</code>, code <code>")
            .Append(problem.ToText()).Append("</code></p><h2>What to do</h2><p>")
            .Append(WebUtility.HtmlEncode(kind.Remedy)).Append("</p><p><a href=\"/problems\">All problems</a></p>");
        return Page(kind.Title, body.ToString());
    }

    private static string Index()
    {
        var rows = new StringBuilder("<table><tr><th>Status</th><th>Code</th><th>Meaning</th></tr>");
        foreach (var code in ProblemCodes.All.OrderBy(code => ProblemTable.Of(code).Status))
        {
            var kind = ProblemTable.Of(code);
            rows.Append("<tr><td>").Append(kind.Status).Append("</td><td><a href=\"/problems/").Append(code.ToText())
                .Append("\">").Append(code.ToText()).Append("</a></td><td>")
                .Append(WebUtility.HtmlEncode(kind.Title)).Append("</td></tr>");
        }

        return rows.Append("</table>").ToString();
    }

    private static ContentHttpResult Page(string title, string body) => TypedResults.Content(
        $"<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" "
        + $"content=\"width=device-width\"><title>{WebUtility.HtmlEncode(title)} · Orderly</title>"
        + $"<style>{Style}</style><h1>{WebUtility.HtmlEncode(title)}</h1>{body}</html>",
        "text/html; charset=utf-8");
}
