"""The health of a running job: observed on Flink (`flink`) and AWS (`aws`), judged (`diagnosis`), shown (`command`).

Gathering knows no thresholds. Judging knows no service and no clock. Showing knows neither.
"""
