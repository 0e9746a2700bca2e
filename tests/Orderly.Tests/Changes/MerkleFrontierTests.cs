using System.Security.Cryptography;
using Orderly.Server.Changes;

namespace Orderly.Tests.Changes;

/// <summary>The tree of RFC 6962, with the roots that its reference implementations are tested by.</summary>
public sealed class MerkleFrontierTests
{
    private static readonly string[] Entries =
    [
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    ];

    [Theory]
    [InlineData(0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData(1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d")]
    [InlineData(2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125")]
    [InlineData(3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77")]
    [InlineData(4, "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7")]
    [InlineData(5, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4")]
    [InlineData(6, "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef")]
    [InlineData(7, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c")]
    [InlineData(8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")]
    public void A_tree_has_the_known_root(int size, string root)
    {
        var tree = new MerkleFrontier();
        foreach (var entry in Entries.Take(size))
        {
            tree.Append(SHA256.HashData([0, .. Convert.FromHexString(entry)]));
        }

        tree.Size.ShouldBe(size);
        Convert.ToHexStringLower(tree.Root()).ShouldBe(root);
    }

    [Fact]
    public void A_frontier_goes_on_from_its_bytes()
    {
        var whole = new MerkleFrontier();
        var resumed = new MerkleFrontier();
        for (var i = 0; i < 300; i++)
        {
            var leaf = SHA256.HashData([(byte)i, (byte)(i >> 8)]);
            whole.Append(leaf);
            resumed = MerkleFrontier.FromBytes(resumed.Size, resumed.ToBytes()).ShouldNotBeNull();
            resumed.Append(leaf);
            resumed.Root().ShouldBe(whole.Root());
        }
    }

    [Fact]
    public void Bytes_that_do_not_fit_the_size_are_no_frontier()
    {
        MerkleFrontier.FromBytes(3, new byte[32]).ShouldBeNull();
        MerkleFrontier.FromBytes(2, new byte[64]).ShouldBeNull();
        MerkleFrontier.FromBytes(-1, []).ShouldBeNull();
        MerkleFrontier.FromBytes(1, new byte[31]).ShouldBeNull();
    }
}
