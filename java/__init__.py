"""The SQL functions in Java, of one record or of the values of many; `java.build` compiles them into a jar."""

FUNCTIONS = {
    "exact_avg": "exact.ExactAvg",
    "exact_stddev_pop": "exact.ExactStddevPop",
    "exact_stddev_samp": "exact.ExactStddevSamp",
    "exact_sum": "exact.ExactSum",
    "exact_var_pop": "exact.ExactVarPop",
    "exact_var_samp": "exact.ExactVarSamp",
    "hotspots": "process.Hotspots",
    "json_record": "streaming.JsonRecord",
    "kda_first": "kda.KdaFirst",
    "kda_rows": "kda.KdaRows",
    "preprocess": "preprocessing.Preprocess",
    "random_cut_forest": "process.RandomCutForestScores",
    "random_cut_forest_with_explanation": "process.RandomCutForestExplanations",
    "reference_rows": "kda.ReferenceRows",
    "shard_watermark": "streaming.ShardWatermark",
    "stagger": "process.Stagger",
    "throttle": "process.Throttle",
}
"""Name in SQL -> Java class, for `CREATE TEMPORARY FUNCTION <name> AS '<class>' LANGUAGE JAVA`."""
