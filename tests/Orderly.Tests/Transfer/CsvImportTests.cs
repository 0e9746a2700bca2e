using System.IO.Pipelines;
using System.Text;
using Orderly.Contract.Problems;
using Orderly.Server.Http;
using Orderly.Server.Transfer;
using Orderly.Tests.Harness;
using static Orderly.Tests.Transfer.ImportReply;

namespace Orderly.Tests.Transfer;

/// <summary>Rows of CSV that can't be read, beside rows that can: no order is made of a part of another.</summary>
public sealed class CsvImportTests(RunningServer server) : IClassFixture<RunningServer>
{
    private const string Header = "id,datetime,services.id,notes\n";
    private const string When = "2026-12-01T10:00:00Z";

    [Fact]
    public async Task Quotes_around_every_cell_change_nothing()
    {
        const string columns = "id,datetime,services.id,services.fee,totalfee,reference,customer.email,notes,metadata";
        string[] rows =
        [
            columns, $"a,{When},window,5,,,,,", $"a,{When},deep-clean,,,,,,", $",{When},window,,10,,,,",
            $",{When},window,,12,,,,",
        ];

        var plain = await ImportAsync(string.Join('\n', rows));
        var quoted = await ImportAsync(string.Join('\n', rows.Select(
            row => $"\"{row.Replace(",", "\",\"", StringComparison.Ordinal)}\"")));

        Counts(plain).ShouldBe((3, 3, 0), string.Join(' ', Errors(plain)));
        Counts(quoted).ShouldBe((3, 3, 0), string.Join(' ', Errors(quoted)));
    }

    [Fact]
    public async Task Without_ids_each_row_is_an_order()
    {
        var reply = await ImportAsync($"datetime,services.id\n{When},window\n{When},window\nx\n{When},deep-clean\n");

        Counts(reply).ShouldBe((4, 3, 1));
        Errors(reply).ShouldBe(["3 # invalid-body"]);
    }

    [Fact]
    public async Task An_order_of_too_many_rows_is_refused_as_one()
    {
        var rows = string.Concat(Enumerable.Repeat($"a,{When},window,\n", 650)) + $"b,{When},window,\n";

        var reply = await ImportAsync(Header + rows);

        Counts(reply).ShouldBe((2, 1, 1));
        Errors(reply).ShouldBe(["1 #/services invalid-count"]);
    }

    [Theory]
    [InlineData("its id can be read", "a,{0},window", "3 # invalid-body")]
    [InlineData("its id can be read", "a,{0},window,x\"y", "3 # invalid-body")]
    [InlineData("its id can be read", "a,{0},window,x,y", "3 # invalid-body")]
    [InlineData("its id is missing", "{0},window,", "3 # invalid-body")]
    [InlineData("its id is not the first", ",a,{0},window,", "3 # invalid-body")]
    [InlineData("its id can't", "x\"a,{0},window,", "1 # invalid-body", "3 # invalid-body")]
    public async Task An_order_with_a_row_in_it_that_can_not_be_read_is_refused_as_a_whole(
        string because, string row, params string[] errors)
    {
        var unreadable = At(When, row);
        var reply = await ImportAsync(
            Header + $"a,{When},window,\na,{When},window,\n{unreadable}\na,{When},deep-clean,\nb,{When},window,\n");

        Errors(reply).ShouldBe(errors, because);
        Counts(reply).ShouldBe((1 + errors.Length, 1, errors.Length), because);
    }

    [Fact]
    public async Task A_row_of_nobody_knows_which_order_refuses_those_beside_it()
    {
        var reply = await ImportAsync(Header
            + $"a,{When},window,\nb,{When},window,\n\"x\"y\nc,{When},window,\nc,{When},window,\nd,{When},window,\n");

        Errors(reply).ShouldBe(["2 # invalid-body", "3 # invalid-body", "4 # invalid-body"]);
        Counts(reply).ShouldBe((5, 2, 3));
    }

    [Theory]
    [InlineData("{0},window,")]
    [InlineData("x,b,{0},window,")]
    [InlineData("b,{0},window")]
    public async Task A_first_row_that_can_not_be_read_leaves_nothing_of_its_order_and_the_one_before_alone(string row)
    {
        const string Later = "2026-12-02T10:00:00Z";
        var unreadable = At(Later, row);
        var reply = await ImportAsync(
            Header + $"a,{When},window,\n{unreadable}\nb,{Later},window,\nc,{When},window,\n");

        Errors(reply).ShouldContain("2 # invalid-body");
        Errors(reply).ShouldBeSubsetOf(["2 # invalid-body", "3 # invalid-body"]);
        reply.At("created").GetInt64().ShouldBe(2);
    }

    [Fact]
    public async Task Several_rows_that_can_not_be_read_leave_nothing_of_their_orders()
    {
        var reply = await ImportAsync(Header
            + $"a,{When},window,\na,{When},window\n{When},window,\na,{When},window,\n"
            + $"b,{When},window\nb,{When},window,\nc,{When},window,\n");

        Errors(reply).ShouldBe(["2 # invalid-body", "3 # invalid-body", "5 # invalid-body"]);
        Counts(reply).ShouldBe((4, 1, 3));
    }

    [Fact]
    public async Task A_quote_that_is_not_closed_takes_no_row_from_an_order_that_is_stored()
    {
        var reply = await ImportAsync(Header + $"""
            "a","{When}","window","not closed
            "b","{When}","window","x"
            "b","{When}","deep-clean","x"
            "c","{When}","window","x"
            """);

        Errors(reply).ShouldBe(["1 # invalid-body", "2 # invalid-body"]);
        Counts(reply).ShouldBe((3, 1, 2));
    }

    [Fact]
    public async Task Where_a_row_is_an_order_one_that_can_not_be_read_leaves_its_neighbours_alone()
    {
        var reply = await ImportAsync(
            $"id,datetime,services\na,{When},\"[\"\"window\"\"]\"\n\"x\"y\nb,{When},\"[\"\"window\"\"]\"\n");

        Errors(reply).ShouldBe(["2 # invalid-body"]);
        Counts(reply).ShouldBe((3, 2, 1));
    }

    [Theory]
    [InlineData("\"\"")] // one quote in the text
    [InlineData("\",\"")] // the end of a cell, and the start of the next
    public async Task What_arrives_in_which_pieces_makes_no_difference_to_a_row_that_is_too_long(string between)
    {
        var huge = "\"" + new string('x', RecordReader.RecordLengthMaxBytes + 100);
        for (var cut = 0; cut <= between.Length; cut++)
        {
            var body = $"\nno row\n\"\nrow\n";
            var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0, useSynchronizationContext: false));
            var reader = new RecordReader(pipe.Reader, hasQuotes: true);
            var reading = reader.ReadAsync(TestContext.Current.CancellationToken).AsTask();

            await WriteAsync(pipe.Writer, huge + between[..cut]);
            await WriteAsync(pipe.Writer, between[cut..] + body);
            await pipe.Writer.CompleteAsync();

            (await reading)!.Value.Bytes.ShouldBeNull();
            var next = await reader.ReadAsync(TestContext.Current.CancellationToken);
            Encoding.UTF8.GetString(next!.Value.Bytes!).ShouldBe("row", $"cut at {cut}");
            (await reader.ReadAsync(TestContext.Current.CancellationToken)).ShouldBeNull();
        }
    }

    [Fact]
    public void The_faults_of_the_first_rows_are_told_in_whatever_order_they_are_found()
    {
        var tally = new ImportTally();
        for (var row = 2L * ImportTally.ErrorsMax; row > 0; row--)
        {
            tally.Refuse(row, new Problem(ProblemCode.InvalidBody, "x"));
        }

        tally.ToResult().Errors.Select(error => error.Row)
            .ShouldBe(Enumerable.Range(1, ImportTally.ErrorsMax).Select(row => (long)row));
    }

    [Fact]
    public void Of_a_header_of_nothing_but_faults_the_first_are_told()
    {
        var header = Encoding.UTF8.GetBytes(string.Join(',', Enumerable.Range(0, 100_000).Select(i => $"x{i}")));

        CsvImport.Start(header).IsRefused(out var problem, out _).ShouldBeTrue();

        problem!.Faults.Select(fault => fault.Pointer)
            .ShouldBe(Enumerable.Range(0, 100).Select(i => $"#/x{i}"));
    }

    private static string At(string time, string row) => row.Replace("{0}", time, StringComparison.Ordinal);

    private static async Task WriteAsync(PipeWriter writer, string text)
    {
        await writer.WriteAsync(Encoding.UTF8.GetBytes(text), TestContext.Current.CancellationToken);
        await Task.Delay(TimeSpan.FromMilliseconds(50), TestContext.Current.CancellationToken); // it is read by itself
    }

    private async Task<Reply> ImportAsync(string csv) => (await server.Api.SendAsync(
        HttpMethod.Post, "/orders/import?mode=each", csv, ("Content-Type", "text/csv"))).ShouldBe(200);
}
