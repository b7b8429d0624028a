"""A folder of SQL becomes tables, views and inserts, bound to the place that settings name."""
