using Npgsql;

namespace Orderly.Server.Database;

/// <summary>The text that says where the database is.</summary>
internal static class ConnectionText
{
    /// <summary>What is wrong with the text, in a line that does not tell it back; null where nothing is.</summary>
    public static string? Check(string text, out string checkedText)
    {
        checkedText = "";
        try
        {
            var settings = new NpgsqlConnectionStringBuilder(text);
            checkedText = settings.ConnectionString;
            return string.IsNullOrEmpty(settings.Host) ? "Host is missing." : null;
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException)
        {
            return exception.Message.Split('\n')[0];
        }
    }
}
