namespace Orderly.Server.Http;

/// <summary>A field as a caller gave it: left out, null, or with a value.</summary>
internal readonly record struct Given<T>(bool IsGiven, T? Value)
{
    public static Given<T> As(T? value) => new(IsGiven: true, value);
}
