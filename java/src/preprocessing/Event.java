package preprocessing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.UUID;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonFactory;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonGenerator;

/**
 * The event of a batch of records, in the form that Kinesis Data Analytics gave to a function before its input.
 *
 * <p>A record's id is its place in the batch.
 */
final class Event {
    private static final JsonFactory JSON = new JsonFactory();

    private final String applicationArn;
    private final String streamArn;

    /** home: of {@link Hook#home}. */
    Event(String home, String application, String stream) {
        this.applicationArn = "arn:aws:kinesisanalytics:" + home + ":application/" + application;
        this.streamArn = "arn:aws:kinesis:" + home + ":stream/" + stream;
    }

    /** The JSON text, in UTF-8. */
    byte[] of(List<Received> batch) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(1024);
        try (JsonGenerator json = JSON.createGenerator(bytes)) {
            json.writeStartObject();
            json.writeStringField("invocationId", UUID.randomUUID().toString());
            json.writeStringField("applicationArn", applicationArn);
            json.writeStringField("streamArn", streamArn);
            json.writeArrayFieldStart("records");
            for (int i = 0; i < batch.size(); i++) {
                write(json, batch.get(i), id(i));
            }
            json.writeEndArray();
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e); // never: the bytes are in memory
        }
        return bytes.toByteArray();
    }

    /** The id of the record at this place of its batch. */
    static String id(int place) {
        return "record-" + place;
    }

    private static void write(JsonGenerator json, Received record, String id) throws IOException {
        json.writeStartObject();
        json.writeStringField("recordId", id);
        json.writeObjectFieldStart("kinesisStreamRecordMetadata");
        json.writeStringField("sequenceNumber", record.sequenceNumber);
        json.writeStringField("partitionKey", record.partitionKey);
        json.writeStringField("shardId", record.shard);
        json.writeNumberField("approximateArrivalTimestamp", record.arrival.toEpochMilli());
        json.writeEndObject();
        json.writeBinaryField("data", record.data);
        json.writeEndObject();
    }
}
