using Orderly.Contract.Problems;
using Orderly.Server.Access;
using Orderly.Server.Configuration;
using Orderly.Server.Http;

namespace Orderly.Server.Services;

/// <summary>A service record after a write, and whether the write made it.</summary>
internal sealed record ServiceWritten(Service Service, bool IsNew);

/// <summary>Creates, replaces, merges or retires a service record. A record is never removed.</summary>
internal sealed class PutService(ServiceStore services, OrderSettings settings)
{
    /// <summary>
    /// Of those who write at once one gets through each time, so this is how many may at the least.
    /// </summary>
    private const int AttemptsMax = 200;

    /// <summary>PUT: creates or replaces. PATCH: merges into what is there.</summary>
    public Task<Result<ServiceWritten>> RunAsync(
        string id, ServiceInput input, Precondition precondition, Caller caller) =>
        WriteAsync(id, precondition, caller, mayCreate: !input.IsPatch,
            current => input.Apply(id, current, settings.DefaultCurrency));

    /// <summary>Retires a record: past orders keep it, new ones can't name it.</summary>
    public Task<Result<ServiceWritten>> RetireAsync(string id, Precondition precondition, Caller caller) =>
        WriteAsync(id, precondition, caller, mayCreate: false,
            current => current! with { Active = false, Version = current.Version + 1 });

    public static Problem NotFound(string id) =>
        new(ProblemCode.ServiceNotFound, $"There is no service record {Suggestion.Quote(id)}.");

    private async Task<Result<ServiceWritten>> WriteAsync(
        string id, Precondition precondition, Caller caller, bool mayCreate, Func<Service?, Result<Service>> decide)
    {
        if (!ServiceInput.IsId(id))
        {
            return NotFound(id);
        }

        for (var attempt = 1; attempt <= AttemptsMax; attempt++)
        {
            var current = await services.FindAsync(id, CancellationToken.None);
            if ((Absent(id, current, mayCreate) ?? Stale(current, precondition)) is { } refusal)
            {
                return refusal;
            }

            if (decide(current).IsRefused(out var problem, out var decided))
            {
                return problem;
            }

            if (current?.HasContentOf(decided) == true)
            {
                return new ServiceWritten(current, IsNew: false);
            }

            if (await services.StoreAsync(decided, caller.KeyId) is { } stored)
            {
                return new ServiceWritten(stored, IsNew: current is null);
            }
        }

        return new Problem(ProblemCode.Overloaded, "The service record changed too often meanwhile; try again.");
    }

    private static Problem? Absent(string id, Service? current, bool mayCreate) =>
        current is null && !mayCreate ? NotFound(id) : null;

    /// <summary>A record that does not exist has no version that a precondition could hold for.</summary>
    private static Problem? Stale(Service? current, Precondition precondition)
    {
        if (!precondition.IsGiven || (current is not null && precondition.Holds(current.Version)))
        {
            return null;
        }

        return current is null
            ? new Problem(ProblemCode.StaleVersion,
                "The service record does not exist, so no version of it is current.")
            : new Problem(ProblemCode.StaleVersion,
                $"The service record is at version {current.Version} now. Read it again and apply your change to that.")
            {
                Members = [new("version", current.Version)],
                Headers = [new("ETag", Precondition.Tag(current.Version))],
            };
    }
}
