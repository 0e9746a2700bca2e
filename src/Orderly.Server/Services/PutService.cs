using Orderly.Contract.Problems;
using Orderly.Server.Access;
using Orderly.Server.Changes;
using Orderly.Server.Configuration;
using Orderly.Server.Http;

namespace Orderly.Server.Services;

/// <summary>A service record as a write left it.</summary>
/// <param name="Document">The record in JSON, as it is answered.</param>
/// <param name="IsNew">Whether the write made the record.</param>
/// <param name="IsStored">Whether the write was stored; false where it changed nothing or was only tried.</param>
internal sealed record ServiceWritten(int Version, byte[] Document, bool IsNew, bool IsStored)
{
    /// <summary>Whether it is the answer that an earlier request with the same key got.</summary>
    public bool IsReplay { get; init; }

    public static ServiceWritten Of(Service service, bool isNew, bool isStored) =>
        new(service.Version, ServiceDocument.ToBytes(service), isNew, isStored);
}

/// <summary>What every write on a service record has in common.</summary>
/// <param name="Id">The record, as the path names it.</param>
/// <param name="Precondition">On which version it may be done.</param>
/// <param name="Caller">Who writes.</param>
/// <param name="IsDryRun">Everything is checked, and nothing stored.</param>
internal sealed record ServiceWrite(string Id, Precondition Precondition, Caller Caller, bool IsDryRun);

/// <summary>Creates, replaces, merges or retires a service record. A record is never removed.</summary>
internal sealed class PutService(
    ServiceStore services, IdempotentRequests requests, IdempotencyStore keys, OrderSettings settings,
    TimeProvider time)
{
    /// <summary>
    /// Of those who write at once one gets through each time, so this is how many may at the least.
    /// </summary>
    private const int AttemptsMax = 200;

    /// <summary>PUT: creates or replaces.</summary>
    public Task<Result<ServiceWritten>> RunAsync(ServiceWrite write, ServiceInput input) =>
        WriteAsync(write, mayCreate: true, claim: null, current => Apply(input, write.Id, current));

    /// <summary>PATCH: merges into what is there, once for each Idempotency-Key.</summary>
    public Task<Result<ServiceWritten>> PatchAsync(ServiceWrite write, ServiceInput input, IdempotencyClaim claim) =>
        requests.RunAsync(claim, new IdempotentSteps<ServiceWritten>(
            used => WriteAsync(write, mayCreate: false, used, current => Apply(input, write.Id, current)),
            written => written.IsStored ? null : new KeyUse(Guid.Empty, written.Version, written.Document),
            use => Task.FromResult<Result<ServiceWritten>>(
                new ServiceWritten(use.Version, use.Answer!, IsNew: false, IsStored: false) { IsReplay = true })));

    /// <summary>Retires a record: past orders keep it, new ones can't name it.</summary>
    public Task<Result<ServiceWritten>> RetireAsync(ServiceWrite write) =>
        WriteAsync(write, mayCreate: false, claim: null,
            current => current! with { Active = false, Version = current.Version + 1 });

    public static Problem NotFound(string id) =>
        new(ProblemCode.ServiceNotFound, $"There is no service record {Suggestion.Quote(id)}.");

    /// <summary>No record can have such an id, so there is none, and none can be made.</summary>
    private static Problem NoId(string id) => new(ProblemCode.ServiceNotFound,
        $"There can be no service record {Suggestion.Quote(id)}: an id has 1 to {ServiceInput.IdLengthMax} letters "
        + "(A to Z, a to z), digits, dots, hyphens and underscores, the first one a letter or a digit.");

    /// <summary>The record with the times that it would get.</summary>
    private Service Tried(Service decided, Service? current)
    {
        var now = time.GetUtcNow().UtcDateTime;
        return decided with { CreatedAt = current?.CreatedAt ?? now, UpdatedAt = now };
    }

    private Result<Service> Apply(ServiceInput input, string id, Service? current) =>
        input.Apply(id, current, settings.DefaultCurrency);

    private async Task<Result<ServiceWritten>> WriteAsync(
        ServiceWrite write, bool mayCreate, IdempotencyClaim? claim, Func<Service?, Result<Service>> decide)
    {
        if (!ServiceInput.IsId(write.Id))
        {
            return mayCreate ? NoId(write.Id) : NotFound(write.Id);
        }

        for (var attempt = 1; attempt <= AttemptsMax; attempt++)
        {
            var current = await services.FindAsync(write.Id, CancellationToken.None);
            if ((Absent(write.Id, current, mayCreate) ?? Stale(current, write.Precondition)) is { } refusal)
            {
                return refusal;
            }

            if (decide(current).IsRefused(out var problem, out var decided))
            {
                return problem;
            }

            if (current?.HasContentOf(decided) == true)
            {
                return ServiceWritten.Of(current, isNew: false, isStored: false);
            }

            if (write.IsDryRun)
            {
                return ServiceWritten.Of(Tried(decided, current), isNew: current is null, isStored: false);
            }

            if (await services.StoreAsync(decided, write.Caller.KeyId, claim) is { } stored)
            {
                return ServiceWritten.Of(stored, isNew: current is null, isStored: true);
            }

            if (claim is not null && await keys.FindAsync(claim) is not null)
            {
                return IdempotentRequests.InFlight();
            }
        }

        return new Problem(ProblemCode.Overloaded, "The service record changed too often meanwhile; try again.");
    }

    private static Problem? Absent(string id, Service? current, bool mayCreate) =>
        current is null && !mayCreate ? NotFound(id) : null;

    /// <summary>A record that does not exist has no version that a precondition could hold for.</summary>
    private static Problem? Stale(Service? current, Precondition precondition)
    {
        if (current is not null)
        {
            return precondition.Holds(current.Version) ? null : precondition.Refuse("service record", current.Version);
        }

        return precondition.IsGiven
            ? new Problem(
                ProblemCode.StaleVersion, "The service record does not exist, so no version of it is current.")
            : null;
    }
}
