using System.Globalization;
using Orderly.Contract.Problems;
using Orderly.Server.Http;

namespace Orderly.Server.Orders;

/// <summary>The arithmetic of an order's fees, in exact decimals.</summary>
internal static class Totals
{
    private const decimal SumLimit = 1_000_000_000_000_000m;

    /// <summary>The sum of quantity × fee; null where a fee is unknown.</summary>
    public static decimal? Sum(IReadOnlyList<ServiceLine> lines)
    {
        var sum = 0m;
        foreach (var line in lines)
        {
            if (line.Fee is not { } fee)
            {
                return null;
            }

            sum += line.Quantity * fee;
        }

        return sum;
    }

    /// <summary>The total fee where the caller states none; a line without a fee asks for it.</summary>
    public static decimal? Compute(IReadOnlyList<ServiceLine> lines, Faults faults)
    {
        var sum = Sum(lines);
        if (sum is null)
        {
            var ids = lines.Where(line => line.Fee is null).Select(line => line.Id).Distinct(StringComparer.Ordinal);
            var unknown = string.Join(", ", ids.Take(5).Select(Suggestion.Quote));
            faults.Add(ProblemCode.TotalfeeRequired, "#/totalfee",
                $"The fee of {unknown} is unknown in this currency, so totalfee can't be computed. Give totalfee.");
        }

        return sum;
    }

    /// <summary>A sum has as many digits as any other amount: 15.</summary>
    public static void CheckSum(IReadOnlyList<ServiceLine> lines, Faults faults)
    {
        if (Sum(lines) is { } sum && Digits(sum) > ExactNumber.DigitsMax)
        {
            faults.Add(ProblemCode.OutOfRange, "#/services", string.Create(CultureInfo.InvariantCulture,
                $"The sum of quantity × fee is {sum}, which has more than {ExactNumber.DigitsMax} digits."));
        }
    }

    private static int Digits(decimal value)
    {
        if (value >= SumLimit)
        {
            return ExactNumber.DigitsMax + 1;
        }

        var text = value.ToString(CultureInfo.InvariantCulture).Replace(".", "", StringComparison.Ordinal);
        return text.TrimStart('0').Length;
    }
}
