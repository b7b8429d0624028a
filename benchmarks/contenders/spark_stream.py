"""Spark Structured Streaming: one core, all that there is in one batch, rows when the watermark has passed."""

from __future__ import annotations

import sys
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f
from pyspark.sql.types import DoubleType, IntegerType, StringType, StructField, StructType, TimestampType

TIME = "yyyy-MM-dd HH:mm:ss.SSS"
READING = StructType(
    [
        StructField("Name", StringType()),
        StructField("StatusTime", TimestampType()),
        StructField("Distance", DoubleType()),
        StructField("MagicPoints", IntegerType()),
        StructField("HealthPoints", IntegerType()),
    ]
)


def session(scratch: Path) -> SparkSession:
    """Spark with one core, without its web UI."""
    settings = {
        "spark.ui.enabled": "false",
        "spark.driver.memory": "1g",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "1",  # 200 otherwise, for one core
        "spark.local.dir": str(scratch / "local"),
        "spark.sql.warehouse.dir": str(scratch / "warehouse"),
        "spark.log.level": "ERROR",
    }
    builder = SparkSession.builder.master("local[1]").appName("unicorn_summary")
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def summary(readings: DataFrame) -> DataFrame:
    """A row per unicorn and minute."""
    return (
        readings.withWatermark("StatusTime", "5 seconds")
        .groupBy("Name", f.window("StatusTime", "1 minute"))
        .agg(
            f.round(f.sum("Distance")).cast("bigint").alias("Distance"),
            f.min("MagicPoints").alias("MinMagicPoints"),
            f.max("MagicPoints").alias("MaxMagicPoints"),
            f.min("HealthPoints").alias("MinHealthPoints"),
            f.max("HealthPoints").alias("MaxHealthPoints"),
        )
        .withColumn("StatusTime", f.date_format("window.end", TIME))
        .drop("window")
    )


def main(folder: Path, output: Path) -> None:
    """Run until all files of the folder have been read."""
    spark = session(output)

    def write(rows: DataFrame, _batch: int) -> None:
        rows.persist()
        for sink in ("summary_stream", "sensor_data"):
            rows.write.mode("append").json(str(output / sink))
        rows.unpersist()

    readings = spark.readStream.schema(READING).option("timestampFormat", TIME).json(str(folder))
    query = (
        summary(readings)
        .writeStream.outputMode("append")
        .option("checkpointLocation", str(output / "checkpoints"))
        .trigger(availableNow=True)
        .foreachBatch(write)
        .start()
    )
    query.awaitTermination()
    spark.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
