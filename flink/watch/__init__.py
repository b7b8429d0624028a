"""Shows the newest rows of a job's views while it runs: `reading` computes them, `picture` shows them.

The running job is not asked and not changed. A second Flink, in the command's own JVM, reads the newest records of the
same streams and runs the same SQL on them, without the job's sinks.
"""
