package dynamodb;

import aws.Entry;
import java.util.Map;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.WriteRequest;

/** An item to put, or the key of an item to delete. */
final class ItemWrite implements Entry {
    private static final long serialVersionUID = 1L;

    final String key; // equal texts: the same item
    final long number; // of two writes of a key, the later has the higher number
    final boolean isDelete;
    final Map<String, AttributeValue> attributes;
    private final long bytes;

    ItemWrite(String key, long number, boolean isDelete, Map<String, AttributeValue> attributes) {
        this.key = key;
        this.number = number;
        this.isDelete = isDelete;
        this.attributes = attributes;
        this.bytes = ItemSize.sent(attributes);
    }

    @Override
    public long bytes() {
        return bytes;
    }

    WriteRequest request() {
        return isDelete
                ? WriteRequest.builder().deleteRequest(delete -> delete.key(attributes)).build()
                : WriteRequest.builder().putRequest(put -> put.item(attributes)).build();
    }
}
