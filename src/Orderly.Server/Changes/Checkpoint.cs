using System.Globalization;
using System.Text;

namespace Orderly.Server.Changes;

/// <summary>What the tree over the feed was at a size (c2sp.org/tlog-checkpoint): origin, size, root.</summary>
internal sealed record Checkpoint(string Origin, long Size, byte[] Root)
{
    private const int LinesMin = 3;

    /// <summary>The text of a note.</summary>
    public override string ToString() => new StringBuilder(Origin).Append('\n')
        .Append(CultureInfo.InvariantCulture, $"{Size}\n").Append(Convert.ToBase64String(Root)).Append('\n').ToString();

    /// <summary>Null: the text is not a checkpoint in its one canonical form. Extension lines are let pass.</summary>
    public static Checkpoint? Parse(string text)
    {
        var lines = text.Split('\n')[..^1];
        if (lines.Length < LinesMin || Array.Exists(lines, line => line.Length == 0)
            || !long.TryParse(lines[1], NumberStyles.None, CultureInfo.InvariantCulture, out var size))
        {
            return null;
        }

        var root = new byte[LogHash.LengthBytes];
        return Convert.TryFromBase64String(lines[2], root, out var length) && length == root.Length
            && new Checkpoint(lines[0], size, root) is var checkpoint
            && text.StartsWith(checkpoint.ToString(), StringComparison.Ordinal)
                ? checkpoint
                : null;
    }
}
