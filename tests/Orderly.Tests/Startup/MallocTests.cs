using System.Runtime.InteropServices;
using Orderly.Server.Startup;

namespace Orderly.Tests.Startup;

public sealed class MallocTests
{
    [Fact]
    public void Glibc_takes_what_it_is_told_and_others_are_left_alone() =>
        Malloc.KeepLittle().ShouldBe(
            OperatingSystem.IsLinux()
            && !RuntimeInformation.RuntimeIdentifier.Contains("musl", StringComparison.Ordinal));
}
