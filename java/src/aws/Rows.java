package aws;

import java.util.List;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.connector.base.sink.writer.ElementConverter;
import org.apache.flink.table.data.RowData;

/** Makes entries of rows. */
public interface Rows<T extends Entry> extends ElementConverter<RowData, T> {
    /** Before the first row. kept: what a checkpoint holds. (The converter's own `open` differs in Flink 2.) */
    void prepare(WriterInitContext context, List<T> kept);
}
