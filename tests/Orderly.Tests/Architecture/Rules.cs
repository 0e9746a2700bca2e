using System.Text.RegularExpressions;
using Mono.Cecil;

namespace Orderly.Tests.Architecture;

/// <summary>The rules of the house as functions from what is to be checked to what is wrong with it.</summary>
internal static partial class Rules
{
    private const string Root = "Orderly.Server";
    private const int LineLengthMax = 120;
    private const int FunctionLengthMaxLines = 70;

    /// <summary>What anyone may use, and what itself uses no feature.</summary>
    private static readonly string[] Infrastructure =
        ["Database", "Http", "Changes", "Access", "Privacy", "Observability", "Configuration"];

    /// <summary>Between features only these.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["Orders"] = ["Services"],
        ["Services"] = [],
        ["Transfer"] = ["Orders", "Services"],
    };

    private static readonly string[] PureTypes =
    [
        "Order", "Totals", "LineSnapshots", "OrderInput", "ReadOnlyFields", "OrderTerms", "OrderFilter",
        "OrderFilterInput",
    ];

    /// <summary>Uses between folders that the design does not allow.</summary>
    public static IReadOnlyList<string> ForbiddenUses(IEnumerable<TypeDefinition> types, string root = Root) =>
        [.. from type in types
            let folder = FolderOf(NamespaceOf(type), root)
            where folder is not (null or "" or "Startup")
            from used in UsesOf(type)
            let other = FolderOf(used.Namespace, root)
            where other is not null && other != folder && !MayUse(folder, other)
            select $"{OutermostName(type)} ({folder}) uses {used.Name} ({other})"];

    /// <summary>Npgsql outside Database, Startup and the types that are named for it.</summary>
    public static IReadOnlyList<string> NpgsqlOutsideStores(IEnumerable<TypeDefinition> types, string root = Root) =>
        [.. from type in types
            where FolderOf(NamespaceOf(type), root) is not ("Database" or "Startup")
                && !OutermostName(type).EndsWith("Store", StringComparison.Ordinal)
            from used in UsesOf(type)
            where IsIn(used, "Npgsql") || IsIn(used, "NpgsqlTypes")
            select $"{OutermostName(type)} uses {used.Name}"];

    /// <summary>Pure types that know of the database or of HTTP.</summary>
    public static IReadOnlyList<string> ImpurePureTypes(IEnumerable<TypeDefinition> types) =>
        [.. from type in types
            where PureTypes.Contains(OutermostName(type))
            from used in UsesOf(type)
            where IsIn(used, "Npgsql") || IsIn(used, "Microsoft.AspNetCore")
            select $"{type.Name} uses {used.FullName}"];

    /// <summary>Types that are public, or could be inherited from though nothing does.</summary>
    public static IReadOnlyList<string> NotInternalSealed(IReadOnlyCollection<TypeDefinition> types)
    {
        var bases = types.Select(type => type.BaseType?.FullName).ToHashSet(StringComparer.Ordinal);
        return [.. types
            .Where(type => !type.IsNested && !type.CustomAttributes.Any(IsGenerated)
                && !type.Name.StartsWith('<') && type.Name != "Program"
                && type.Namespace.StartsWith("Orderly", StringComparison.Ordinal))
            .Where(type => type.IsPublic
                || (type is { IsClass: true, IsSealed: false } && !bases.Contains(type.FullName)))
            .Select(type => type.FullName)];
    }

    /// <summary>Lines longer than people like to read.</summary>
    public static IReadOnlyList<string> LongLines(string name, string[] lines) =>
        [.. lines.Select((line, index) => (line, index))
            .Where(entry => entry.line.Length > LineLengthMax)
            .Select(entry => $"{name}:{entry.index + 1} has {entry.line.Length} columns")];

    /// <summary>Methods of more than 70 lines, told by the indentation of their braces.</summary>
    public static IReadOnlyList<string> LongFunctions(string name, string[] lines)
    {
        var faults = new List<string>();
        for (var start = 0; start < lines.Length; start++)
        {
            var brace = MemberBrace().Match(lines[start]);
            if (!brace.Success || start == 0 || TypeHead().IsMatch(lines[HeadOf(lines, start)]))
            {
                continue;
            }

            var close = brace.Groups["indent"].Value + "}";
            var end = Array.FindIndex(lines, start, line => line == close || line == close + ";");

            // "};" ends a table or an initialiser, which is data and not a function.
            if (end >= 0 && lines[end] == close && end - start - 1 > FunctionLengthMaxLines)
            {
                faults.Add($"{name}:{start + 1} has a function of {end - start - 1} lines");
            }
        }

        return faults;
    }

    /// <summary>SQL in a file that is neither a store nor in Database.</summary>
    public static IReadOnlyList<string> SqlOutsideStores(string path, string[] lines) =>
        path.EndsWith("Store.cs", StringComparison.Ordinal) || path.Contains("/Database/", StringComparison.Ordinal)
            ? []
            : [.. lines.Select((line, index) => (line, index))
                .Where(entry => Sql().IsMatch(entry.line))
                .Select(entry => $"{path}:{entry.index + 1} holds SQL: {entry.line.Trim()}")];

    /// <summary>Every type in the module, nested ones too.</summary>
    public static IReadOnlyList<TypeDefinition> TypesOf(string assemblyPath)
    {
        var module = ModuleDefinition.ReadModule(assemblyPath);
        return [.. module.GetTypes()];
    }

    private static bool MayUse(string folder, string other) =>
        Infrastructure.Contains(other)
        || (Allowed.TryGetValue(folder, out var features) && features.Contains(other));

    /// <summary>The first name below the root; empty in the root itself; null outside it.</summary>
    private static string? FolderOf(string @namespace, string root) =>
        @namespace == root ? ""
        : @namespace.StartsWith(root + ".", StringComparison.Ordinal) ? @namespace[(root.Length + 1)..].Split('.')[0]
        : null;

    private static bool IsIn(TypeReference type, string root) =>
        type.Namespace == root || type.Namespace.StartsWith(root + ".", StringComparison.Ordinal);

    private static bool IsGenerated(CustomAttribute attribute) =>
        attribute.AttributeType.Name is "CompilerGeneratedAttribute" or "GeneratedCodeAttribute";

    /// <summary>A nested type has its namespace only in the type around it.</summary>
    private static string NamespaceOf(TypeDefinition type) => Outermost(type).Namespace;

    private static string OutermostName(TypeDefinition type) =>
        type.DeclaringType is null ? type.Name : OutermostName(type.DeclaringType);

    private static IEnumerable<TypeReference> UsesOf(TypeDefinition type)
    {
        var members = type.Fields.Select(field => field.FieldType)
            .Concat(type.Methods.Select(method => method.ReturnType))
            .Concat(type.Methods.SelectMany(method => method.Parameters).Select(parameter => parameter.ParameterType))
            .Concat(type.Interfaces.Select(implemented => implemented.InterfaceType))
            .Concat(type.BaseType is null ? [] : [type.BaseType])
            .Concat(type.Methods.Where(method => method.HasBody).SelectMany(UsesOf));
        return members.SelectMany(Parts).Select(Outermost).DistinctBy(used => used.FullName);
    }

    private static IEnumerable<TypeReference> UsesOf(MethodDefinition method) =>
        method.Body.Variables.Select(variable => variable.VariableType)
            .Concat(method.Body.ExceptionHandlers.Select(handler => handler.CatchType).OfType<TypeReference>())
            .Concat(method.Body.Instructions.SelectMany(instruction => instruction.Operand switch
            {
                TypeReference used => [used],
                MethodReference used =>
                    (TypeReference[])
                    [used.DeclaringType, used.ReturnType, .. used.Parameters.Select(p => p.ParameterType)],
                FieldReference used => [used.DeclaringType, used.FieldType],
                _ => [],
            }));

    private static IEnumerable<TypeReference> Parts(TypeReference type) => type switch
    {
        GenericInstanceType generic => generic.GenericArguments.SelectMany(Parts).Append(generic.ElementType),
        TypeSpecification specification => Parts(specification.ElementType),
        _ => [type],
    };

    private static TypeReference Outermost(TypeReference type) =>
        type.DeclaringType is null ? type : Outermost(type.DeclaringType);

    /// <summary>
    /// The line where the member begins whose brace stands here: the nearest above with the same indentation.
    /// </summary>
    private static int HeadOf(string[] lines, int brace)
    {
        var indent = lines[brace].Length - 1;
        var head = brace - 1;
        while (head > 0 && (lines[head].Length <= indent || lines[head][indent] == ' ' || lines[head][indent] == ')'))
        {
            head--;
        }

        return head;
    }

    [GeneratedRegex("^(?<indent>(    ){1,2}|)\\{$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex MemberBrace();

    [GeneratedRegex("\\b(class|record|struct|interface|enum|namespace)\\b",
        RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex TypeHead();

    [GeneratedRegex(
        "\\bselect .* from |\\binsert into |\\bdelete from |\\bupdate \\w+ set |"
        + "\\bfrom (orders|services|revisions|keys)\\b",
        RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Sql();
}
