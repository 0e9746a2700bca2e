using Orderly.Server.Observability;

namespace Orderly.Tests.Observability;

public sealed class LogBufferTests
{
    private const int KeptMax = 256 * 1024;

    [Theory]
    [InlineData(1)]
    [InlineData(1_000)]
    [InlineData(32 * 1024)]
    [InlineData(100_000)]
    public void What_goes_in_comes_out(int lineLength)
    {
        var random = new Random(lineLength);
        var buffer = new LogBuffer();
        for (var round = 0; round < 3; round++)
        {
            using var expected = new MemoryStream();
            using var output = new MemoryStream();
            for (var i = 0; i < 50; i++)
            {
                var line = new byte[lineLength];
                random.NextBytes(line);
                expected.Write(line);
                buffer.Add(line);
            }

            buffer.Length.ShouldBe((int)expected.Length);
            buffer.WriteTo(output);
            output.ToArray().ShouldBe(expected.ToArray());
            buffer.Clear();
        }
    }

    [Fact]
    public void The_memory_of_much_is_let_go()
    {
        var buffer = new LogBuffer();
        buffer.Add(new byte[4_000_000]);
        buffer.Capacity.ShouldBeGreaterThanOrEqualTo(4_000_000);

        buffer.Clear();

        buffer.Length.ShouldBe(0);
        buffer.Capacity.ShouldBeLessThanOrEqualTo(KeptMax);
    }
}
