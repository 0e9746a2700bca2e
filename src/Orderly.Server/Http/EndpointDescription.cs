namespace Orderly.Server.Http;

// What an address says of itself where the framework can't see it, for the API's description.

/// <summary>The body that an address reads; the reading itself is strict and our own.</summary>
internal sealed record TakesBody(Type Type, string MediaType)
{
    /// <summary>What else it can be.</summary>
    public string? OtherMediaType { get; init; }

    /// <summary>Whether the body may be left out.</summary>
    public bool IsOptional { get; init; }

    /// <summary>The schema of the body, where it is not that of the type.</summary>
    public string? Schema { get; init; }
}

/// <summary>A query parameter that an address reads.</summary>
internal sealed record TakesParameter(string Name, string Type, string Description)
{
    public string? Format { get; init; }
    public long? Minimum { get; init; }
    public long? Maximum { get; init; }
    public int? Default { get; init; }
    public int? LengthMax { get; init; }
    public string? Pattern { get; init; }

    /// <summary>All that it can be, where these are few.</summary>
    public IReadOnlyList<string> Values { get; init; } = [];

    /// <summary>What stands for it where it is left out, if it is text.</summary>
    public string? DefaultText { get; init; }

    /// <summary>Of an object each member is a parameter of its own: one whose names the caller chooses.</summary>
    public bool IsExploded => Type is "object";
}

/// <summary>A part of the path that an address reads.</summary>
internal sealed record TakesPath(string Name, string Description)
{
    public string? Format { get; init; }
    public int? LengthMax { get; init; }
    public string? Pattern { get; init; }
    public IReadOnlyList<string> Values { get; init; } = [];
    public required string Example { get; init; }
}

/// <summary>A header that an address reads.</summary>
internal sealed record TakesHeader(string Name, string Description)
{
    /// <summary>One entity tag, a list of them, or *.</summary>
    public const string TagsPattern = "^(\\*|(W/)?\"[^\",]*\"( *, *(W/)?\"[^\",]*\")*)$";

    /// <summary>The same, but for weak ones, which can't guard a write.</summary>
    public const string StrongTagsPattern = "^(\\*|\"[^\",]*\"( *, *\"[^\",]*\")*)$";
    public required string Pattern { get; init; }
    public required string Example { get; init; }
}

/// <summary>What an answer means, and the headers that it has.</summary>
internal sealed record Gives(int Status, string Meaning, params string[] Headers);
