namespace Orderly.Contract;
/// <summary>Placeholder.</summary>
public sealed class A;
