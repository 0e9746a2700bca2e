using System.Globalization;
using Npgsql;

namespace Orderly.Bench.Load;

/// <summary>
/// Fills a database with orders by SQL, as years of use would leave them: most are completed, open ones are new, few
/// teams and services have most of the orders, dates go with the time of creation.
/// </summary>
internal static class ListFill
{
    // $1 orders within $4. Order n of N: 1 in 50 is open; s:service-k by a steep curve; ten orders a customer;
    // w:oldsale only on the oldest 1 in 100, which a list of the newest has to look for at the other end.
    private const string Fill =
        """
        insert into orders (order_id, write_id, number, version, status, team, datetime, totalfee, totalfee_stated,
            reference, content, created_at, created_by, updated_at, updated_by, deleted_at, terms)
        select encode(overlay(overlay(uuid_send(gen_random_uuid()) placing '\x70'::bytea from 7 for 1)
                placing substring(int8send((extract(epoch from at) * 1000)::bigint) from 3) from 1), 'hex')::uuid,
            gen_random_uuid(), n, 1, status, 'team-' || team, at + interval '1 day' * day, fee, true,
            case when n % 10 = 0 then 'PO-' || n end,
            format('{"datetime":"%s","totalfee":%s,"currency":"USD","services":[{"id":"service-%s","name":"Service number'
                || ' %s","quantity":1,"fee":20.50},{"id":"service-%s","name":"Service number %s","quantity":2,"fee":'
                || '35.50}],"adjustment":0,"reference":%s,"metadata":{"region":"%s","customer":"c-%s"}}',
                to_char((at + interval '1 day' * day) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), fee,
                first, first, second, second, case when n % 10 = 0 then '"PO-' || n || '"' else 'null' end,
                region, customer),
            at, 'key', at + interval '1 day' * day / 2, 'key', case when n % 200 = 3 then at + interval '60 days' end,
            array['s:service-' || first, 's:service-' || second, 'w:service', 'w:number', 'w:' || first, 'w:' || second,
                'm:6:region=' || region, 'w:' || region, 'm:8:customer=c-' || customer, 'w:c', 'w:' || customer]
                || case when n % 10 = 0 then array['w:po', 'w:' || n] else '{}' end
                || case when n < $1 / 100 then array['w:oldsale'] else '{}' end
        from (
            select n, timestamptz '2020-01-01Z' + interval '$4' * n / $1 as at, 30 * random() as day,
                round((10 + 500 * random())::numeric, 2) as fee, floor(30 * power(random(), 2)) as team,
                floor(200 * power(random(), 3)) as first, floor(200 * power(random(), 3)) as second,
                (array['eu', 'us', 'asia'])[1 + floor(3 * random())::int] as region, n % ($1 / 10) as customer,
                case when n > $1 - $1 / 50 and random() < 0.8 then 'placed' when random() < 0.001 then 'confirmed'
                    when random() < 0.1 then 'cancelled' else 'completed' end as status
            from generate_series($2, $3) n) g
        """;

    // As many as a usual machine has processors left; the orders of one are older than all of the next.
    private const int Workers = 2;
    private const string SetNumber = "select setval('order_numbers', $1)";

    public static Task Run(NpgsqlConnectionStringBuilder database, int orders, string within)
    {
        var parts = Enumerable.Range(0, Workers).Select(part => Fill
            .Replace("$1", Text(orders), StringComparison.Ordinal)
            .Replace("$4", within, StringComparison.Ordinal)
            .Replace("$2", Text(1 + (int)((long)orders * part / Workers)), StringComparison.Ordinal)
            .Replace("$3", Text((int)((long)orders * (part + 1) / Workers)), StringComparison.Ordinal));
        return SecondaryIndexes.FillWithout(
            database, [.. parts, SetNumber.Replace("$1", Text(orders), StringComparison.Ordinal)]);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
