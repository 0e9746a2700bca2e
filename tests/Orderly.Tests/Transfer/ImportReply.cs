using System.Globalization;
using Orderly.Tests.Harness;

namespace Orderly.Tests.Transfer;

/// <summary>What an import answered, to be compared.</summary>
internal static class ImportReply
{
    public static (long Received, long Created, long Refused) Counts(Reply reply) => (
        reply.At("received").GetInt64(), reply.At("created").GetInt64(), reply.At("refused").GetInt64());

    public static string[] Errors(Reply reply) => [.. reply.At("errors").EnumerateArray().Select(error =>
    {
        error.GetProperty("detail").GetString().ShouldNotBeNullOrWhiteSpace();
        return string.Create(CultureInfo.InvariantCulture, $"{error.GetProperty("row").GetInt64()} ")
            + $"{error.GetProperty("pointer").GetString()} {error.GetProperty("code").GetString()}";
    })];
}
