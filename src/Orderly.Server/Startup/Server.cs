using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.FileProviders;
using Orderly.Server.Configuration;
using Orderly.Server.Http.Description;
using Orderly.Server.Http.Edge;
using Orderly.Server.Observability;

namespace Orderly.Server.Startup;

/// <summary>Starts the service, runs it until it is told to stop, and stops it without losing a request.</summary>
internal static class Server
{
    /// <summary>
    /// Runs until SIGTERM or Ctrl-C: then takes no more requests, finishes those in flight, and ends.
    /// </summary>
    public static async Task RunAsync(string[] arguments)
    {
        using var starting = new CancellationTokenSource();
        using var interrupted = CancelOn(PosixSignal.SIGINT, starting);
        using var terminated = CancelOn(PosixSignal.SIGTERM, starting);
        var builder = CreateBuilder(arguments);
        var settings = SettingsReader.Read(builder.Configuration);
        TlsFiles.Check(settings.Edge.Tls);
        try
        {
            await using var database = await DatabaseLocation.OpenAsync(
                settings.Server, TimeProvider.System, Console.Error.WriteLine, starting.Token);
            var (app, newKey) = await PrepareAsync(
                builder, settings, database.ConnectionString, database.IsNew, starting.Token);
            await using (app)
            {
                TellOfUnreadableSettings(app);
                await app.StartAsync(starting.Token);
                Announce(app, newKey);
                await app.WaitForShutdownAsync(starting.Token);
            }
        }
        catch (OperationCanceledException) when (starting.IsCancellationRequested)
        {
            // Told to stop while starting: nothing was served yet, and what was begun has been disposed of.
        }
    }

    /// <summary>
    /// The service with all that must be in its database, ready to be started, and the text of a key that was
    /// generated for it.
    /// </summary>
    public static async Task<(WebApplication App, string? NewKey)> PrepareAsync(
        WebApplicationBuilder builder, AllSettings settings, string connectionString, bool databaseIsNew,
        CancellationToken stop)
    {
        builder.AddOrderly(settings, connectionString);
        var app = builder.Build();
        try
        {
            app.UseOrderly();
            await Preparation.MigrateAsync(app.Services, stop);
            await Preparation.OpenVaultAsync(app.Services, stop);
            await Preparation.FillTermsAsync(app.Services, stop);
            var newKey = await Preparation.EnsureKeyAsync(app.Services, settings.Server, stop);
            await Preparation.LoadSampleDataAsync(app.Services, settings.Server, databaseIsNew, stop);
            return (app, newKey);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    /// <summary>Brings the schema up to date, and no more.</summary>
    public static async Task MigrateAsync(string[] arguments)
    {
        var builder = CreateBuilder(arguments);
        var settings = SettingsReader.Read(builder.Configuration);
        await using var database = await DatabaseLocation.OpenAsync(
            settings.Server, TimeProvider.System, Console.Error.WriteLine, CancellationToken.None);
        builder.AddOrderly(settings, database.ConnectionString);
        await using var app = builder.Build();
        await Preparation.MigrateAsync(app.Services, CancellationToken.None);
        Console.WriteLine("The schema is up to date.");
    }

    /// <summary>Verifies the log. False: something in it is not as it was written.</summary>
    public static Task<bool> VerifyAsync(string[] arguments)
    {
        var configuration = CreateBuilder(arguments).Configuration;
        return VerifyLog.RunAsync(
            SettingsReader.Read(configuration),
            new VerifyOptions(configuration["against"], configuration["public-key"]), Console.Out, Console.Error);
    }

    /// <summary>Asks the service on this machine. False: it is not ready, or not there.</summary>
    public static Task<bool> AskHealthAsync(string[] arguments) =>
        AskHealth.RunAsync(SettingsReader.Read(CreateBuilder(arguments).Configuration).Server.Urls, Console.Out);

    /// <summary>Prints the newest signed checkpoint. False: there is none.</summary>
    public static Task<bool> PrintCheckpointAsync(string[] arguments) => VerifyLog.PrintCheckpointAsync(
        SettingsReader.Read(CreateBuilder(arguments).Configuration), Console.Out, Console.Error);

    /// <summary>Examines everything that the service depends on. False: something must be mended.</summary>
    public static Task<bool> ExamineAsync(string[] arguments)
    {
        var configuration = CreateBuilder(arguments).Configuration;
        var verifiesLog = configuration["log"] switch
        {
            null => true,
            "skip" => false,
            var other => throw new SettingsException($"--log takes skip, not '{other}'."),
        };
        return Doctor.RunAsync(configuration, verifiesLog, TimeProvider.System, Console.Out, Console.Error);
    }

    /// <summary>
    /// Wraps all data keys with the newest version, also beside a running server. False: some could not be.
    /// </summary>
    public static async Task<bool> RewrapAsync(string[] arguments)
    {
        var builder = CreateBuilder(arguments);
        var settings = SettingsReader.Read(builder.Configuration);
        await using var database = await DatabaseLocation.OpenForReadingAsync(
            settings.Server, TimeProvider.System, Console.Error.WriteLine, CancellationToken.None);
        builder.AddOrderly(settings, database.ConnectionString);
        await using var app = builder.Build();
        await Preparation.MigrateAsync(app.Services, CancellationToken.None);
        return await Preparation.RewrapAsync(app.Services, Console.Out, Console.Error);
    }

    /// <summary>The OpenAPI document as the running service would give it. Needs no database.</summary>
    public static async Task<byte[]> DescribeAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.Services.AddRoutingCore();
        builder.AddOrderly(SettingsReader.Read(new ConfigurationManager()), connectionString: "Host=none");
        await using var app = builder.Build();
        app.UseOrderly();
        app.UseEndpoints(_ => { }); // what starting would do: tells the API explorer of the addresses
        return await app.Services.GetRequiredService<OpenApiText>().BytesAsync();
    }

    /// <remarks>
    /// Files of settings are looked at every few seconds. To be told of their changes, .NET would watch all folders
    /// below, and so hear of each write of a PostgreSQL whose data is there.
    /// </remarks>
    private static WebApplicationBuilder CreateBuilder(string[] arguments)
    {
        Environment.SetEnvironmentVariable("DOTNET_USE_POLLING_FILE_WATCHER", "1");
        try
        {
            var builder = WebApplication.CreateBuilder(arguments);
            AddShippedSettings(builder.Configuration);
            DotEnv.Add(builder.Configuration, Directory.GetCurrentDirectory());
            builder.AddLog();
            return builder;
        }
        catch (InvalidDataException exception) // .NET's word for a file of settings that is not JSON
        {
            throw new SettingsException(Explain(exception));
        }
    }

    /// <summary>
    /// The settings that come with the program count least; appsettings.json in the directory it runs in more.
    /// </summary>
    private static void AddShippedSettings(ConfigurationManager configuration) =>
        ((IConfigurationBuilder)configuration).Sources.Insert(0, new JsonConfigurationSource
        {
            FileProvider = new PhysicalFileProvider(AppContext.BaseDirectory),
            Path = "appsettings.json",
            Optional = true,
            ReloadOnChange = true,
        });

    /// <summary>What can't be read after a change; at the start it is refused.</summary>
    private static void TellOfUnreadableSettings(WebApplication app)
    {
        var log = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Orderly.Settings");
        foreach (var file in ((IConfigurationRoot)app.Configuration).Providers.OfType<FileConfigurationProvider>())
        {
            file.Source.OnLoadException = failure => LogEvents.SettingsUnreadable(log, Explain(failure.Exception));
        }
    }

    private static string Explain(Exception unreadable) =>
        $"{unreadable.Message} {unreadable.GetBaseException().Message}";

    private static void Announce(WebApplication app, string? newKey)
    {
        var url = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        Console.WriteLine($"Orderly is ready on {url}");
        if (newKey is not null)
        {
            Console.WriteLine($"Your API key, shown this once: {newKey}");
            Console.WriteLine($"Try it:  curl -s -H 'X-Api-Key: {newKey}' '{url}/orders?limit=2'");
        }
    }

    private static PosixSignalRegistration CancelOn(PosixSignal signal, CancellationTokenSource source) =>
        PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            source.Cancel();
        });
}
