"""Onto Amazon Managed Flink: the package, the template of all resources, and the calls that put them in an account."""
