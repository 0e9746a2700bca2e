using System.Globalization;
using System.Text.Json;
using Orderly.Server.Database;
using Orderly.Server.Privacy;

namespace Orderly.Server.Changes;

/// <summary>
/// Checks the versions of each order as they come, in order: dense from 1 on, each the hash of itself and the version
/// before, later than that one, its personal data what it was committed to; and the order itself like its newest.
/// </summary>
/// <param name="openSalted">
/// Opens what was in the clear once, whose salt is encrypted with it; null where the keys are not at hand.
/// </param>
internal sealed class OrderChainCheck(
    Findings findings, LogFingerprint seen, Func<Guid, byte[], WrappedKey, byte[]?>? openSalted = null)
{
    private const int UnexplainedMax = 1_000;
    private const long MicrosecondsTo2000 = 946_684_800_000_000;

    /// <summary>The bits of <see cref="RevisionRow.Differences"/>.</summary>
    private static readonly string[] OrderColumns =
        ["write_id", "status", "content", "personal", "totalfee_stated", "updated_at", "updated_by", "deleted_at"];

    private readonly LogHash _hasher = new();
    private readonly byte[] _computed = new byte[LogHash.LengthBytes];
    private readonly byte[] _previous = new byte[LogHash.LengthBytes];
    private readonly byte[] _orderId = new byte[16];
    private readonly List<int> _withoutPersonal = [];
    private bool _hasOrder;
    private bool _isAny;
    private bool _isPreviousKnown;
    private int _lastVersion;
    private int? _orderVersion;
    private long _lastRecordedAt;
    private int _erasedUpTo;

    public long Count { get; private set; }

    public void Add(CopyRows row)
    {
        Count++;
        var version = row.Int32(RevisionRow.Version);
        if (!_isAny || !row.Bytes(RevisionRow.OrderId).SequenceEqual(_orderId))
        {
            Finish();
            Begin(row);
        }

        seen.Add(row.Bytes(RevisionRow.OrderId), row.Bytes(RevisionRow.Version));
        CheckPlace(version);
        CheckHash(row, version);
        CheckTime(row, version);
        CheckPersonal(row, version);
        if (!row.IsNull(RevisionRow.Differences))
        {
            CheckOrder(row);
        }

        row.Bytes(RevisionRow.Hash).CopyTo(_previous);
        _isPreviousKnown = true;
        _lastVersion = version;
        _lastRecordedAt = row.Int64(RevisionRow.RecordedAt);
    }

    /// <summary>What can be said only once all versions of an order were seen.</summary>
    public void Finish()
    {
        if (!_isAny)
        {
            return;
        }

        if (_hasOrder && _orderVersion != _lastVersion)
        {
            findings.AddOrder(Id, _lastVersion, string.Create(CultureInfo.InvariantCulture,
                $"the log ends at version {_lastVersion}, but the order has version {_orderVersion}"));
        }

        foreach (var version in _withoutPersonal.Where(version => version > _erasedUpTo))
        {
            findings.AddOrder(Id, version, "personal data is gone, and no erasure says why");
        }

        _isAny = false;
    }

    private Guid Id => new(_orderId, bigEndian: true);

    private void Begin(CopyRows row)
    {
        _isAny = true;
        row.Bytes(RevisionRow.OrderId).CopyTo(_orderId);
        _orderVersion = row.IsNull(RevisionRow.OrderVersion) ? null : row.Int32(RevisionRow.OrderVersion);
        _hasOrder = _orderVersion is not null;
        _lastVersion = 0;
        _lastRecordedAt = long.MinValue;
        _erasedUpTo = 0;
        _withoutPersonal.Clear();
        LogHash.BeforeFirst.CopyTo(_previous, 0);
        _isPreviousKnown = true;
        if (!_hasOrder)
        {
            findings.AddOrder(Id, null, "the log has versions of it, but the order is missing");
        }
    }

    private void CheckPlace(int version)
    {
        if (version == _lastVersion + 1)
        {
            return;
        }

        _isPreviousKnown = false;
        findings.AddOrder(Id, _lastVersion + 1, string.Create(CultureInfo.InvariantCulture,
            $"missing: version {_lastVersion} is followed by version {version}"));
    }

    /// <summary>Against the stored hash before, so that one edit is told once, and not for all that follow.</summary>
    private void CheckHash(CopyRows row, int version)
    {
        if (!_isPreviousKnown || !_hasOrder)
        {
            return;
        }

        RevisionRow.ComputeHash(row, _hasher, _previous, _computed);
        if (!row.Bytes(RevisionRow.Hash).SequenceEqual(_computed))
        {
            findings.AddOrder(Id, version,
                "the hash does not match the version, the order's number, team and creation, and the hash before");
        }
    }

    private void CheckTime(CopyRows row, int version)
    {
        if (row.Int64(RevisionRow.RecordedAt) <= _lastRecordedAt)
        {
            findings.AddOrder(Id, version, "recorded no later than the version before");
        }
    }

    private void CheckPersonal(CopyRows row, int version)
    {
        if (row.Bytes(RevisionRow.Kind).SequenceEqual("erased"u8))
        {
            _erasedUpTo = version;
        }

        var isCommitted = !row.IsNull(RevisionRow.Commitment);
        if (row.IsNull(RevisionRow.Personal))
        {
            if (!row.IsNull(RevisionRow.Salt))
            {
                findings.AddOrder(Id, version, "a salt without the personal data that it belongs to");
            }
            else if (isCommitted && _withoutPersonal.Count < UnexplainedMax)
            {
                _withoutPersonal.Add(version);
            }

            return;
        }

        _hasher.Begin();
        if (row.IsNull(RevisionRow.Salt) && row.Bytes(RevisionRow.Personal) is [PersonalVault.FormatWithSalt, ..])
        {
            if (openSalted is null)
            {
                findings.AddOrder(Id, version, "personal data can be checked only where the key file is");
                return;
            }

            _hasher.AddBytes(row.IsNull(RevisionRow.DataKey)
                ? []
                : openSalted(Id, row.Bytes(RevisionRow.Personal).ToArray(),
                    WrappedKey.Read(row.Bytes(RevisionRow.DataKey).ToArray())) ?? []);
        }
        else
        {
            _hasher.AddBytes(row.Bytes(RevisionRow.Salt));
            _hasher.AddBytes(row.Bytes(RevisionRow.Personal));
        }

        _hasher.Finish(_computed);
        if (!isCommitted || !row.Bytes(RevisionRow.Commitment).SequenceEqual(_computed))
        {
            findings.AddOrder(Id, version, "personal data is not what the version was committed to");
        }
    }

    private void CheckOrder(CopyRows row)
    {
        var differences = row.Int32(RevisionRow.Differences);
        for (var i = 0; i < OrderColumns.Length; i++)
        {
            if ((differences & (1 << i)) != 0)
            {
                AddDifference(OrderColumns[i]);
            }
        }

        CheckDerivedColumns(row);
    }

    private void AddDifference(string column) =>
        findings.AddOrder(Id, null, $"{column} of the order is not that of its newest version");

    /// <summary>The columns that the order is found by must say what its content says.</summary>
    private void CheckDerivedColumns(CopyRows row)
    {
        try
        {
            var json = new Utf8JsonReader(row.Bytes(RevisionRow.Content));
            var found = 0;
            json.Read();
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                if (json.ValueTextEquals("datetime"u8))
                {
                    json.Read();
                    found++;
                    CheckDerived("datetime", Microseconds(json.GetDateTimeOffset()) == row.Int64(RevisionRow.Datetime));
                }
                else if (json.ValueTextEquals("totalfee"u8))
                {
                    json.Read();
                    found++;
                    CheckDerived("totalfee", json.ValueSpan.SequenceEqual(row.Bytes(RevisionRow.TotalFee)));
                }
                else if (json.ValueTextEquals("reference"u8))
                {
                    json.Read();
                    found++;
                    CheckDerived("reference", json.TokenType == JsonTokenType.Null
                        ? row.IsNull(RevisionRow.Reference)
                        : !row.IsNull(RevisionRow.Reference)
                            && json.ValueTextEquals(row.Bytes(RevisionRow.Reference)));
                    break;
                }
                else
                {
                    json.Skip();
                }
            }

            CheckDerived("content", found == 3);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            CheckDerived("content", isRight: false);
        }
    }

    private void CheckDerived(string column, bool isRight)
    {
        if (!isRight)
        {
            findings.AddOrder(Id, null, $"{column} of the order does not agree with its content");
        }
    }

    /// <summary>As PostgreSQL sends an instant: microseconds since 2000.</summary>
    private static long Microseconds(DateTimeOffset instant) =>
        ((instant.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond) - MicrosecondsTo2000;
}
