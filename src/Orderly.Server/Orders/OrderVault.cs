using Orderly.Server.Privacy;

namespace Orderly.Server.Orders;

/// <summary>Opens what is personal of orders that were read, and seals it in writes that are to be stored.</summary>
internal sealed class OrderVault(PersonalVault vault, EmailIndex emails)
{
    public async ValueTask<StoredOrder> OpenAsync(StoredOrder order) => order.Personal.Sealed is null
        ? order
        : order with { Personal = await vault.OpenAsync(order.Id, order.Personal) };

    public async ValueTask<Revision> OpenAsync(Guid orderId, Revision revision) => revision.Personal.Sealed is null
        ? revision
        : revision with { Personal = await vault.OpenAsync(orderId, revision.Personal) };

    public async ValueTask<List<StoredOrder>> OpenAsync(List<StoredOrder> orders)
    {
        for (var i = 0; i < orders.Count; i++)
        {
            orders[i] = await OpenAsync(orders[i]);
        }

        return orders;
    }

    public async ValueTask<List<Revision>> OpenAsync(Guid orderId, List<Revision> revisions)
    {
        for (var i = 0; i < revisions.Count; i++)
        {
            revisions[i] = await OpenAsync(orderId, revisions[i]);
        }

        return revisions;
    }

    /// <summary>The write as it can be stored. What was sealed before and stays is not sealed again.</summary>
    public async ValueTask<OrderWrite> SealAsync(OrderWrite write)
    {
        if (write.PersonalJson is not { } json)
        {
            return write.Termed(emailTerm: null);
        }

        var named = write.Termed(TermOf(write.Content));
        if (write.Personal.Sealed is not null)
        {
            return named;
        }

        var (data, newKey) = await vault.SealAsync(write.OrderId, json, write.KnownKey, write.IsNew);
        return named with { Personal = data, NewKey = newKey };
    }

    public async ValueTask<OrderWrite[]> SealAsync(IEnumerable<OrderWrite> writes)
    {
        var stored = new List<OrderWrite>();
        foreach (var write in writes)
        {
            stored.Add(await SealAsync(write));
        }

        return [.. stored];
    }

    /// <summary>What the order is found by through its customer's address.</summary>
    public string? TermOf(OrderContent content) =>
        content.Customer?.Email is { } email ? emails.TermOf(email) : null;
}
