"""The calls of Flink's REST API that this project needs. Format: Flink's documentation, "REST API"."""

from __future__ import annotations

import json
import re
import textwrap
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any

from program.addresses import is_loopback, proxy_for
from program.errors import Failure
from program.waiting import wait_until

ENDED = ("FINISHED", "CANCELED", "FAILED")  # states that a job does not leave
LONGEST_QUERY = 3000  # characters; Flink's web server refuses a request line beyond 4096
SHORT = 30  # characters of a cause that needs its outer exception to be understood
# The suffix of the AWS SDK's messages, and the package of an exception's class.
_REQUEST = re.compile(r"\s*\(Service: ([^,)]+), Status Code: (\d+).*\)")
_PACKAGE = re.compile(r"^([a-z][\w]*\.)+(?=[A-Z])")
# The source vertex's metrics of progress, by subtask and operator.
_PROGRESS = re.compile(r"\d+\.Source__[^.]*\.(numRecordsOut|currentOutputWatermark)")


class RestError(Failure):
    """The API did not answer, it refused a request, or a job did not stop in time."""

    exit_code = 4


@dataclass(frozen=True)
class Source:
    """The source subtasks' progress: records read since the last (re)start, and watermarks.

    watermarks: milliseconds since 1970 UTC per subtask, None for a subtask without a watermark.
    """

    records: int
    watermarks: tuple[int | None, ...]


@dataclass(frozen=True)
class Job:
    """A job of a Flink cluster: the address of the cluster's REST API, and the job's id."""

    address: str
    id: str

    def is_running(self) -> bool:
        """Whether the job and every subtask of it run."""
        job = self.get("")
        return job["state"] == "RUNNING" and all(
            vertex["status"] in ("RUNNING", "FINISHED")
            for vertex in job["vertices"]  # a table of reference data ends
        )

    def state(self) -> str:
        """The state of the job as a whole: RUNNING, RESTARTING, FAILED, ..."""
        return str(self.get("")["state"])

    def source(self) -> Source:
        """The progress of the source vertex, which is the vertex without inputs."""
        inputs = {node["id"]: node.get("inputs", []) for node in self.get("/plan")["plan"]["nodes"]}
        first = next(vertex for vertex, origin in inputs.items() if not origin)
        values = self.metrics(first, _PROGRESS)
        marks = sorted(name for name in values if name.endswith("Watermark"))
        return Source(
            sum(int(value) for name, value in values.items() if name not in marks),
            tuple(_watermark(values[name]) for name in marks),
        )

    def checkpoints(self) -> dict[str, Any]:
        """Counts and the newest checkpoints, in Flink's format."""
        return dict(self.get("/checkpoints"))

    def restarts(self) -> int:
        """The number of restarts since the job was submitted."""
        answer = self.get("/metrics?get=numRestarts")
        return int(answer[0]["value"]) if answer else 0

    def failure(self) -> str:
        """The cause of the newest failure, or an empty text."""
        entries = self.get("/exceptions?maxExceptions=1")["exceptionHistory"]["entries"]
        return root_cause(str(entries[0]["stacktrace"])) if entries else ""

    def parameters(self) -> dict[str, str]:
        """The global parameters that the job was submitted with."""
        return dict(self.get("/config")["execution-config"]["user-config"])

    def drain(self, seconds: float, folder: str | None = None) -> str:
        """Close all windows, then stop with a savepoint. Returns its path. Raises RestError after `seconds`."""
        return self._stop({"drain": True, "targetDirectory": folder}, seconds)

    def stop(self, seconds: float, folder: str | None = None) -> str:
        """Stop with a savepoint, which keeps open windows. Returns its path. Raises RestError after `seconds`.

        folder: a URI; None for the cluster's own savepoint folder.
        """
        return self._stop({"drain": False, "targetDirectory": folder}, seconds)

    def cancel(self, seconds: float) -> None:
        """Cancel the job, without a savepoint; its last checkpoint stays. Raises RestError after `seconds`."""
        call(f"{self.address}/jobs/{self.id}", method="PATCH")
        if not wait_until(lambda: self.state() in ENDED, seconds):
            raise RestError(f"The job was not cancelled within {seconds:.0f} s.")

    def _stop(self, how: dict[str, Any], seconds: float) -> str:
        trigger = self._call("/stop", how)["request-id"]

        def ended() -> dict[str, Any] | None:
            answer = self.get(f"/savepoints/{trigger}")
            return answer["operation"] if answer["status"]["id"] == "COMPLETED" else None

        operation = wait_until(ended, seconds)
        if operation is None:
            raise RestError(f"The job did not stop within {seconds:.0f} s: its savepoint is not complete.")
        if cause := operation.get("failure-cause"):
            raise RestError(f"The job could not be stopped: {root_cause(str(cause.get('stack-trace')))}")
        return str(operation["location"])

    def metrics(self, vertex: str, wanted: re.Pattern[str]) -> dict[str, str]:
        """The metrics of a vertex whose whole names match the pattern, with their values as text."""
        queries: list[str] = []
        for metric in self.get(f"/vertices/{vertex}/metrics"):
            if not wanted.fullmatch(metric["id"]):
                continue
            quoted = urllib.parse.quote(metric["id"], safe="")
            if queries and len(queries[-1]) + len(quoted) < LONGEST_QUERY:
                queries[-1] += f",{quoted}"
            else:
                queries.append(quoted)
        answers = [self.get(f"/vertices/{vertex}/metrics?get={query}") for query in queries]
        return {metric["id"]: metric["value"] for answer in answers for metric in answer}

    def get(self, path: str) -> Any:
        """The JSON answer to a GET of a path below the job's own. Raises RestError."""
        return self._call(path, None)

    def _call(self, path: str, body: dict[str, Any] | None) -> Any:
        return call(f"{self.address}/jobs/{self.id}{path}", body)


@dataclass(frozen=True)
class Listed:
    """A job in the cluster's list. started: in milliseconds since 1970 UTC."""

    id: str
    name: str
    state: str
    started: int

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED


@dataclass(frozen=True)
class Cluster:
    """A Flink cluster: the address of its REST API."""

    address: str

    def overview(self) -> dict[str, Any]:
        """TaskManagers, slots and the version, in Flink's format."""
        return dict(call(f"{self.address}/overview"))

    def task_managers(self) -> set[str]:
        """The ids of the registered TaskManagers. A killed TaskManager stays registered until a heartbeat is missed."""
        return {found["id"] for found in call(f"{self.address}/taskmanagers")["taskmanagers"]}

    def configuration(self) -> dict[str, str]:
        """The JobManager's configuration, by Flink's names."""
        return {entry["key"]: entry["value"] for entry in call(f"{self.address}/jobmanager/config")}

    def jobs(self, name: str) -> list[Listed]:
        """The jobs of this name that the cluster still lists, the newest last."""
        answer = call(f"{self.address}/jobs/overview")
        try:
            all_ = [Listed(job["jid"], job["name"], job["state"], job["start-time"]) for job in answer["jobs"]]
        except (KeyError, TypeError) as error:
            raise RestError(f"What answers at {self.address} is not Flink's REST API.") from error
        return sorted((job for job in all_ if job.name == name), key=lambda job: job.started)

    def find(self, name: str) -> Listed | None:
        """The newest job of this name that has not ended, else the newest of all; None without a job."""
        found = self.jobs(name)
        alive = [job for job in found if not job.has_ended]
        return next(reversed(alive or found), None)

    def job(self, id_: str) -> Job:
        return Job(self.address, id_)


def call(url: str, body: dict[str, Any] | None = None, method: str | None = None) -> Any:
    """The JSON answer to a GET, to a POST of `body`, or to another method. Raises RestError."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)  # noqa: S310
    # A call to this machine must not go through a proxy.
    proxies = urllib.request.ProxyHandler({} if is_loopback(url) else None)
    try:
        with urllib.request.build_opener(proxies).open(request, timeout=10) as answer:
            return json.load(answer)
    except (urllib.error.URLError, OSError, ValueError) as error:
        proxy = None if is_loopback(url) else proxy_for(url)
        through = f" through the proxy {proxy}" if proxy else ""
        raise RestError(f"Flink's REST API did not answer {url}{through} ({error}).") from error


def root_cause(trace: str, longest: int = 400) -> str:
    """The innermost cause of a Java stack trace as a line, without its package and the AWS SDK's suffix.

    "Connection refused" says less than its outer exception, which has the address. longest: of the line, in characters.
    """
    first, *others = trace.splitlines() or [""]
    causes = [line.removeprefix("Caused by: ") for line in others if line.startswith("Caused by: ")]
    *outer, cause = [first, *causes]
    said = cause.partition(": ")[2] or cause
    if outer and len(said) < SHORT and said in outer[-1]:
        cause = outer[-1]
    return textwrap.shorten(_REQUEST.sub(r" (\1, \2)", _PACKAGE.sub("", cause)), longest, placeholder=" ...")


def _watermark(value: str) -> int | None:
    """A metric's value in milliseconds; None for Long.MIN_VALUE, which stands for no watermark."""
    return int(value) if abs(int(value)) < 2**62 else None
