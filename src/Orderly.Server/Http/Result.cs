using System.Diagnostics.CodeAnalysis;

namespace Orderly.Server.Http;

/// <summary>A value, or the refusal that stands in its place.</summary>
internal readonly struct Result<T>
    where T : class
{
    private readonly T? _value;
    private readonly Problem? _problem;

    private Result(T? value, Problem? problem)
    {
        _value = value;
        _problem = problem;
    }

    public static implicit operator Result<T>(T value) => new(value, problem: null);

    public static implicit operator Result<T>(Problem problem) => new(value: null, problem);

    public bool IsRefused([NotNullWhen(true)] out Problem? problem, [NotNullWhen(false)] out T? value)
    {
        problem = _problem;
        value = _value;
        return problem is not null;
    }
}
