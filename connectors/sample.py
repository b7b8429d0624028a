"""The newest rows of a query in the memory of its JVM: the connector `sample` of this project (java/src/sample)."""

from __future__ import annotations

from connectors.connector import Connector


def sink(name: str, rows: int) -> Connector:
    """A table that counts its rows and keeps the newest: `rows` of them at most. name: of the sample in Java."""
    options = {"connector": "sample", "name": name, "rows": str(rows), "format": "json"}
    return Connector({**options, "json.map-null-key.mode": "LITERAL"})
