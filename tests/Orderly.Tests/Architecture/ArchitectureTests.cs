using Mono.Cecil;

namespace Orderly.Tests.Architecture;

/// <summary>Who may use whom, over the compiled assembly. Each rule also finds what was planted against it.</summary>
public sealed class ArchitectureTests
{
    private const string Planted = "Planted.Server";

    private static readonly IReadOnlyList<TypeDefinition> Server =
        Rules.TypesOf(typeof(Server.Http.Instant).Assembly.Location);

    private static readonly IReadOnlyList<TypeDefinition> PlantedTypes =
        [.. Rules.TypesOf(typeof(ArchitectureTests).Assembly.Location)
            .Where(type => RootNamespace(type).StartsWith(Planted))];

    private static string RootNamespace(TypeDefinition type) =>
        type.DeclaringType is null ? type.Namespace : RootNamespace(type.DeclaringType);

    [Fact]
    public void Features_use_infrastructure_and_infrastructure_uses_no_feature() =>
        Rules.ForbiddenUses(Server).ShouldBeEmpty();

    [Fact]
    public void A_use_that_is_not_allowed_is_found() =>
        Rules.ForbiddenUses(PlantedTypes, Planted).Select(fault => fault.Split(" uses ")[0]).Distinct()
            .ShouldBe(["UsesOrders (Services)", "UsesAFeature (Http)"], ignoreOrder: true);

    [Fact]
    public void Npgsql_is_used_by_stores_and_infrastructure_alone() =>
        Rules.NpgsqlOutsideStores(Server).ShouldBeEmpty();

    [Fact]
    public void Npgsql_elsewhere_is_found_even_where_only_a_state_machine_holds_it() =>
        Rules.NpgsqlOutsideStores(PlantedTypes, Planted)
            .ShouldContain(fault => fault == "TalksToTheDatabase uses NpgsqlConnection");

    [Fact]
    public void Npgsql_in_a_store_is_not_found() =>
        Rules.NpgsqlOutsideStores(PlantedTypes, Planted).ShouldNotContain(fault => fault.StartsWith("ThingStore"));

    [Fact]
    public void Pure_types_know_neither_the_database_nor_http() => Rules.ImpurePureTypes(Server).ShouldBeEmpty();

    [Fact]
    public void A_pure_type_that_knows_http_is_found() =>
        Rules.ImpurePureTypes(PlantedTypes).ShouldContain(fault => fault.Contains("HttpContext"));

    [Fact]
    public void Types_are_internal_and_sealed() => Rules.NotInternalSealed(Server).ShouldBeEmpty();

    [Fact]
    public void A_type_that_is_public_or_not_sealed_is_found()
    {
        var types = Rules.TypesOf(typeof(ArchitectureTests).Assembly.Location);

        Rules.NotInternalSealed(types).ShouldContain(typeof(ArchitectureTests).FullName);
        Rules.NotInternalSealed([.. types.Where(type => type.Name == "InheritableByAccident").Select(InOrderly)])
            .ShouldNotBeEmpty();
    }

    private static TypeDefinition InOrderly(TypeDefinition type)
    {
        type.Namespace = "Orderly.Planted";
        return type;
    }
}
