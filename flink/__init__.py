"""A job on a Flink cluster: submit, stop, resume, backfill and health."""
