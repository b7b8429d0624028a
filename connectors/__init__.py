"""Connectors of tables: a module per kind, with the list of its options."""
