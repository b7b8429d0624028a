"""A server of a function as Lambda calls it, which answers after a while: what the benchmark `preprocessing` calls."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from benchmarks import serving as servers


def serving(function: Callable[[Any, Any], Any], latency: float) -> AbstractContextManager[str]:
    """Its address on 127.0.0.1, until the block ends. latency: seconds from a call to its answer, at least."""

    def answer(event: bytes) -> bytes:
        began = time.monotonic()
        content = json.dumps(function(json.loads(event), None)).encode()
        time.sleep(max(0.0, latency - (time.monotonic() - began)))
        return content

    return servers.serving(answer, "application/json")
