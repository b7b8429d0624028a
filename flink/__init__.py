"""What is done with the job on a Flink cluster: submit, stop, resume, backfill, and how it is doing."""
