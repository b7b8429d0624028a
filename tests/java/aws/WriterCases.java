package aws;

import static aws.Cases.equal;
import static aws.Cases.failure;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.connector.base.sink.writer.AsyncSinkWriterStateSerializer;
import org.apache.flink.connector.base.sink.writer.BufferedRequestState;
import org.apache.flink.connector.base.sink.writer.RequestEntryWrapper;
import org.apache.flink.formats.raw.RawFormatSerializationSchema;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.types.logical.VarCharType;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkClientException;

/** Rules of every writer, whatever the service. */
public final class WriterCases {
    /** A text, which has as many bytes as characters. */
    private static final class Note implements Entry {
        private static final long serialVersionUID = 1L;
        final String text;

        Note(String text) {
            this.text = text;
        }

        @Override
        public long bytes() {
            return text.length();
        }

        @Override
        public String toString() {
            return text;
        }
    }

    private static final class Notes implements Rows<Note> {
        private static final long serialVersionUID = 1L;

        @Override
        public void prepare(WriterInitContext context, List<Note> kept) {}

        @Override
        public Note apply(RowData row, SinkWriter.Context context) {
            return new Note(row.getString(0).toString());
        }
    }

    private static final class NoteSerializer extends AsyncSinkWriterStateSerializer<Note> {
        @Override
        public int getVersion() {
            return 1;
        }

        @Override
        protected void serializeRequestToStream(Note note, DataOutputStream out) throws IOException {
            out.writeUTF(note.text);
        }

        @Override
        protected Note deserializeRequestFromStream(long bytes, DataInputStream in) throws IOException {
            return new Note(in.readUTF());
        }
    }

    private final FakeTask task = new FakeTask();
    private final FakeDestination<Note> service = new FakeDestination<>();
    private final Writer<Note> writer;

    /** A request has two notes of ten bytes in all at most. */
    private WriterCases(boolean failsOnError, List<BufferedRequestState<Note>> kept) {
        writer = task.writer(new Notes(), 2, 10, failsOnError, kept, service);
    }

    private static WriterCases patient() {
        return new WriterCases(false, List.of());
    }

    private void write(String... texts) throws Exception {
        for (String text : texts) {
            writer.write(GenericRowData.of(StringData.fromString(text)), null);
        }
    }

    private List<String> sent() throws Exception {
        task.work();
        for (int tries = 0; service.calls.isEmpty() && tries < 100; tries++) {
            task.pass();
        }
        List<String> texts = new ArrayList<>();
        service.calls.forEach(call -> texts.add(call.entries.toString()));
        return texts;
    }

    private static AwsServiceException answer(int status, String code) {
        return AwsServiceException.builder()
                .statusCode(status)
                .awsErrorDetails(AwsErrorDetails.builder().errorCode(code).errorMessage("No.").build())
                .build();
    }

    public static void whatWasRefusedIsSentAgainAndNothingElse() throws Exception {
        WriterCases it = patient();
        it.write("a", "b");
        FakeDestination.Call<Note> call = it.service.only();
        call.refuse(call.entries.subList(1, 2));
        equal(it.sent(), List.of("[b]"));
        it.service.only().take();
        it.writer.flush(true);
        equal(it.task.counted("numRecordsSendErrors"), 1L);
    }

    public static void wholeRequestsAreSentAgainAfterEachPassingFailure() throws Exception {
        List<Throwable> failures =
                List.of(
                        answer(400, "ProvisionedThroughputExceededException"),
                        answer(400, "ThrottlingException"),
                        answer(500, "InternalFailure"),
                        answer(503, "ServiceUnavailableException"),
                        answer(400, "ExpiredTokenException"),
                        SdkClientException.create("Connection refused"),
                        answer(400, "AccessDeniedException"));
        WriterCases it = patient();
        Deque<Throwable> left = new ArrayDeque<>(failures);
        List<String> taken = new ArrayList<>();
        it.task.meanwhile =
                () -> {
                    FakeDestination.Call<Note> call = it.service.calls.isEmpty() ? null : it.service.calls.remove(0);
                    if (call != null && !left.isEmpty()) {
                        call.fail(left.poll());
                    } else if (call != null) {
                        call.entries.forEach(note -> taken.add(note.text));
                        call.take();
                    }
                };
        it.write("a", "b");
        it.writer.flush(true);
        Collections.sort(taken);
        equal(taken, List.of("a", "b"));
        equal(it.task.counted("numCallsThrottled"), 2L);
        equal(it.task.counted("numCallsDenied"), 2L); // an expired token is one of them
        equal(it.task.counted("numCallsFailed"), 3L);
    }

    public static void whatIsRefusedForGoodIsOneSentence() throws Exception {
        WriterCases it = patient();
        it.write("a", "b");
        it.service.only().fail(answer(400, "ValidationException"));
        equal(failure(it.task::pass), "Put is refused (ValidationException: No).");
        WriterCases there = patient();
        there.write("a", "b");
        there.service.only().fail(answer(400, "ResourceNotFoundException"));
        equal(
                failure(there.task::pass),
                "Put finds nothing there (ResourceNotFoundException: No): check name, region and endpoint.");
    }

    public static void failOnErrorFailsAtTheFirstRefusal() throws Exception {
        WriterCases it = new WriterCases(true, List.of());
        it.write("a", "b");
        FakeDestination.Call<Note> call = it.service.only();
        call.refuse(call.entries.subList(1, 2));
        equal(failure(it.task::pass), "Put: 1 refused, the last of them with Slow: down.");
        WriterCases other = new WriterCases(true, List.of());
        other.write("a", "b");
        other.service.only().fail(answer(500, "InternalFailure"));
        equal(failure(other.task::pass), "Put fails (InternalFailure: No).");
    }

    public static void aBufferIsFullByItsBytesToo() {
        BoundedBuffer<Note> buffer = new BoundedBuffer<>(100, 10);
        buffer.add(new RequestEntryWrapper<>(new Note("a"), 9), false);
        equal(buffer.size(), 1);
        buffer.add(new RequestEntryWrapper<>(new Note("b"), 1), false);
        equal(buffer.size(), 100);
        buffer.poll();
        equal(buffer.size(), 1);
    }

    public static void entriesThatWereNotSentAreNoSuccess() {
        List<Note> refused = List.of(new Note("a"), new Note("b"));
        equal(Refused.some(refused, 5, "Slow").isMostlyTaken(), false);
        equal(Refused.some(refused, 6, "Slow").isMostlyTaken(), true);
        equal(Refused.some(refused, 6, "Slow").and(Refused.<Note>none(0)).isMostlyTaken(), true);
        Refused<Note> failed = Refused.<Object, Note>orAll(refused, none -> null).apply(null, answer(503, "No"));
        equal(failed.and(Refused.none(9)).isMostlyTaken(), false);
    }

    public static void whatARefusedSignatureWasMadeOfIsNotShown() {
        AwsServiceException refused =
                AwsServiceException.builder()
                        .statusCode(403)
                        .awsErrorDetails(
                                AwsErrorDetails.builder()
                                        .errorCode("InvalidSignatureException")
                                        .errorMessage(
                                                "It does not match. The Canonical String for this request should have been"
                                                        + "\n'POST\nx-amz-security-token:secret'")
                                        .build())
                        .build();
        equal(Problem.of(refused).toString(), "InvalidSignatureException: It does not match");
    }

    public static void aMistakeInTheCodeFailsTheJob() throws Exception {
        WriterCases it = patient();
        it.write("a", "b");
        it.service.only().breakDown(new IllegalArgumentException("a mistake"));
        equal(failure(it.task::pass), "a mistake");
    }

    public static void aCheckpointHoldsWhatWasNotSent() throws Exception {
        WriterCases it = patient();
        it.write("a");
        NoteSerializer serializer = new NoteSerializer();
        byte[] state = serializer.serialize(it.writer.snapshotState(1).get(0));
        WriterCases restored = new WriterCases(false, List.of(serializer.deserialize(1, state)));
        equal(restored.sent(), List.of("[a]"));
    }

    /** The format `raw` makes no bytes of NULL. */
    public static void aRowThatIsNullAsAWholeIsOneSentence() throws Exception {
        RawFormatSerializationSchema raw =
                new RawFormatSerializationSchema(VarCharType.STRING_TYPE, "UTF-8", false);
        FormattedRows<Note> rows = new FormattedRows<>(raw) {
            private static final long serialVersionUID = 1L;

            @Override
            protected Note entry(RowData row, byte[] data) {
                return new Note(new String(data, StandardCharsets.UTF_8));
            }
        };
        rows.prepare(new FakeTask(), List.of());
        equal(rows.apply(GenericRowData.of(StringData.fromString("a")), null).text, "a");
        equal(
                failure(() -> rows.apply(GenericRowData.of((Object) null), null)),
                "A row is NULL as a whole, which the format cannot write: leave such rows out by WHERE.");
    }

    public static void noRequestBeyondItsLimits() throws Exception {
        WriterCases it = patient();
        List<String> sent = new ArrayList<>();
        it.task.meanwhile =
                () -> {
                    List<FakeDestination.Call<Note>> calls = new ArrayList<>(it.service.calls);
                    it.service.calls.clear();
                    calls.forEach(call -> sent.add(call.entries.toString()));
                    calls.forEach(FakeDestination.Call::take);
                };
        it.write("a", "b", "c", "1234567", "123", "1234567890", "1");
        it.writer.flush(true);
        equal(sent, List.of("[a, b]", "[c, 1234567]", "[123]", "[1234567890]", "[1]"));
    }

    public static void anEntryThatFitsIntoNoRequestIsOneSentence() throws Exception {
        WriterCases it = patient();
        equal(
                failure(() -> it.write("12345678901")),
                "A row has 11 bytes, too many for Put, which takes 10 at a time ('sink.flush-buffer.size'): write "
                        + "shorter rows.");
    }
}
