using System.Buffers;
using Orderly.Server.Http;

namespace Orderly.Server.Orders;

/// <summary>The JSON of one event: CloudEvents 1.0, JSON format.</summary>
internal static class EventDocument
{
    public static void Write(FeedEntry entry, Display display, IBufferWriter<byte> output)
    {
        var revision = entry.Step.Revision;
        var id = entry.Order.Id.ToString("D");
        var writer = JsonOutput.For(output);
        writer.WriteStartObject();
        writer.WriteString("specversion"u8, "1.0"u8);
        writer.WriteString("id"u8, $"{id}/{revision.Version}");
        writer.WriteString("source"u8, "/orders"u8);
        writer.WriteString("type"u8, EventTypes.Of(revision.Kind));
        writer.WriteString("subject"u8, id);
        writer.WriteInstant("time"u8, revision.RecordedAt);
        writer.WriteString("datacontenttype"u8, "application/json"u8);
        writer.WriteStartObject("data"u8);
        writer.WriteNumber("version"u8, revision.Version);
        writer.WriteString("actor"u8, revision.Actor);
        writer.WriteString("reason"u8, revision.Reason);
        writer.WriteStartArray("changedFields"u8);
        foreach (var field in revision.ChangedFields(entry.Step.Before))
        {
            writer.WriteStringValue(field);
        }

        writer.WriteEndArray();
        writer.Flush();
        output.Write(",\"order\":"u8);
        OrderDocument.Write(entry.Order, display, output);
        output.Write("}}"u8);
    }
}
