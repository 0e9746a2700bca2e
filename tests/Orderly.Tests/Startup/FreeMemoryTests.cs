using System.Runtime.InteropServices;
using Orderly.Server.Startup;

namespace Orderly.Tests.Startup;

public sealed class FreeMemoryTests
{
    private const int Blocks = 2_000;
    private const int BlockBytes = 64 * 1024; // less than what malloc gives back at once

    private static bool IsGlibc =>
        OperatingSystem.IsLinux() && !RuntimeInformation.RuntimeIdentifier.Contains("musl", StringComparison.Ordinal);

    [Fact]
    public void Glibc_is_told_to_give_back_and_others_are_left_alone() => FreeMemory.GiveBack().ShouldBe(IsGlibc);

    [Fact]
    public void What_is_free_between_blocks_that_are_used_goes_back_to_the_system()
    {
        Assert.SkipUnless(IsGlibc, "Of glibc.");
        var blocks = Enumerable.Range(0, Blocks).Select(_ => Written()).ToArray();
        var before = Environment.WorkingSet;
        Array.ForEach([.. blocks.Where((_, i) => i % 10 != 0)], Marshal.FreeHGlobal);
        try
        {
            FreeMemory.GiveBack();

            (before - Environment.WorkingSet).ShouldBeGreaterThan(Blocks / 2 * (long)BlockBytes);
        }
        finally
        {
            Array.ForEach([.. blocks.Where((_, i) => i % 10 == 0)], Marshal.FreeHGlobal);
        }
    }

    private static nint Written()
    {
        var block = Marshal.AllocHGlobal(BlockBytes);
        Marshal.Copy(new byte[BlockBytes], 0, block, BlockBytes);
        return block;
    }
}
