using Npgsql;
using Orderly.Server.Access;
using Orderly.Server.Configuration;
using Orderly.Server.Database;
using Orderly.Server.Observability;
using Orderly.Server.Orders;
using Orderly.Server.Privacy;

namespace Orderly.Server.Startup;

/// <summary>
/// What must be in the database before the first request: the schema, a key, and perhaps sample data.
/// </summary>
internal static class Preparation
{
    /// <summary>Brings the schema up to date.</summary>
    /// <exception cref="MigrationException">The schema can't be brought to what this version needs.</exception>
    public static async Task MigrateAsync(IServiceProvider services, CancellationToken stop)
    {
        var log = services.GetRequiredService<ILogger<Migration>>();
        await using var connection = await services.GetRequiredService<WriteDataSource>().Source
            .OpenConnectionAsync(stop);
        foreach (var name in await Migrator.ApplyAsync(connection, stop))
        {
            LogEvents.MigrationApplied(log, name);
        }
    }

    /// <summary>Loads the keys of personal data, and encrypts what an older server left in the clear.</summary>
    /// <exception cref="SettingsException">The keys are not those of the database.</exception>
    public static async Task OpenVaultAsync(IServiceProvider services, CancellationToken stop)
    {
        var log = services.GetRequiredService<ILogger<SealStore>>();
        await services.GetRequiredService<KeyRegister>().OpenAsync(stop);
        await services.GetRequiredService<SealStore>().SealAsync(
            count => LogEvents.PersonalDataSealed(log, count), stop);
    }

    /// <summary>Wraps all data keys with the newest version. False: some could not be.</summary>
    /// <exception cref="SettingsException">The keys are not those of the database.</exception>
    public static async Task<bool> RewrapAsync(IServiceProvider services, TextWriter output, TextWriter errors)
    {
        await services.GetRequiredService<KeyRegister>().OpenAsync(CancellationToken.None);
        var version = services.GetRequiredService<IKeyProvider>().CurrentVersion;
        var result = await services.GetRequiredService<RewrapKeys>().RunAsync(
            count => errors.WriteLine($"{count} data keys wrapped anew"), CancellationToken.None);
        await output.WriteLineAsync($"{result.Rewrapped} data keys were wrapped anew with version {version}.");
        await output.WriteLineAsync(result.Unreadable == 0
            ? "Older versions are not needed any more by this database; backups of it need them."
            : $"{result.Unreadable} could not be unwrapped, and stay as they are.");
        return result.Unreadable == 0;
    }

    /// <summary>Lets every order be found by what it holds, whoever wrote it.</summary>
    public static async Task FillTermsAsync(IServiceProvider services, CancellationToken stop)
    {
        if (await services.GetRequiredService<OrderTermsStore>().FillAsync(stop) is var count and > 0)
        {
            LogEvents.TermsFilled(services.GetRequiredService<ILogger<OrderTermsStore>>(), count);
        }
    }

    /// <summary>
    /// Sees to it that there is a key. Returns the text of a key that was generated, to be shown once.
    /// </summary>
    public static async Task<string?> EnsureKeyAsync(
        IServiceProvider services, ServerSettings settings, CancellationToken stop)
    {
        var generated = await EnsureBootstrapKeyAsync(services.GetRequiredService<KeyStore>(), settings, stop);
        var digests = await services.GetRequiredService<KeyStore>().ListBootstrapDigestsAsync(stop);
        services.GetRequiredService<KeyRing>().ExemptBootstrap(digests);
        return generated;
    }

    private static async Task<string?> EnsureBootstrapKeyAsync(
        KeyStore keys, ServerSettings settings, CancellationToken stop)
    {
        if (settings.BootstrapKey is { } configured)
        {
            await keys.SetBootstrapKeyAsync(KeyRing.DigestOf(configured), stop);
            return null;
        }

        if ((await keys.ListBootstrapDigestsAsync(stop)).Count > 0)
        {
            return null;
        }

        var generated = KeyText.Generate();
        await keys.SetBootstrapKeyAsync(KeyRing.DigestOf(generated), stop);
        return generated;
    }

    /// <summary>Loads sample data where it is wanted: asked for, or not forbidden and the database is new.</summary>
    public static async Task LoadSampleDataAsync(
        IServiceProvider services, ServerSettings settings, bool databaseIsNew, CancellationToken stop)
    {
        if (settings.SampleData ?? databaseIsNew)
        {
            await services.GetRequiredService<SampleData>().LoadAsync(stop);
        }
    }
}
