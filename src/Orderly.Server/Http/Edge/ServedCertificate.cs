using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Channels;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Orderly.Server.Configuration;
using Orderly.Server.Observability;

namespace Orderly.Server.Http.Edge;

/// <summary>
/// The certificate that new connections are served with. When its files change, it changes with them: told by the
/// system, and looked at now and then besides, since a link that leads elsewhere is not told. A pair that can't be
/// used changes nothing.
/// </summary>
internal sealed class ServedCertificate : BackgroundService
{
    private const int PollSeconds = 2;

    /// <summary>Two files are not replaced at one moment; what does not fit for this long was meant so.</summary>
    private const int UnfitMaxSeconds = 1;
    private const int WarnedBeforeDays = 21;
    private static readonly TimeSpan WarnedEvery = TimeSpan.FromDays(1);

    private readonly TlsSettings _settings;
    private readonly TimeProvider _time;
    private readonly ILogger<ServedCertificate> _log;
    private readonly Channel<bool> _looks = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private volatile TlsMaterial _current;
    private string _digest;
    private (string What, long Since, bool IsTold)? _unfit;
    private long _warnedAt;

    /// <exception cref="SettingsException">There is nothing to serve with.</exception>
    public ServedCertificate(TlsSettings settings, TimeProvider time, ILogger<ServedCertificate> log)
    {
        _settings = settings;
        _time = time;
        _log = log;
        var files = TlsFiles.Read(settings);
        _current = files.Load(settings);
        _digest = files.Digest;
    }

    /// <summary>What Kestrel asks for with each connection: all of it by one state of the files.</summary>
    public TlsHandshakeCallbackOptions ToHandshakes() =>
        new() { OnConnection = _ => ValueTask.FromResult(OptionsOf(_current)) };

    private SslServerAuthenticationOptions OptionsOf(TlsMaterial material) => new()
    {
#pragma warning disable CA5398 // These on purpose, and older ones never, whatever the system allows.
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
#pragma warning restore CA5398
        ServerCertificateContext = material.Context,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        ClientCertificateRequired = _settings.ClientCertificates != ClientCertificates.None,
        CertificateChainPolicy = material.Clients,
        RemoteCertificateValidationCallback = IsAccepted,
    };

    /// <summary>The handshake has built the chain by the policy that it was given.</summary>
    private bool IsAccepted(object sender, X509Certificate? shown, X509Chain? chain, SslPolicyErrors errors) =>
        shown is null
            ? _settings.ClientCertificates != ClientCertificates.Require
            : _settings.ClientCertificates != ClientCertificates.None && errors == SslPolicyErrors.None;

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        LogEvents.CertificateServed(_log, _current.Serial, _current.EndsAt);
        WarnOfEnd();
        return base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pause = TimeSpan.FromSeconds(PollSeconds);
        await using var poll = _time.CreateTimer(_ => Look(), state: null, pause, pause);
        var watches = Folders().Select(Watch).ToArray();
        try
        {
            await foreach (var _ in _looks.Reader.ReadAllAsync(stoppingToken))
            {
                Renew();
                if (_time.GetElapsedTime(_warnedAt) >= WarnedEvery)
                {
                    WarnOfEnd();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Told to stop.
        }
        finally
        {
            Array.ForEach(watches, watch => watch?.Dispose());
        }
    }

    private void Look() => _looks.Writer.TryWrite(true);

    private void Renew()
    {
        var what = "";
        try
        {
            var files = TlsFiles.Read(_settings);
            if (files.Digest == _digest)
            {
                _unfit = null;
                return;
            }

            what = files.Digest;
            _current = files.Load(_settings);
            _digest = files.Digest;
            _unfit = null;
            LogEvents.CertificateServed(_log, _current.Serial, _current.EndsAt);
            WarnOfEnd();
        }
        catch (SettingsException exception)
        {
            Doubt(what, exception.Message);
        }
    }

    private void Doubt(string what, string reason)
    {
        if (_unfit is not { } unfit || unfit.What != what)
        {
            _unfit = (what, _time.GetTimestamp(), IsTold: false);
        }
        else if (!unfit.IsTold && _time.GetElapsedTime(unfit.Since).TotalSeconds >= UnfitMaxSeconds)
        {
            LogEvents.CertificateUnusable(_log, reason);
            _unfit = unfit with { IsTold = true };
        }
    }

    private void WarnOfEnd()
    {
        _warnedAt = _time.GetTimestamp();
        var (serial, endsAt) = (_current.Serial, _current.EndsAt);
        var left = endsAt - _time.GetUtcNow().UtcDateTime;
        if (left <= TimeSpan.Zero)
        {
            LogEvents.CertificateEnded(_log, serial, endsAt);
        }
        else if (left.TotalDays < WarnedBeforeDays)
        {
            LogEvents.CertificateEndsSoon(_log, serial, endsAt, (int)left.TotalDays);
        }
    }

    private IEnumerable<string> Folders() =>
        new[] { _settings.CertificateFile, _settings.KeyFile, _settings.ClientCaFile }
            .OfType<string>().Select(file => Path.GetDirectoryName(file)!).Distinct(StringComparer.Ordinal);

    /// <summary>null where the system watches no more folders: then only the clock tells.</summary>
    private FileSystemWatcher? Watch(string folder)
    {
        FileSystemWatcher? watch = null;
        try
        {
            watch = new FileSystemWatcher(folder);
            watch.Changed += (_, _) => Look();
            watch.Created += (_, _) => Look();
            watch.Renamed += (_, _) => Look();
            watch.EnableRaisingEvents = true;
            return watch;
        }
        catch (Exception exception) when (exception is IOException or ArgumentException)
        {
            watch?.Dispose();
            return null;
        }
    }
}
