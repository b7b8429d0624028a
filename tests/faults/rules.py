"""The faults: each function makes a rule for the fault proxy, and `rule.hits` counts its applications.

A rule is for some operations (`"PutRecords"`, `"GetRecords"`, ...; without any, for all operations), with further
limits:

share   of the requests, 0 to 1, at random
where   a condition on requests, such as `lambda request: request.stream == "wildrydes-summary"`
times   the number of hits
seed    of the random numbers; the same order of requests gives the same hits
"""

from __future__ import annotations

import base64
import json
import random
import threading
from collections.abc import Callable
from typing import Any, TypedDict, Unpack

from tests.faults import exchange
from tests.faults.exchange import Answer, Cut, Request

Forward = Callable[[Request], Answer]
Effect = Callable[["Rule", Request, Forward], Answer]
Where = Callable[[Request], bool]


class Limits(TypedDict, total=False):
    """The limits of a rule; the module's docstring explains them."""

    share: float
    where: Where
    times: int
    seed: int


class Rule:
    """A fault, which can be added to a proxy and removed while clients work.

    hits: requests to which it was applied. withheld: records or items that it did not forward although others of the
    same request were, or although the answer accepted them. over: set once no proxy has the rule, for waiting requests.
    """

    def __init__(self, effect: Effect, operations: tuple[str, ...], limits: Limits) -> None:
        self._effect = effect
        self._operations = frozenset(operations)
        self._share = limits.get("share", 1.0)
        self._where = limits.get("where", _anything)
        self._times = limits.get("times")
        self._random = random.Random(limits.get("seed", 0))
        self._lock = threading.Lock()
        self.hits = 0
        self.withheld = 0
        self.over = threading.Event()

    def apply(self, request: Request, forward: Forward) -> Answer:
        """The rule's answer if the rule applies to this request, else the answer of `forward`."""
        return self._effect(self, request, forward) if self._strikes(request) else forward(request)

    def _strikes(self, request: Request) -> bool:
        if (self._operations and request.operation not in self._operations) or not self._where(request):
            return False
        with self._lock:
            strikes = self.hits != self._times and self._random.random() < self._share
            self.hits += strikes
            return strikes

    def draw(self, share: float, count: int) -> list[bool]:
        """So many random truth values with this probability."""
        with self._lock:
            return [self._random.random() < share for _ in range(count)]

    def withhold(self, count: int) -> None:
        with self._lock:
            self.withheld += count


def server_errors(*operations: str, **limits: Unpack[Limits]) -> Rule:
    """Status 500; the request is not forwarded."""
    return Rule(lambda _rule, request, _forward: exchange.server_error(request), operations, limits)


def throttle(*operations: str, **limits: Unpack[Limits]) -> Rule:
    """ProvisionedThroughputExceededException for the whole request, which is not forwarded."""
    return Rule(lambda _rule, request, _forward: exchange.throttled(request), operations, limits)


def deny(*operations: str, **limits: Unpack[Limits]) -> Rule:
    """AccessDeniedException; the request is not forwarded."""
    return Rule(lambda _rule, request, _forward: exchange.denied(request), operations, limits)


def lose_answer(*operations: str, **limits: Unpack[Limits]) -> Rule:
    """The request is carried out, then the connection is cut: the client cannot know the result."""

    def lose(_rule: Rule, request: Request, forward: Forward) -> Answer:
        forward(request)
        raise Cut

    return Rule(lose, operations, limits)


def slow_answer(seconds: float, *operations: str, **limits: Unpack[Limits]) -> Rule:
    """The request is carried out at once and answered later, perhaps after the client's time-out."""

    def wait(rule: Rule, request: Request, forward: Forward) -> Answer:
        answer = forward(request)
        rule.over.wait(seconds)
        return answer

    return Rule(wait, operations, limits)


def slow_request(seconds: float, *operations: str, **limits: Unpack[Limits]) -> Rule:
    """The request is carried out and answered later, even if the client has timed out and sent it again.

    Later requests may be carried out earlier.
    """

    def wait(rule: Rule, request: Request, forward: Forward) -> Answer:
        rule.over.wait(seconds)
        return forward(request)

    return Rule(wait, operations, limits)


def partial(*operations: str, passed: float = 0.5, **limits: Unpack[Limits]) -> Rule:
    """PutRecords, PutRecordBatch and BatchWriteItem: only some records or items are forwarded, and the answer names the
    others.

    passed: the probability of each record or item to be forwarded.
    """
    effects = {"PutRecords": _some_records, "PutRecordBatch": _some_deliveries, "BatchWriteItem": _some_items}
    return _partly(effects, operations, passed, limits)


def swallow(*operations: str, passed: float = 0.5, **limits: Unpack[Limits]) -> Rule:
    """Like `partial`, but the answer accepts all records, unlike any real service.

    No client can resend these records. A test that does not notice their loss notices no loss.
    """
    return _partly({"PutRecords": _lost_records, "BatchWriteItem": _lost_items}, operations, passed, limits)


# First the probability of being forwarded, then the arguments of an effect.
_Partly = Callable[[float, Rule, Request, Forward], Answer]


def _partly(effects: dict[str, _Partly], operations: tuple[str, ...], passed: float, limits: Limits) -> Rule:
    wanted = operations or tuple(effects)
    if unknown := set(wanted) - set(effects):
        raise ValueError(f"{', '.join(sorted(unknown))} cannot succeed in part: name {' or '.join(effects)}.")
    return Rule(
        lambda rule, request, forward: effects[request.operation](passed, rule, request, forward), wanted, limits
    )


def _some_records(passed: float, rule: Rule, request: Request, forward: Forward) -> Answer:
    stream = request.stream

    def refused() -> dict[str, str]:
        if rule.draw(0.5, 1)[0]:
            return {"ErrorCode": "InternalFailure", "ErrorMessage": "Internal service failure."}
        message = f"Rate exceeded for shard shardId-000000000000 in stream {stream} under account 000000000000."
        return {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": message}

    return _put_records(passed, rule, request, forward, refused)


def _lost_records(passed: float, rule: Rule, request: Request, forward: Forward) -> Answer:
    # A sequence number of their length: https://docs.aws.amazon.com/streams/latest/dev/key-concepts.html
    invented = {"SequenceNumber": f"49{'0' * 53}1", "ShardId": "shardId-000000000000"}
    return _put_records(passed, rule, request, forward, lambda: invented)


def _put_records(
    passed: float, rule: Rule, request: Request, forward: Forward, entry: Callable[[], dict[str, str]]
) -> Answer:
    """Forward some records; `entry` makes the answer's entry for each of the others."""
    records = request.json["Records"]
    passes = rule.draw(passed, len(records))
    kept = [record for record, goes in zip(records, passes, strict=True) if goes]
    content: dict[str, Any] = {"FailedRecordCount": 0, "Records": []}
    if kept:  # an empty list would be refused
        answer = forward(request.with_json({**request.json, "Records": kept}))
        if answer.status != 200:
            return answer
        content = answer.json
    given = iter(content["Records"])
    entries = [next(given) if goes else entry() for goes in passes]
    rule.withhold(len(records) - len(kept))
    failed = sum(one.get("ErrorCode") is not None for one in entries)
    return exchange.answer(request, {**content, "FailedRecordCount": failed, "Records": entries})


def _some_deliveries(passed: float, rule: Rule, request: Request, forward: Forward) -> Answer:
    """https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html"""
    records = request.json["Records"]
    passes = rule.draw(passed, len(records))
    kept = [record for record, goes in zip(records, passes, strict=True) if goes]
    responses: list[dict[str, str]] = []
    if kept:
        answer = forward(request.with_json({**request.json, "Records": kept}))
        if answer.status != 200:
            return answer
        responses = answer.json["RequestResponses"]
    given = iter(responses)
    refused = {"ErrorCode": "ServiceUnavailableException", "ErrorMessage": "Slow down."}
    rule.withhold(len(records) - len(kept))
    content = {
        "FailedPutCount": len(records) - len(kept),
        "Encrypted": False,
        "RequestResponses": [next(given) if goes else refused for goes in passes],
    }
    return exchange.answer(request, content)


def _some_items(passed: float, rule: Rule, request: Request, forward: Forward) -> Answer:
    kept, withheld = _split(passed, rule, request)
    if not kept:  # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
        return exchange.throttled(request)
    answer = forward(request.with_json({**request.json, "RequestItems": kept}))
    if answer.status != 200:
        return answer
    unprocessed = dict(answer.json.get("UnprocessedItems", {}))
    for table, writes in withheld.items():
        unprocessed[table] = [*unprocessed.get(table, []), *writes]
    rule.withhold(sum(map(len, withheld.values())))
    return exchange.answer(request, {**answer.json, "UnprocessedItems": unprocessed})


def _lost_items(passed: float, rule: Rule, request: Request, forward: Forward) -> Answer:
    kept, withheld = _split(passed, rule, request)
    answer = exchange.answer(request, {"UnprocessedItems": {}})
    if kept:
        answer = forward(request.with_json({**request.json, "RequestItems": kept}))
    if answer.status == 200:
        rule.withhold(sum(map(len, withheld.values())))
    return answer


_Writes = dict[str, list[dict[str, Any]]]  # put and delete requests by table


def _split(passed: float, rule: Rule, request: Request) -> tuple[_Writes, _Writes]:
    """The writes to forward and the others, without tables that have none."""
    kept: _Writes = {}
    withheld: _Writes = {}
    for table, writes in request.json["RequestItems"].items():
        for write, goes in zip(writes, rule.draw(passed, len(writes)), strict=True):
            (kept if goes else withheld).setdefault(table, []).append(write)
    return kept, withheld


def expire(**limits: Unpack[Limits]) -> Rule:
    """GetRecords: the iterator has expired. Needs `times` or `share`, as otherwise every iterator expires."""
    return Rule(lambda _rule, request, _forward: exchange.expired(request), ("GetRecords",), limits)


def skip_to_latest(**limits: Unpack[Limits]) -> Rule:
    """GetShardIterator at or after a sequence number gives an iterator at the end of the shard.

    With `expire`, it imitates a client that does not continue at its position: the records in between are lost.
    """

    def skip(_rule: Rule, request: Request, forward: Forward) -> Answer:
        content = {name: value for name, value in request.json.items() if name != "StartingSequenceNumber"}
        return forward(request.with_json({**content, "ShardIteratorType": "LATEST"}))

    def where(request: Request) -> bool:
        return str(request.json["ShardIteratorType"]).endswith("_SEQUENCE_NUMBER")

    return Rule(skip, ("GetShardIterator",), _also(where, limits))


def stall(*shards: str, **limits: Unpack[Limits]) -> Rule:
    """GetRecords of these shards returns no records and does not advance, as in an open shard without new records.

    Without shards: all shards. When the rule is removed, readers continue with the same iterator, so the records from
    meanwhile are their backlog.
    """

    def stay(_rule: Rule, request: Request, _forward: Forward) -> Answer:
        iterator = request.json["ShardIterator"]
        return exchange.answer(request, {"Records": [], "NextShardIterator": iterator, "MillisBehindLatest": 0})

    def where(request: Request) -> bool:
        return not shards or (request.shard is not None and request.shard.id in shards)

    return Rule(stay, ("GetRecords",), _also(where, limits))


def hide_children(**limits: Unpack[Limits]) -> Rule:
    """ListShards answers as if no shard had been split or merged yet, but its closed shards are closed."""

    def leave_out(_rule: Rule, request: Request, forward: Forward) -> Answer:
        answer = forward(request)
        parents = [shard for shard in answer.json["Shards"] if not shard.get("ParentShardId")]
        return exchange.answer(request, {**answer.json, "Shards": parents})

    return Rule(leave_out, ("ListShards",), limits)


def _also(where: Where, limits: Limits) -> Limits:
    """The same limits with a further condition, which is checked first."""
    given = limits.get("where", _anything)
    return {**limits, "where": lambda request: where(request) and given(request)}


def _anything(_request: Request) -> bool:
    return True


def strict(*operations: str, **limits: Unpack[Limits]) -> Rule:
    """PutRecords and BatchWriteItem beyond the services' documented limits are refused as a whole, like in the service.

    https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
    """
    return Rule(
        lambda _rule, request, _forward: exchange.invalid(request),
        operations or ("PutRecords", "BatchWriteItem"),
        _also(lambda request: bool(beyond(request)), limits),
    )


def beyond(request: Request) -> list[str]:
    """The limits that a PutRecords or BatchWriteItem exceeds."""
    return _records_beyond(request.json) if request.operation == "PutRecords" else _items_beyond(request.json)


def _records_beyond(content: dict[str, Any]) -> list[str]:
    sizes = []
    found = []
    for record in content["Records"]:
        key = record["PartitionKey"]
        if not 1 <= len(key.encode("utf-16-le")) // 2 <= 256:
            found.append("a partition key that is empty or over 256 characters")
        sizes.append(len(base64.b64decode(record["Data"])) + len(key.encode()))
    if not 1 <= len(sizes) <= 500:
        found.append("no record, or over 500")
    if max(sizes, default=0) > 1 << 20:
        found.append("a record over 1 MiB")
    if sum(sizes) > 5 << 20:
        found.append("records over 5 MiB in all")
    return found


def _items_beyond(content: dict[str, Any]) -> list[str]:
    writes = [write for table in content["RequestItems"].values() for write in table]
    items = [
        write["PutRequest"]["Item"] if "PutRequest" in write else write["DeleteRequest"]["Key"] for write in writes
    ]
    keys = [(item["Name"]["S"], item["StatusTime"]["S"]) for item in items]
    found = []
    if not 1 <= len(items) <= 25:
        found.append("no item, or over 25")
    if len(set(keys)) < len(keys):
        found.append("a key twice")
    if any(not (name and time) or len(name.encode()) > 2048 or len(time.encode()) > 1024 for name, time in keys):
        found.append("a key that is empty or too long")
    if any(len(json.dumps(item, ensure_ascii=False).encode()) > 400 << 10 for item in items):
        found.append("an item over 400 KiB")
    return found
