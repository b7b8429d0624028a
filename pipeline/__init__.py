"""From a job's folder of SQL and its settings to tables, views and inserts of Flink."""
