using System.Buffers;
using System.IO.Pipelines;

namespace Orderly.Server.Transfer;

/// <summary>One record of a body; its bytes are null where it is longer than is taken.</summary>
internal readonly record struct InputRecord(long Number, byte[]? Bytes);

/// <summary>
/// Splits a body into records at its line ends, as it arrives: lines of NDJSON, or rows of CSV, whose quotes may hold
/// line ends. Empty lines are no records. What is too long is skipped, and told as such.
/// </summary>
internal sealed class RecordReader(PipeReader input, bool hasQuotes)
{
    public const int RecordLengthMaxBytes = 1024 * 1024;

    private const long NeverClosed = -2;

    private static ReadOnlySpan<byte> ByteOrderMark => "\uFEFF"u8;

    private long _number;
    private long _scanned;
    private long _closedAt = NeverClosed;
    private byte _before = CsvText.Separator; // at the start of a record a cell begins
    private bool _isInQuotes;
    private bool _isSkipping;
    private bool _isBegun;

    /// <summary>The next record; null at the end.</summary>
    public async ValueTask<InputRecord?> ReadAsync(CancellationToken stop)
    {
        while (true)
        {
            var read = await input.ReadAsync(stop);
            var buffer = read.Buffer;
            if (FindEnd(buffer) is { } end)
            {
                var record = Take(buffer.Slice(0, end));
                input.AdvanceTo(buffer.GetPosition(1, end));
                if (record is not null)
                {
                    return record;
                }
            }
            else if (read.IsCompleted)
            {
                var record = Take(buffer);
                input.AdvanceTo(buffer.End);
                return record;
            }
            else if (buffer.Length > RecordLengthMaxBytes)
            {
                Skip(buffer);
                input.AdvanceTo(buffer.End);
            }
            else
            {
                _scanned = buffer.Length;
                input.AdvanceTo(buffer.Start, buffer.End);
            }
        }
    }

    /// <summary>Where the record ends, looked for behind what was looked through before.</summary>
    private SequencePosition? FindEnd(ReadOnlySequence<byte> buffer)
    {
        var reader = new SequenceReader<byte>(buffer.Slice(_scanned));
        while (reader.TryReadToAny(
            out ReadOnlySequence<byte> _, hasQuotes ? "\n\""u8 : "\n"u8, advancePastDelimiter: false))
        {
            var place = reader.Position;
            var offset = _scanned + reader.Consumed;
            reader.TryRead(out var found);
            if (found == CsvText.Quote)
            {
                PassQuote(buffer, offset);
            }
            else if (!_isInQuotes)
            {
                return place;
            }
        }

        return null;
    }

    /// <summary>
    /// A quote opens a cell only at its start; elsewhere it is a fault of that row, which must not swallow the next.
    /// </summary>
    private void PassQuote(ReadOnlySequence<byte> buffer, long offset)
    {
        if (_isInQuotes)
        {
            (_isInQuotes, _closedAt) = (false, offset);
        }
        else
        {
            _isInQuotes = offset == _closedAt + 1 // two of them are one in the text
                || (offset == 0 ? _before : buffer.Slice(offset - 1, 1).FirstSpan[0]) == CsvText.Separator;
        }
    }

    /// <summary>What is skipped still tells what a quote behind it is.</summary>
    private void Skip(ReadOnlySequence<byte> buffer)
    {
        var last = buffer.Length - 1;
        (_isSkipping, _scanned, _closedAt) = (true, 0, _closedAt == last ? -1 : NeverClosed);
        _before = buffer.Slice(last).FirstSpan[0];
    }

    private InputRecord? Take(ReadOnlySequence<byte> bytes)
    {
        var isTooLong = _isSkipping || bytes.Length > RecordLengthMaxBytes;
        (_isSkipping, _isInQuotes, _scanned, _closedAt, _before) = (false, false, 0, NeverClosed, CsvText.Separator);
        if (isTooLong)
        {
            return new InputRecord(++_number, Bytes: null);
        }

        var record = bytes.ToArray().AsSpan();
        if (!_isBegun && record.StartsWith(ByteOrderMark))
        {
            record = record[ByteOrderMark.Length..];
        }

        _isBegun = true;
        var trimmed = record.TrimEnd((byte)'\r');
        return trimmed.Trim(" \t\r"u8).IsEmpty ? null : new InputRecord(++_number, trimmed.ToArray());
    }
}
