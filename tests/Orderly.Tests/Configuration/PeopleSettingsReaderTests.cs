using Microsoft.Extensions.Configuration;
using Orderly.Server.Configuration;

namespace Orderly.Tests.Configuration;

public sealed class PeopleSettingsReaderTests
{
    private static readonly (string, string) Authority = ("People:Authority", "https://login.example.com/tenant/");
    private static readonly (string, string) Audience = ("People:Audience", "orderly");

    private static PeopleSettings? Read(params (string Name, string Value)[] settings) => SettingsReader.Read(
        new ConfigurationBuilder().AddInMemoryCollection(
            settings.Select(setting => KeyValuePair.Create(setting.Name, (string?)setting.Value))).Build()).People;

    private static string Refused(params (string Name, string Value)[] settings)
    {
        var message = Should.Throw<SettingsException>(() => Read(settings)).Message;
        message.ShouldNotContain("\n");
        return message;
    }

    [Fact]
    public void Without_a_provider_nobody_signs_in()
    {
        Read().ShouldBeNull();
        Refused(Audience).ShouldBe(
            "People:Audience is set, but neither People:Authority nor People:MetadataAddress is.");
    }

    [Fact]
    public void A_provider_describes_itself_at_the_well_known_address_or_where_the_settings_say()
    {
        var people = Read(Authority, Audience).ShouldNotBeNull();
        people.Metadata.ShouldBe(new Uri("https://login.example.com/tenant/.well-known/openid-configuration"));
        people.RoleClaim.ShouldBe("roles");
        people.ReachesAllTeams.ShouldBeFalse();
        people.Roles.ShouldBeEmpty();
        Read(("People:MetadataAddress", "https://login.example.com/about"), Audience)!.Metadata
            .ShouldBe(new Uri("https://login.example.com/about"));
    }

    [Fact]
    public void Roles_are_mapped_from_values_with_any_letters()
    {
        var roles = Read(Authority, Audience, ("People:Roles:urn:ops:Admins", "admin"), ("People:Roles:all", "viewer"))
            .ShouldNotBeNull().Roles;

        roles.Count.ShouldBe(2);
        roles["urn:ops:Admins"].ShouldBe("admin");
        roles["all"].ShouldBe("viewer");
        Refused(Authority, Audience, ("People:Roles:all", "owner")).ShouldStartWith("People:Roles:all takes viewer");
    }

    [Fact]
    public void What_is_wrong_or_not_safe_is_refused()
    {
        Refused(Authority).ShouldStartWith("People:Audience must say");
        Refused(("People:Authority", "http://login.example.com"), Audience).ShouldContain("must be https://");
        Refused(("People:Authority", "login"), Audience).ShouldStartWith("People:Authority takes an address");
        Refused(Authority, Audience, ("People:Reach", "some")).ShouldStartWith("People:Reach takes team or all");
        Refused(Authority, Audience, ("People:Roleclaims", "x")).ShouldStartWith("There is no setting People:Rolecl");
    }
}
