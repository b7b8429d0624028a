"""The emulator with a clock, `python -m benchmarks.stamped`: it prints when a reader got records, and when items came.

A line is a JSON object. Times are seconds since 1970 by the clock from which records have their arrival times:

    {"stamp": "read", "at": ..., "stream": ..., "shard": ..., "to": 500}      so many records of the shard
    {"stamp": "written", "begun": ..., "at": ..., "table": ..., "keys": [["Shadowfax", "2026-11-22 06:01:00.000"], ...]}

`at` is the time when the answer was made: from then on the item is in the table.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from local import ministack


def stamp(kind: str, **values: Any) -> None:
    """Print a stamp."""
    sys.stdout.write(json.dumps({"stamp": kind, **values}) + "\n")
    sys.stdout.flush()


def _stamp_reads() -> None:
    """Make ministack's Kinesis print a stamp for each GetRecords that returns records."""
    from ministack.services import kinesis  # noqa: PLC0415  (it reads its environment when it is loaded)

    get = kinesis._get_records

    def get_records(data: Any) -> Any:
        state = kinesis._shard_iterators.get(data.get("ShardIterator"))
        answer = get(data)
        newest = next(reversed(kinesis._shard_iterators.values()), None)
        if state and newest and newest["position"] > state["position"] and newest["shard_id"] == state["shard_id"]:
            place = {"stream": state["stream"], "shard": state["shard_id"]}
            stamp("read", at=time.time(), **place, to=newest["position"])
        return answer

    kinesis._get_records = get_records


def _stamp_writes() -> None:
    """Make ministack's DynamoDB print a stamp for each BatchWriteItem, with the items' keys."""
    from ministack.services import dynamodb  # noqa: PLC0415  (the same)

    write = dynamodb._batch_write_item

    def batch_write_item(data: Any) -> Any:
        begun = time.time()
        answer = write(data)
        at = time.time()
        for table, requests in data.get("RequestItems", {}).items():
            keys = [
                [request["PutRequest"]["Item"][name]["S"] for name in ("Name", "StatusTime")] for request in requests
            ]
            stamp("written", begun=begun, at=at, table=table, keys=keys)
        return answer

    dynamodb._batch_write_item = batch_write_item


def main() -> None:
    """Serve until SIGTERM, as `local.ministack` does."""
    _stamp_reads()
    _stamp_writes()
    ministack.main()


if __name__ == "__main__":
    main()
