using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Orderly.Server.Http.Edge;

/// <summary>
/// Lets a listening socket begin no more connections, while those that were begun can still be taken. Between the last
/// one taken and the end of a socket there is always time for one more, which the kernel answers and then throws out
/// with its request; a filter at the socket makes an end of them before. A caller's kernel asks again after a second.
/// </summary>
internal static class HandshakeFilter
{
    private const int SocketLevel = 1; // SOL_SOCKET
    private const int AttachFilter = 26; // SO_ATTACH_FILTER

    private const uint FlagsOffset = 13; // in the header of TCP
    private const uint Syn = 0x02;

    /// <summary>In the kernel's language for filters: what has SYN set is dropped, all else is let through.</summary>
    private static readonly Instruction[] DropSyn =
    [
        new(0x30, 0, 0, FlagsOffset), // load the byte
        new(0x45, 0, 1, Syn), // is the bit set?
        new(0x06, 0, 0, 0), // drop
        new(0x06, 0, 0, uint.MaxValue), // let through
    ];

    /// <summary>Does nothing where the system has no such filters, or the socket no handshakes.</summary>
    public static void Attach(Socket listening)
    {
        if (!OperatingSystem.IsLinux() || listening.ProtocolType != ProtocolType.Tcp) return;
        var instructions = GCHandle.Alloc(DropSyn, GCHandleType.Pinned);
        try
        {
            var program = new Program((ushort)DropSyn.Length, instructions.AddrOfPinnedObject());
            listening.SetRawSocketOption(
                SocketLevel, AttachFilter, MemoryMarshal.AsBytes(new Span<Program>(ref program)));
        }
        catch (SocketException)
        {
            // A sandbox may forbid filters: then the last moment is as short as it can be without.
        }
        finally
        {
            instructions.Free();
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Instruction(ushort Code, byte IfTrue, byte IfFalse, uint Value); // sock_filter

    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Program(ushort Length, nint Instructions); // sock_fprog
}
