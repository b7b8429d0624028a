"""The health of a running job: observed on Flink (`flink`, `metrics`) and AWS (`aws`), judged, then shown (`report`).

Gathering knows no thresholds. Judging (`diagnosis`, `watermark`) knows no service and no clock. Showing knows neither.
"""
