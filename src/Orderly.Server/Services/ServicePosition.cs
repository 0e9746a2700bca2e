using System.Globalization;
using Orderly.Server.Http;

namespace Orderly.Server.Services;

/// <summary>
/// Where a page of service records goes on: behind this one. Only what the list is sorted by is there.
/// </summary>
internal sealed record ServicePosition(string Id, string? Name, DateTime? At)
{
    public static ServicePosition Of(Service service, Sort sort) => sort.Field switch
    {
        ListServices.Name => new(service.Id, service.Name, At: null),
        ListServices.CreatedAt => new(service.Id, Name: null, service.CreatedAt),
        ListServices.UpdatedAt => new(service.Id, Name: null, service.UpdatedAt),
        _ => new(service.Id, Name: null, At: null),
    };

    public static ServicePosition? Parse(string[] texts) =>
        texts is [var id, var name, var ticks] && ServiceInput.IsId(id)
            && PageInput.InstantOf(ticks) is { } at
            ? new ServicePosition(id, name, at)
            : null;

    public string[] Format() => [Id, Name ?? "", PageInput.KeyOf(At ?? default)];
}
