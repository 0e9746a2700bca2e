using System.Text.Json;
using Orderly.Server.Http;

namespace Orderly.Server.Access;

/// <summary>The small bodies of writes that rotate or revoke a key.</summary>
internal sealed class RotateInput : IWriteInput
{
    private static readonly string[] RotateFields = ["overlapSeconds", "version"];
    private static readonly string[] RevokeFields = ["version"];

    private RotateInput()
    {
    }

    public Faults Faults { get; } = new();

    /// <summary>For how long the secret before stays valid.</summary>
    public int OverlapSeconds { get; private set; } = RotateKey.OverlapSecondsDefault;

    /// <summary>The version that the write is based on; it acts as If-Match does.</summary>
    public int? Version { get; private set; }

    public static RotateInput ReadRotation(JsonElement body) => Read(body, RotateFields);

    public static RotateInput ReadRevocation(JsonElement body) => Read(body, RevokeFields);

    private static RotateInput Read(JsonElement body, string[] fields)
    {
        var input = new RotateInput();
        foreach (var member in JsonMembers.Of(body, "#", fields, input.Faults).Where(member => !member.IsNull))
        {
            if (member.Name is "version")
            {
                input.Version = JsonMembers.WholeNumber(member, 1, int.MaxValue, input.Faults);
            }
            else
            {
                input.OverlapSeconds =
                    JsonMembers.WholeNumber(member, 0, RotateKey.OverlapSecondsMax, input.Faults) ?? 0;
            }
        }

        return input;
    }
}
