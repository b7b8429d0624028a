"""Sensor readings of unicorns over New York City, sent to Kinesis, a file or standard output."""
