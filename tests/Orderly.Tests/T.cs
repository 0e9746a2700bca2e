namespace Orderly.Tests;
public sealed class T { [Fact] public void One_is_one() => 1.ShouldBe(1); }
