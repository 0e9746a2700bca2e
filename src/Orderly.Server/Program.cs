using Orderly.Server;
using Orderly.Server.Configuration;
using Orderly.Server.Database;
using Orderly.Server.Startup;

const int Done = 0, Failed = 1, WrongOption = 2, DatabaseUnusable = 3;

try
{
    var (command, arguments) = CommandLine.Read(args);
    switch (command)
    {
        case Command.Help:
            await Console.Out.WriteAsync(CommandLine.Help());
            return Done;
        case Command.Version:
            await Console.Out.WriteLineAsync(CommandLine.Version());
            return Done;
        case Command.OpenApi:
            await using (var output = Console.OpenStandardOutput())
            {
                await output.WriteAsync(await Server.DescribeAsync());
            }

            return Done;
        case Command.Migrate:
            await Server.MigrateAsync(arguments);
            return Done;
        case Command.Verify:
            return await Server.VerifyAsync(arguments) ? Done : Failed;
        case Command.Checkpoint:
            return await Server.PrintCheckpointAsync(arguments) ? Done : Failed;
        case Command.Doctor:
            return await Server.ExamineAsync(arguments) ? Done : Failed;
        case Command.Health:
            return await Server.AskHealthAsync(arguments) ? Done : Failed;
        case Command.Rewrap:
            return await Server.RewrapAsync(arguments) ? Done : Failed;
        case Command.Serve:
            await Server.RunAsync(arguments);
            return Done;
        default:
            return Failed;
    }
}
catch (SettingsException exception)
{
    await Console.Error.WriteLineAsync($"Wrong option: {exception.Message}");
    return WrongOption;
}
catch (Exception exception) when (exception is DatabaseStartException or MigrationException)
{
    await Console.Error.WriteLineAsync($"Not started: {exception.Message}");
    return DatabaseUnusable;
}
catch (Exception exception) when (DatabaseFailure.IsLost(exception))
{
    await Console.Error.WriteLineAsync(
        $"Not started: the database was lost meanwhile: {exception.Message.ReplaceLineEndings(" ")}");
    return DatabaseUnusable;
}
catch (IOException exception) when (exception.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException)
{
    await Console.Error.WriteLineAsync($"Not started: {exception.Message} Choose another with --urls.");
    return Failed;
}
