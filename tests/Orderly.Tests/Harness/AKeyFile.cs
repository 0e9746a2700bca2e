using Orderly.Server.Configuration;
using Orderly.Server.Privacy;

namespace Orderly.Tests.Harness;

/// <summary>Keys of personal data for tests without a server.</summary>
internal static class AKeyFile
{
    /// <summary>Keys out of a file that is made anew, and gone once they are loaded.</summary>
    public static FileKeyProvider Load()
    {
        var directory = Directory.CreateTempSubdirectory("orderly-keys-");
        try
        {
            var keys = new FileKeyProvider(new PrivacySettings { KeyFile = Path.Combine(directory.FullName, "keys") });
            keys.Use(keys.LoadOrCreate().Newest);
            return keys;
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }
}
