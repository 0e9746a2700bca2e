using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Orderly.Server.Configuration;

namespace Orderly.Server.Access;

/// <summary>
/// Counts wrong keys by the address that they come from (an IPv6 one by its network of 64 bits, which is what one
/// customer has). Only wrong keys are counted, and only they are refused: who has a good one is let in.
/// </summary>
internal sealed class BadKeys(LimitSettings settings, TimeProvider time)
{
    private const int AddressesMax = 100_000;
    private const int NetworkBytes = 8;

    private readonly ConcurrentDictionary<IPAddress, Window> _windows = new();

    /// <summary>Counts one. After how many seconds the next is looked at; null: at once.</summary>
    public int? Count(IPAddress? address)
    {
        var from = NetworkOf(address ?? IPAddress.None);
        var window = _windows.GetValueOrDefault(from);
        if (window is null || Age(window) >= TimeSpan.FromSeconds(settings.WindowSeconds))
        {
            MakeRoom();
            window = new Window(time.GetTimestamp());
            _windows[from] = window;
        }

        return Interlocked.Increment(ref window.Count) <= settings.BadKeys
            ? null
            : Math.Max(1, (int)Math.Ceiling(settings.WindowSeconds - Age(window).TotalSeconds));
    }

    private static IPAddress NetworkOf(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }

        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }

        var bytes = address.GetAddressBytes();
        bytes.AsSpan(NetworkBytes).Clear();
        return new IPAddress(bytes);
    }

    private TimeSpan Age(Window window) => time.GetElapsedTime(window.Since);

    private void MakeRoom()
    {
        if (_windows.Count < AddressesMax)
        {
            return;
        }

        foreach (var (address, window) in _windows)
        {
            if (Age(window) >= TimeSpan.FromSeconds(settings.WindowSeconds))
            {
                _windows.TryRemove(address, out _);
            }
        }

        if (_windows.Count >= AddressesMax)
        {
            _windows.Clear();
        }
    }

    private sealed class Window(long since)
    {
        public int Count;

        public long Since => since;
    }
}
