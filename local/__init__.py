"""What stands in for the cloud on one machine: the AWS emulator, a Flink minicluster, and the demo."""
