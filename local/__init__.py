"""The local stand-ins for the cloud: the AWS emulator, a Flink minicluster, and the demo."""
