"""An application of KDA as Flink SQL."""
