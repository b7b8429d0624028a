package dynamodb;

import static aws.Cases.equal;
import static aws.Cases.failure;

import aws.FakeDestination;
import aws.FakeTask;
import aws.Refused;
import aws.Writer;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.apache.flink.connector.base.sink.writer.BufferedRequestState;
import org.apache.flink.connector.base.sink.writer.RequestEntryWrapper;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.GenericArrayData;
import org.apache.flink.table.data.GenericMapData;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.types.RowKind;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.BatchWriteItemRequest;
import software.amazon.awssdk.services.dynamodb.model.BatchWriteItemResponse;
import software.amazon.awssdk.services.dynamodb.model.WriteRequest;

/** Rules of items: what a row becomes, and the order of two writes of a key. */
public final class ItemCases {
    private static final RowType COLUMNS =
            row(DataTypes.FIELD("k", DataTypes.STRING()), DataTypes.FIELD("v", DataTypes.INT()));

    private final FakeTask task = new FakeTask();
    private final FakeDestination<ItemWrite> service = new FakeDestination<>();
    private final Writer<ItemWrite> writer;

    private ItemCases(int entries, List<BufferedRequestState<ItemWrite>> kept) {
        ItemRows rows = rows(COLUMNS);
        List<ItemWrite> writes =
                kept.stream()
                        .flatMap(state -> state.getBufferedRequestEntries().stream())
                        .map(wrapper -> wrapper.getRequestEntry())
                        .collect(Collectors.toList());
        rows.prepare(task, writes);
        InOrder inOrder = new InOrder(service, task::post);
        inOrder.restore(writes);
        writer = task.writer(rows, entries, 100_000, false, kept, inOrder);
    }

    private static RowType row(DataTypes.Field... fields) {
        return (RowType) DataTypes.ROW(fields).getLogicalType();
    }

    private static ItemRows rows(RowType columns) {
        ItemRows rows = new ItemRows(columns, new ItemKey(List.of("k"), columns, "t"), "t");
        rows.prepare(null, List.of());
        return rows;
    }

    private static StringData text(String text) {
        return StringData.fromString(text);
    }

    private void put(String key, int value) throws Exception {
        writer.write(GenericRowData.of(text(key), value), null);
    }

    private void delete(String key) throws Exception {
        writer.write(GenericRowData.ofKind(RowKind.DELETE, text(key), 7), null);
    }

    private static String shown(ItemWrite write) {
        String key = write.attributes.get("k").s();
        String value = write.attributes.containsKey("v") ? write.attributes.get("v").n() : "";
        return (write.isDelete ? "-" : "") + key + value;
    }

    private static String shown(FakeDestination.Call<ItemWrite> call) {
        return call.entries.stream().map(ItemCases::shown).collect(Collectors.joining(" "));
    }

    private static ItemWrite write(String key, int value, long number) {
        Map<String, AttributeValue> item =
                Map.of("k", AttributeValue.fromS(key), "v", AttributeValue.fromN(Integer.toString(value)));
        return new ItemWrite(key, number, false, item);
    }

    public static void theLastWriteOfARequestWins() throws Exception {
        ItemCases it = new ItemCases(4, List.of());
        it.put("a", 1);
        it.put("b", 1);
        it.put("a", 2);
        it.delete("b");
        it.task.work();
        equal(shown(it.service.only()), "a2 -b");
    }

    public static void aLaterWriteWaitsForTheAnswerToAnEarlierOne() {
        FakeDestination<ItemWrite> service = new FakeDestination<>();
        InOrder order = new InOrder(service, Runnable::run);
        order.send(List.of(write("a", 1, 1), write("b", 1, 2)));
        FakeDestination.Call<ItemWrite> first = service.only();
        CompletableFuture<Refused<ItemWrite>> second = order.send(List.of(write("a", 2, 3), write("c", 1, 4)));
        FakeDestination.Call<ItemWrite> others = service.only();
        equal(shown(others), "c1");
        others.take();
        equal(service.calls.size(), 0);
        first.take();
        equal(second.isDone(), false);
        FakeDestination.Call<ItemWrite> later = service.only();
        equal(shown(later), "a2");
        later.take();
        equal(second.join().entries.size(), 0);
    }

    public static void aRefusedWriteIsNotSentAfterALaterOne() {
        FakeDestination<ItemWrite> service = new FakeDestination<>();
        InOrder order = new InOrder(service, Runnable::run);
        CompletableFuture<Refused<ItemWrite>> first = order.send(List.of(write("a", 1, 1), write("b", 1, 2)));
        FakeDestination.Call<ItemWrite> call = service.only();
        order.send(List.of(write("a", 2, 3)));
        order.send(List.of(write("a", 3, 4)));
        call.refuse(call.entries);
        FakeDestination.Call<ItemWrite> newest = service.only();
        equal(shown(newest), "a3"); // and not a2
        newest.take();
        order.send(first.join().entries);
        equal(shown(service.only()), "b1"); // and not a1
    }

    public static void aWriteOfACheckpointIsNotSentAfterALaterOne() {
        FakeDestination<ItemWrite> service = new FakeDestination<>();
        InOrder order = new InOrder(service, Runnable::run);
        ItemWrite earlier = write("a", 1, 1);
        ItemWrite later = write("a", 2, 2);
        order.restore(List.of(later, earlier));
        order.send(List.of(later));
        service.only().take();
        CompletableFuture<Refused<ItemWrite>> again = order.send(List.of(earlier));
        equal(service.calls.size(), 0);
        equal(again.join().entries.size(), 0);
    }

    public static void aCheckpointKeepsTheOrder() throws Exception {
        ItemWriteSerializer serializer = new ItemWriteSerializer();
        ItemRows rows = rows(COLUMNS);
        List<RequestEntryWrapper<ItemWrite>> writes = new ArrayList<>();
        for (int value = 1; value <= 2; value++) { // the later one stands before the earlier one
            writes.add(0, new RequestEntryWrapper<>(rows.apply(GenericRowData.of(text("a"), value), null), 1));
        }
        writes.add(
                new RequestEntryWrapper<>(
                        rows.apply(GenericRowData.ofKind(RowKind.DELETE, text("b"), null), null), 1));
        byte[] state = serializer.serialize(new BufferedRequestState<>(writes));
        ItemCases restored = new ItemCases(1, List.of(serializer.deserialize(1, state)));
        restored.put("b", 3);
        List<String> sent = new ArrayList<>();
        restored.task.meanwhile =
                () -> {
                    List<FakeDestination.Call<ItemWrite>> calls = new ArrayList<>(restored.service.calls);
                    restored.service.calls.clear();
                    calls.forEach(call -> sent.add(shown(call)));
                    calls.forEach(FakeDestination.Call::take);
                };
        restored.writer.flush(true);
        equal(sent, List.of("a2", "-b", "b3"));
    }

    /** Requests of any size that are answered in any order, in part or not at all; all from a seed. */
    public static void theLastWriteOfEachKeyStaysWhateverIsRefused() throws Exception {
        for (int seed = 0; seed < 300; seed++) {
            Random random = new Random(seed);
            ItemCases it = new ItemCases(1 + random.nextInt(6), List.of());
            Map<String, String> wanted = new HashMap<>();
            Map<String, String> stored = new HashMap<>();
            it.task.meanwhile = () -> it.someAnswer(random, stored);
            for (int i = 0; i < 60; i++) {
                String key = "abcd".substring(random.nextInt(4)).substring(0, 1);
                if (random.nextInt(5) == 0) {
                    it.delete(key);
                    wanted.remove(key);
                } else {
                    it.put(key, i);
                    wanted.put(key, key + i);
                }
                it.someAnswer(random, stored);
                if (random.nextInt(3) == 0) {
                    it.task.pass();
                }
            }
            it.writer.flush(true);
            equal(stored, wanted);
        }
    }

    private void someAnswer(Random random, Map<String, String> stored) {
        List<String> open = new ArrayList<>();
        service.calls.forEach(call -> call.entries.forEach(write -> open.add(write.key)));
        equal((long) open.size(), open.stream().distinct().count()); // no key twice on its way
        if (service.calls.isEmpty() || random.nextInt(3) == 0) {
            return;
        }
        FakeDestination.Call<ItemWrite> call = service.calls.remove(random.nextInt(service.calls.size()));
        List<ItemWrite> refused = new ArrayList<>(call.entries);
        refused.removeIf(write -> random.nextInt(3) > 0);
        call.entries.stream().filter(write -> !refused.contains(write)).forEach(write -> carryOut(write, stored));
        if (random.nextInt(4) == 0) {
            call.fail(new java.io.IOException("cut")); // and nobody knows what was carried out
        } else {
            call.refuse(refused);
        }
    }

    private static void carryOut(ItemWrite write, Map<String, String> stored) {
        String key = write.attributes.get("k").s();
        if (write.isDelete) {
            stored.remove(key);
        } else {
            stored.put(key, shown(write));
        }
    }

    public static void eachTypeAsAnAttribute() {
        Map<DataType, Object> values = new LinkedHashMap<>();
        Map<DataType, AttributeValue> wanted = new LinkedHashMap<>();
        wanted.put(DataTypes.CHAR(1), AttributeValue.fromS("é"));
        values.put(DataTypes.CHAR(1), text("é"));
        wanted.put(DataTypes.BOOLEAN(), AttributeValue.fromBool(false));
        values.put(DataTypes.BOOLEAN(), false);
        wanted.put(DataTypes.TINYINT(), AttributeValue.fromN("-1"));
        values.put(DataTypes.TINYINT(), (byte) -1);
        wanted.put(DataTypes.SMALLINT(), AttributeValue.fromN("2"));
        values.put(DataTypes.SMALLINT(), (short) 2);
        wanted.put(DataTypes.BIGINT(), AttributeValue.fromN("9223372036854775807"));
        values.put(DataTypes.BIGINT(), Long.MAX_VALUE);
        wanted.put(DataTypes.DECIMAL(6, 3), AttributeValue.fromN("1.500"));
        values.put(DataTypes.DECIMAL(6, 3), DecimalData.fromBigDecimal(new BigDecimal("1.5"), 6, 3));
        wanted.put(DataTypes.FLOAT(), AttributeValue.fromN("0.1"));
        values.put(DataTypes.FLOAT(), 0.1f);
        wanted.put(DataTypes.DOUBLE(), AttributeValue.fromN("-1.0E100"));
        values.put(DataTypes.DOUBLE(), -1e100);
        wanted.put(DataTypes.BYTES(), AttributeValue.fromB(SdkBytes.fromByteArray(new byte[] {0, -1})));
        values.put(DataTypes.BYTES(), new byte[] {0, -1});
        wanted.put(DataTypes.DATE(), AttributeValue.fromS("1970-01-02"));
        values.put(DataTypes.DATE(), 1);
        wanted.put(DataTypes.TIME(3), AttributeValue.fromS("00:00:01.500"));
        values.put(DataTypes.TIME(3), 1500);
        LocalDateTime minute = LocalDateTime.parse("2026-11-22T06:00");
        wanted.put(DataTypes.TIMESTAMP(3), AttributeValue.fromS("2026-11-22T06:00"));
        values.put(DataTypes.TIMESTAMP(3), TimestampData.fromLocalDateTime(minute));
        Instant instant = Instant.parse("2026-11-22T06:00:01.5Z");
        wanted.put(DataTypes.TIMESTAMP_LTZ(3), AttributeValue.fromS("2026-11-22T06:00:01.500Z"));
        values.put(DataTypes.TIMESTAMP_LTZ(3), TimestampData.fromInstant(instant));
        DataType list = DataTypes.ARRAY(DataTypes.INT());
        wanted.put(list, AttributeValue.fromL(List.of(AttributeValue.fromN("1"), AttributeValue.fromNul(true))));
        values.put(list, new GenericArrayData(new Integer[] {1, null}));
        DataType map = DataTypes.MAP(DataTypes.STRING(), DataTypes.INT());
        wanted.put(map, AttributeValue.fromM(Map.of("x", AttributeValue.fromN("1"))));
        values.put(map, new GenericMapData(Map.of(text("x"), 1)));
        DataType row =
                DataTypes.ROW(DataTypes.FIELD("a", DataTypes.INT()), DataTypes.FIELD("b", DataTypes.STRING()));
        wanted.put(row, AttributeValue.fromM(Map.of("a", AttributeValue.fromN("1"))));
        values.put(row, GenericRowData.of(1, null));
        values.forEach((type, value) -> equal(attribute(type, value), wanted.get(type)));
    }

    private static ItemWrite written(DataType type, Object value) {
        RowType columns = row(DataTypes.FIELD("k", DataTypes.STRING()), DataTypes.FIELD("v", type));
        return rows(columns).apply(GenericRowData.of(text("k"), value), null);
    }

    private static AttributeValue attribute(DataType type, Object value) {
        return written(type, value).attributes.get("v");
    }

    public static void nullLeavesTheAttributeOut() {
        equal(written(DataTypes.INT(), null).attributes, Map.of("k", AttributeValue.fromS("k")));
    }

    public static void aValueThatCannotBeStoredIsOneSentence() throws Exception {
        String begin = "A row for the table t has ";
        equal(
                failure(() -> written(DataTypes.DOUBLE(), Double.NaN)),
                begin + "in v NaN: DynamoDB stores finite numbers only. Replace it in the query.");
        equal(
                failure(() -> written(DataTypes.DOUBLE(), 1e126)),
                begin + "in v 1.0E126: DynamoDB stores numbers from 1e-130 to 1e126. Replace it in the query.");
        DataType nested = DataTypes.ROW(DataTypes.FIELD("x", DataTypes.FLOAT()));
        equal(
                failure(() -> written(nested, GenericRowData.of(Float.POSITIVE_INFINITY))),
                begin + "in v in x Infinity: DynamoDB stores finite numbers only. Replace it in the query.");
        equal(
                failure(() -> written(DataTypes.STRING(), text("x".repeat(410_000)))),
                begin + "410003 bytes: an item has 409600 at most. Write shorter values.");
        equal(
                failure(() -> written(DataTypes.INTERVAL(DataTypes.DAY()), 1L)),
                "The column v: INTERVAL DAY(2) cannot be written to DynamoDB: CAST it to STRING.");
    }

    public static void aKeyThatIsNoneIsOneSentence() throws Exception {
        String begin = "A row for the table t has ";
        ItemRows rows = rows(COLUMNS);
        equal(
                failure(() -> rows.apply(GenericRowData.of(null, 1), null)),
                begin + "NULL in k, a part of its key: leave such rows out by WHERE, or give them a key.");
        equal(
                failure(() -> rows.apply(GenericRowData.of(text(""), 1), null)),
                begin + "0 bytes in k, a part of its key: it must have from 1 to 2048.");
        equal(
                failure(() -> rows(row(DataTypes.FIELD("k", DataTypes.BOOLEAN())))),
                "PARTITIONED BY names k, which is BOOLEAN: a key of DynamoDB is text, a number or bytes.");
    }

    public static void aSortKeyIsShorterThanAPartitionKey() throws Exception {
        RowType columns = row(DataTypes.FIELD("k", DataTypes.STRING()), DataTypes.FIELD("s", DataTypes.STRING()));
        ItemRows rows = new ItemRows(columns, new ItemKey(List.of("k", "s"), columns, "t"), "t");
        String longest = "é".repeat(512); // of two bytes each
        StringData partition = text(longest + longest);
        equal(rows.apply(GenericRowData.of(partition, text(longest)), null).isDelete, false);
        equal(
                failure(() -> rows.apply(GenericRowData.of(partition, text(longest + "s")), null)),
                "A row for the table t has 1025 bytes in s, a part of its key: it must have from 1 to 1024.");
        equal(
                failure(() -> rows.apply(GenericRowData.of(text(longest + longest + "k"), text("s")), null)),
                "A row for the table t has 2049 bytes in k, a part of its key: it must have from 1 to 2048.");
    }

    public static void aKeyOfAMapThatIsNoTextIsOneSentence() throws Exception {
        equal(
                failure(() -> written(DataTypes.MAP(DataTypes.INT(), DataTypes.INT()), new GenericMapData(Map.of(1, 1)))),
                "The column v: the keys of MAP<INT, INT> cannot be written to DynamoDB: CAST them to STRING.");
        DataType map = DataTypes.MAP(DataTypes.STRING(), DataTypes.INT());
        String sentence =
                "A row for the table t has in v a key of a MAP that is NULL or empty. Replace it in the query.";
        equal(failure(() -> written(map, new GenericMapData(Map.of(text(""), 1)))), sentence);
        equal(failure(() -> written(map, new GenericMapData(Collections.singletonMap(null, 1)))), sentence);
    }

    /** The table is named by its ARN in the answer, and its items by other texts of the same numbers. */
    public static void anItemThatWasNotProcessedIsFoundByItsKey() {
        RowType columns = row(DataTypes.FIELD("k", DataTypes.INT()), DataTypes.FIELD("v", DataTypes.INT()));
        ItemKey key = new ItemKey(List.of("k"), columns, "t");
        ItemRows rows = new ItemRows(columns, key, "t");
        List<ItemWrite> writes = new ArrayList<>();
        for (int k = 1; k <= 3; k++) {
            writes.add(rows.apply(GenericRowData.of(k, k), null));
        }
        WriteRequest unprocessed = WriteRequest.builder()
                .putRequest(put -> put.item(Map.of("k", AttributeValue.fromN("2.0"), "v", AttributeValue.fromN("2"))))
                .build();
        String arn = "arn:aws:dynamodb:us-east-1:123456789012:table/t";
        DynamoDbAsyncClient service = new Answering(Map.of(arn, List.of(unprocessed)));
        Refused<ItemWrite> refused = new BatchWriteItem(service, "t", key).send(writes).join();
        equal(refused.entries, List.of(writes.get(1)));
    }

    /** Leaves this out of each request. */
    private static final class Answering implements DynamoDbAsyncClient {
        private final Map<String, List<WriteRequest>> unprocessed;

        Answering(Map<String, List<WriteRequest>> unprocessed) {
            this.unprocessed = unprocessed;
        }

        @Override
        public CompletableFuture<BatchWriteItemResponse> batchWriteItem(BatchWriteItemRequest request) {
            return CompletableFuture.completedFuture(
                    BatchWriteItemResponse.builder().unprocessedItems(unprocessed).build());
        }

        @Override
        public String serviceName() {
            return "dynamodb";
        }

        @Override
        public void close() {}
    }

    public static void numbersAreTheSameKeyHoweverTheyAreWritten() {
        RowType columns = row(DataTypes.FIELD("k", DataTypes.DOUBLE()));
        ItemKey key = new ItemKey(List.of("k"), columns, "t");
        equal(
                key.text(Map.of("k", AttributeValue.fromN("1.0E2"))),
                key.text(Map.of("k", AttributeValue.fromN("100"))));
        equal(
                key.text(Map.of("k", AttributeValue.fromN("1")))
                        .equals(key.text(Map.of("k", AttributeValue.fromN("10")))),
                false);
    }

    public static void anItemIsCountedAsTheServiceDoes() {
        Map<String, AttributeValue> item = new LinkedHashMap<>();
        item.put("é", AttributeValue.fromS("🦄")); // 2 + 4
        item.put("n", AttributeValue.fromN("-120300")); // 1 + 3
        item.put("b", AttributeValue.fromB(SdkBytes.fromByteArray(new byte[5]))); // 1 + 5
        item.put("t", AttributeValue.fromBool(true)); // 1 + 1
        item.put("l", AttributeValue.fromL(List.of(AttributeValue.fromNul(true)))); // 1 + 3 + 1 + 1
        item.put("m", AttributeValue.fromM(Map.of("x", AttributeValue.fromS("yz")))); // 1 + 3 + 1 + 1 + 2
        equal(ItemSize.stored(item), 32L);
    }

    public static void aRequestIsNeverCountedTooShort() {
        Map<String, AttributeValue> item = new LinkedHashMap<>();
        item.put("l", AttributeValue.fromL(List.of(AttributeValue.fromN("1"), AttributeValue.fromN("2"))));
        item.put("b", AttributeValue.fromBool(false));
        item.put("m", AttributeValue.fromM(Map.of("x", AttributeValue.fromS("\n"))));
        String json =
                "{\"PutRequest\":{\"Item\":{\"l\":{\"L\":[{\"N\":\"1\"},{\"N\":\"2\"}]},\"b\":{\"BOOL\":false},"
                        + "\"m\":{\"M\":{\"x\":{\"S\":\"\\u000a\"}}}}}},";
        equal(ItemSize.sent(item) >= json.length(), true);
    }
}
