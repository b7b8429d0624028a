"""The SQL functions that run once per record, in Java; `java.build` compiles them into a jar."""

FUNCTIONS = {
    "kda_first": "kda.KdaFirst",
    "kda_rows": "kda.KdaRows",
    "json_record": "streaming.JsonRecord",
    "shard_watermark": "streaming.ShardWatermark",
}
"""Name in SQL -> Java class, for `CREATE TEMPORARY FUNCTION <name> AS '<class>' LANGUAGE JAVA`."""
