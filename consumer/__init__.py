"""Reads a Kinesis stream: `python -m consumer` prints it, `consumer.tail` is for other programs."""
