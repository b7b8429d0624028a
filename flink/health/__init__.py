"""How a running job is doing: what Flink and Kinesis tell (`flink`, `aws`), as facts, then judged, then shown.

Gathering knows no thresholds, judging knows no service and no clock, showing knows neither.
"""
