"""Unicorns over New York City, sent as sensor readings to Kinesis, a file or standard output."""
