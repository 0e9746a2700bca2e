namespace Orderly.Server.Observability;

/// <summary>
/// Lines that wait to be written, in pieces: after a reader has stood still, the memory that they took is let go.
/// </summary>
internal sealed class LogBuffer
{
    private const int PieceLength = 32 * 1024;
    private const int KeptPiecesMax = 4;

    private readonly List<byte[]> _pieces = [];
    private int _used;

    public int Length => _used;

    /// <summary>How much memory it holds, in bytes.</summary>
    public int Capacity => _pieces.Count * PieceLength;

    public void Add(ReadOnlySpan<byte> line)
    {
        while (!line.IsEmpty)
        {
            var (piece, start) = Math.DivRem(_used, PieceLength);
            if (piece == _pieces.Count)
            {
                _pieces.Add(GC.AllocateUninitializedArray<byte>(PieceLength));
            }

            var fits = line[..Math.Min(line.Length, PieceLength - start)];
            fits.CopyTo(_pieces[piece].AsSpan(start));
            _used += fits.Length;
            line = line[fits.Length..];
        }
    }

    public void WriteTo(Stream output)
    {
        for (var start = 0; start < _used; start += PieceLength)
        {
            output.Write(_pieces[start / PieceLength].AsSpan(0, Math.Min(PieceLength, _used - start)));
        }
    }

    public void Clear()
    {
        _used = 0;
        if (_pieces.Count > KeptPiecesMax)
        {
            _pieces.RemoveRange(KeptPiecesMax, _pieces.Count - KeptPiecesMax);
        }
    }
}
