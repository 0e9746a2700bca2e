#pragma warning disable // These types break the rules on purpose, so that a rule that checks nothing is found.

namespace Planted.Server.Services
{
    internal class InheritableByAccident;

    internal sealed class UsesOrders
    {
        public object Make() => new Planted.Server.Orders.PlacedThing();
    }
}

namespace Planted.Server.Orders
{
    internal sealed class PlacedThing;

    internal sealed class TalksToTheDatabase
    {
        public async Task<int> RunAsync(string text)
        {
            await using var connection = new Npgsql.NpgsqlConnection(text);
            return connection.ProcessID;
        }
    }

    internal sealed class ThingStore
    {
        public object Make() => new Npgsql.NpgsqlConnection();
    }

    internal static class Order
    {
        public static bool Decide(Microsoft.AspNetCore.Http.HttpContext http) => http is null;
    }
}

namespace Planted.Server.Http
{
    internal sealed class UsesAFeature
    {
        public Func<object> Make { get; } = () => new Planted.Server.Orders.PlacedThing();
    }
}
