package preprocessing;

import java.io.IOException;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;

/**
 * The answer to an {@link Event}: for each record its recordId, a result, and with the result Ok its new data in base64.
 *
 * <p>Whatever is wrong with a part of it refuses the records that this part answers, and no others.
 */
final class Answer {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Outcome[] outcomes;
    private String stranger; // an id that no record of the event has

    private Answer(int count) {
        this.outcomes = new Outcome[count];
    }

    /** What became of each of the event's records, in their order. Throws FunctionFailed for no answer at all. */
    static List<Outcome> read(byte[] answer, int count) throws FunctionFailed {
        JsonNode records = records(answer);
        Answer read = new Answer(count);
        Map<String, Integer> places = new HashMap<>();
        for (int i = 0; i < count; i++) {
            places.put(Event.id(i), i);
        }
        records.forEach(record -> read.take(record, places));
        return read.complete();
    }

    private static JsonNode records(byte[] answer) throws FunctionFailed {
        JsonNode document;
        try {
            document = JSON.readTree(answer);
        } catch (IOException e) {
            throw FunctionFailed.answered("is no JSON");
        }
        JsonNode records = document.isObject() ? document.get("records") : null;
        if (records == null || !records.isArray()) {
            throw FunctionFailed.answered("has no list 'records'");
        }
        return records;
    }

    private void take(JsonNode record, Map<String, Integer> places) {
        String id = text(record, "recordId");
        Integer place = id == null ? null : places.get(id);
        if (place == null) {
            stranger = id == null ? "without a recordId" : "with the recordId '" + FunctionFailed.shown(id) + "'";
        } else if (outcomes[place] != null) {
            outcomes[place] = Outcome.refused("the function answered its recordId more than once");
        } else {
            outcomes[place] = outcome(record);
        }
    }

    private static Outcome outcome(JsonNode record) {
        String result = text(record, "result");
        if ("Dropped".equals(result)) {
            return Outcome.DROPPED;
        }
        if ("ProcessingFailed".equals(result)) {
            return Outcome.refused("the function answered ProcessingFailed");
        }
        if (!"Ok".equals(result)) {
            String what = result == null ? "no result" : "the result '" + FunctionFailed.shown(result) + "'";
            return Outcome.refused("the function answered " + what + ", expected Ok, Dropped or ProcessingFailed");
        }
        return ok(text(record, "data"));
    }

    private static Outcome ok(String data) {
        if (data == null) {
            return Outcome.refused("the function answered Ok without data");
        }
        try {
            return Outcome.ok(Base64.getDecoder().decode(data));
        } catch (IllegalArgumentException e) {
            return Outcome.refused("the function answered data that is no base64");
        }
    }

    private List<Outcome> complete() {
        String also = stranger == null ? "" : ", but has a record " + stranger + " that was not asked for";
        for (int i = 0; i < outcomes.length; i++) {
            if (outcomes[i] == null) {
                outcomes[i] = Outcome.refused("the function's answer lacks its recordId" + also);
            }
        }
        return Arrays.asList(outcomes);
    }

    private static String text(JsonNode record, String name) {
        JsonNode value = record.get(name);
        return value == null ? null : value.textValue();
    }
}
