"""The health of a running job: `flink` and `aws` gather facts, `diagnosis` judges them, `command` prints both.

Gathering has no thresholds. Judging calls no service and reads no clock. Printing does neither.
"""
