"""Flink's REST API, the few calls that the demo and the tests need. Format: Flink's documentation, "REST API"."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any


class RestError(Exception):
    """The API did not answer or refused; the text says what was asked of whom."""


@dataclass(frozen=True)
class Source:
    """What the reading subtasks report: records read since the last (re)start, and their watermarks.

    watermarks: milliseconds since 1970 UTC per subtask, None while there is none.
    """

    records: int
    watermarks: tuple[int | None, ...]


@dataclass(frozen=True)
class Job:
    """One job of a Flink cluster, by the address of its REST API and its id."""

    address: str
    id: str

    def is_running(self) -> bool:
        """Whether every subtask of the job runs, not only the job."""
        job = self._get("")
        return job["state"] == "RUNNING" and all(vertex["status"] == "RUNNING" for vertex in job["vertices"])

    def source(self) -> Source:
        """Progress of the reading vertex, the one that has no input."""
        inputs = {node["id"]: node.get("inputs", []) for node in self._get("/plan")["plan"]["nodes"]}
        first = next(vertex for vertex, origin in inputs.items() if not origin)
        names = [m["id"] for m in self._get(f"/vertices/{first}/metrics")]
        read = [n for n in names if n.partition(".")[2].startswith("Source__") and n.endswith(".numRecordsOut")]
        marks = [n for n in names if ".WatermarkAssigner" in n and n.endswith(".currentOutputWatermark")]
        values = self._metrics(first, read + marks)
        return Source(
            sum(int(values[name]) for name in read if name in values),
            tuple(_watermark(values.get(name)) for name in sorted(marks)),
        )

    def checkpoints(self) -> dict[str, Any]:
        """Counts and the newest checkpoints, as Flink gives them."""
        return dict(self._get("/checkpoints"))

    def restarts(self) -> int:
        """How often the job was restarted since it was submitted."""
        answer = self._get("/metrics?get=numRestarts")
        return int(answer[0]["value"]) if answer else 0

    def failure(self) -> str:
        """The first line of the newest failure, or an empty text."""
        answer = self._get("/exceptions?maxExceptions=1")
        text = str(answer.get("root-exception") or "")
        causes = [line for line in text.splitlines() if line.startswith("Caused by: ")]
        return (causes[-1].removeprefix("Caused by: ") if causes else text.partition("\n")[0])[:400]

    def drain(self, seconds: float) -> None:
        """Stop with a savepoint after all windows were closed (`stop --drain`); RestError if it takes longer."""
        trigger = self._call("/stop", {"drain": True})["request-id"]
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            answer = self._get(f"/savepoints/{trigger}")
            if answer["status"]["id"] == "COMPLETED":
                cause = answer["operation"].get("failure-cause")
                if cause:
                    raise RestError(f"The job could not be drained: {str(cause.get('stack-trace'))[:300]}")
                return
            time.sleep(0.2)
        raise RestError(f"The job was not drained within {seconds:.0f} s.")

    def _metrics(self, vertex: str, names: list[str]) -> dict[str, str]:
        if not names:
            return {}
        query = urllib.parse.quote(",".join(names), safe=",")
        return {m["id"]: m["value"] for m in self._get(f"/vertices/{vertex}/metrics?get={query}")}

    def _get(self, path: str) -> Any:
        return self._call(path, None)

    def _call(self, path: str, body: dict[str, Any] | None) -> Any:
        url = f"{self.address}/jobs/{self.id}{path}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"})  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310  (an address of this machine)
                return json.load(answer)
        except (urllib.error.URLError, OSError, ValueError) as error:
            raise RestError(f"Flink's REST API did not answer {url} ({error}).") from error


def _watermark(value: str | None) -> int | None:
    """A metric's value in milliseconds; Flink says Long.MIN_VALUE while there is no watermark."""
    return int(value) if value is not None and abs(int(value)) < 2**62 else None
