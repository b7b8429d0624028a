"""Tails a Kinesis stream: `python -m consumer` prints it, `consumer.tail` reads it for other programs."""
