using Orderly.Server.Access;
using Orderly.Server.Access.People;
using Orderly.Server.Changes;
using Orderly.Server.Configuration;
using Orderly.Server.Database;
using Orderly.Server.Http;
using Orderly.Server.Http.Edge;
using Orderly.Server.Observability;
using Orderly.Server.Orders;
using Orderly.Server.Privacy;
using Orderly.Server.Services;
using Orderly.Server.Startup;
using Orderly.Server.Transfer;

namespace Orderly.Server;

/// <summary>The composition root: what the service is made of, and the way of a request through it.</summary>
internal static class Composition
{
    private const int ShutdownTimeoutSeconds = 30;

    public static void AddOrderly(this WebApplicationBuilder builder, AllSettings settings, string connectionString)
    {
        var services = builder.Services;
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(settings.Server);
        services.AddSingleton(settings.Orders);
        services.AddSingleton(settings.Changes);
        services.AddSingleton(provider =>
            DataSources.ForReads(connectionString, provider.GetService<ILoggerFactory>()));
        services.AddSingleton(provider =>
            DataSources.ForWrites(connectionString, provider.GetService<ILoggerFactory>()));
        services.AddSingleton(provider =>
            DataSources.ForLists(connectionString, provider.GetService<ILoggerFactory>()));
        services.AddSingleton(provider =>
            DataSources.ForStreams(connectionString, provider.GetService<ILoggerFactory>()));
        services.AddSingleton(provider =>
            DataSources.ForImports(connectionString, provider.GetService<ILoggerFactory>()));
        services.AddSingleton<Ids>();
        services.AddSingleton<DatabaseCheck>();
        services.AddHostedService<VitalSigns>();
        services.AddHostedService<FreeMemory>();

        services.AddAccess(settings.Limits);
        services.AddPeople(settings.People);

        services.AddPrivacy(settings.Privacy);

        services.AddSingleton<ServiceStore>();
        services.AddSingleton<ServiceCatalog>();
        services.AddSingleton<PutService>();
        services.AddSingleton<ListServices>();

        services.AddSingleton<OrderVault>();
        services.AddSingleton<Reveals>();
        services.AddSingleton<OrderDisplay>();
        services.AddSingleton<OrderStore>();
        services.AddSingleton<OrderWriter>();
        services.AddSingleton<OrderTermsStore>();
        services.AddSingleton<OrderListStore>();
        services.AddSingleton<OrderStatisticsStore>();
        services.AddSingleton<RevisionStore>();
        services.AddSingleton<WriteConflict>();
        services.AddSingleton<IdempotentWrite>();
        services.AddSingleton<FindOrder>();
        services.AddSingleton<PlaceOrder>();
        services.AddSingleton<ChangeOrder>();
        services.AddSingleton<AmendOrder>();
        services.AddSingleton<DeleteOrder>();
        services.AddSingleton<ChangeStatus>();
        services.AddSingleton<RestoreOrder>();
        services.AddSingleton<RevertOrder>();
        services.AddSingleton<EraseOrder>();
        services.AddSingleton<ListOrders>();

        services.AddTransfers();
        services.AddSingleton<IdempotencyStore>();
        services.AddSingleton<IdempotentRequests>();
        services.AddHostedService<IdempotencyExpiry>();
        services.AddSingleton<Checkpointer>();
        services.AddSingleton<FeedSequencer>();
        services.AddSingleton<FeedWatch>();
        services.AddSingleton<OrderFeedStore>();
        services.AddSingleton<ReadFeed>();
        services.AddHostedService(provider => provider.GetRequiredService<FeedSequencer>());

        services.AddSingleton<SampleData>();
        services.AddOpenApiDocument(
            OrderSchemas.Describe, HistorySchemas.Describe, ServiceSchemas.Describe, KeySchemas.Describe,
            HealthSchemas.Describe, ImportSchemas.Describe);
        builder.AddTelemetry();
        services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(ShutdownTimeoutSeconds));
        builder.AddEdge(settings.Edge, settings.Server.Urls);
    }

    private static void AddTransfers(this IServiceCollection services)
    {
        services.AddSingleton<OrderStreamStore>();
        services.AddSingleton<StreamOrders>();
        services.AddSingleton<ImportStore>();
        services.AddSingleton<ImportDecision>();
        services.AddSingleton<ImportOrders>();
        services.AddSingleton<ImportRequest>();
        services.AddSingleton<StatisticsRefresh>();
        services.AddHostedService(provider => provider.GetRequiredService<StatisticsRefresh>());
    }

    /// <summary>Keys, what they may do and how much of it, and the record of it.</summary>
    private static void AddAccess(this IServiceCollection services, LimitSettings limits)
    {
        services.AddSingleton<KeyStore>();
        services.AddSingleton<KeyUsage>();
        services.AddHostedService(provider => provider.GetRequiredService<KeyUsage>());
        services.AddSingleton(limits);
        services.AddSingleton<RateUsageStore>();
        services.AddSingleton<RateLimits>();
        services.AddSingleton<BadKeys>();
        services.AddSingleton<KeyRing>();
        services.AddSingleton<CallerWatch>();
        services.AddSingleton<KeyTransaction>();
        services.AddSingleton<CreateKey>();
        services.AddSingleton<ChangeKey>();
        services.AddSingleton<RotateKey>();
        services.AddSingleton<RevokeKey>();
        services.AddSingleton<ListKeys>();
        services.AddSingleton<AuditStore>();
        services.AddSingleton<ListAudit>();
    }

    /// <summary>People who sign in elsewhere, where that is configured.</summary>
    private static void AddPeople(this IServiceCollection services, PeopleSettings? people)
    {
        if (people is not null)
        {
            services.AddSingleton(people);
            services.AddSingleton<IdentityProvider>();
            services.AddHostedService(provider => provider.GetRequiredService<IdentityProvider>());
            services.AddSingleton<PersonTokens>();
        }
    }

    /// <summary>The keys of personal data and what is done with them. Another keeper of keys goes in here.</summary>
    private static void AddPrivacy(this IServiceCollection services, PrivacySettings settings)
    {
        services.AddSingleton(settings);
        services.AddSingleton<FileKeyProvider>();
        services.AddSingleton<IKeyProvider>(provider => provider.GetRequiredService<FileKeyProvider>());
        services.AddSingleton<DataKeyCache>();
        services.AddSingleton<OrderKeyStore>();
        services.AddSingleton<PersonalVault>();
        services.AddSingleton<EmailIndex>();
        services.AddSingleton<RequestDigest>();
        services.AddSingleton<KeyRegisterStore>();
        services.AddSingleton<KeyRegister>();
        services.AddSingleton<RewrapStore>();
        services.AddSingleton<RewrapKeys>();
        services.AddHostedService(provider => provider.GetRequiredService<RewrapKeys>());
        services.AddSingleton<SealStore>();
    }

    /// <summary>The way of a request: whom proxies speak for and its line in the log outermost, then problems, the
    /// router, admission, the key, and the address itself.</summary>
    public static void UseOrderly(this WebApplication app)
    {
        app.UseEdge();
        app.UseMiddleware<RequestLog>();
        app.UseMiddleware<ProblemMiddleware>();
        app.UseRouting();
        app.UseMiddleware<Admission>();
        app.UseMiddleware<ApiKeyGate>();
        app.MapOrders();
        app.MapOrderActions();
        app.MapOrderHistory();
        app.MapOrderFeed();
        app.MapTransfers();
        app.MapServices();
        app.MapKeys();
        app.MapAudit();
        app.MapHealth();
        app.MapMetrics();
        app.MapProblems();
        app.MapDocumentation();
    }
}
