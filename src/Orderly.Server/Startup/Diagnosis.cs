namespace Orderly.Server.Startup;

/// <summary>How bad it is.</summary>
internal enum Severity
{
    Ok,
    Warning,
    Failure,
}

/// <summary>One thing that <c>doctor</c> looked at.</summary>
/// <param name="Topic">What it belongs to, in a word.</param>
/// <param name="Found">What is so.</param>
/// <param name="Advice">What to do about it; null: nothing.</param>
internal sealed record Diagnosis(Severity Severity, string Topic, string Found, string? Advice = null)
{
    public static Diagnosis Ok(string topic, string found) => new(Severity.Ok, topic, found);

    /// <summary>Fine, or what is wrong with it.</summary>
    public static Diagnosis Of(bool isFine, Severity otherwise, string topic, string found, string advice) =>
        isFine ? Ok(topic, found) : new(otherwise, topic, found, advice);

    public override string ToString()
    {
        var line = $"{Severity switch
        {
            Severity.Ok => "ok",
            Severity.Warning => "WARNING",
            Severity.Failure => "FAILURE",
            _ => throw new InvalidOperationException(Severity.ToString()),
        },-8} {Topic,-10} {Found}";
        return Advice is null ? line : $"{line}\n{"",19} → {Advice}";
    }
}
