"""Figures of every unicorn by the minute: which views in which order, which view goes into which table."""

from dataclasses import replace

from pipeline.job import Job

JOB = Job(
    name="unicorn_summary",
    package=__package__,
    sources=("readings",),
    sinks=("summary_stream", "sensor_data", "error_stream"),
    views=("checked", "gathered", "timed", "windowed", "on_time", "late", "summary", "rejects", "errors"),
    inserts={"summary_stream": "summary", "sensor_data": "summary", "error_stream": "errors"},
    configuration={
        "pipeline.name": "unicorn_summary",
        # A restored job can have no more subtasks than this. Four times what a deployment may ask for, and twice what
        # autoscaling can reach (64 units of 8 subtasks). Part of the state: with another number none can be restored.
        "pipeline.max-parallelism": "1024",
        # Timestamps are UTC, whatever the zone of the machine.
        "table.local-time-zone": "UTC",
        # A quarter less CPU; safe, since no function keeps a reference to a row that Flink may fill again.
        "pipeline.object-reuse": "true",
        # A subtask whose shards are all silent must not hold back the windows for ever. A shorter time would
        # cost records: a subtask that is only slow to connect would count as silent.
        "table.exec.source.idle-timeout": "60 s",
        # Never forget where a shard was (views/gathered.sql), whatever the cluster itself says. If that were forgotten
        # in a long stop, a late reading would pass for timely, and its closed window would drop it without a word.
        "table.exec.state.ttl": "0 s",
    },
)

# The same rows from an archive of raw records, in batch mode, by the job's own files from `readings` to `summary`. The
# archive is complete when it is read, so nothing is late, and `timed` comes from another file.
BACKFILL = Job(
    name="unicorn_summary_backfill",
    package=__package__,
    sources=("readings",),
    sinks=("sensor_data", "tally"),
    views=("checked", "archived_each", "timed", "windowed", "on_time", "summary", "counted"),
    view_files={"timed": "archived"},
    inserts={"sensor_data": "summary", "tally": "counted"},
    configuration={
        **{name: JOB.configuration[name] for name in ("table.local-time-zone", "pipeline.object-reuse")},
        "pipeline.name": "unicorn_summary_backfill",
    },
)

# The same with equal lines counted each. An archive does not say whether a line is there twice because the producer
# sent the record twice, which the job has counted twice, or because Firehose delivered it twice.
BACKFILL_EACH = replace(
    BACKFILL,
    name="unicorn_summary_backfill_each",
    sinks=("sensor_data",),
    views=("checked", "timed", "windowed", "on_time", "summary"),
    view_files={"timed": "archived_each"},
    inserts={"sensor_data": "summary"},
    configuration={**BACKFILL.configuration, "pipeline.name": "unicorn_summary_backfill_each"},
)
