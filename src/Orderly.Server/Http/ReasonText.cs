namespace Orderly.Server.Http;

/// <summary>Why somebody did something, in their words.</summary>
internal static class ReasonText
{
    public const int LengthMax = 500;
}
