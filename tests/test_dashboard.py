"""The dashboard in a real browser, on the emulator: its content, and its recovery from failures."""

from __future__ import annotations

import itertools
import json
import math
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.keys import Keys

from java import paths
from local import emulator, page, resources
from local.emulator import Emulator
from local.resources import Names
from program import processes
from tests import browser
from tests.browser import Tab, every_frame
from tests.emulated import Stage, job_here, producer
from tests.faults import kinesis_mock, proxy, rules
from tests.kpl import Inner, aggregate

MIDTOWN = (40.749167, -73.985184)
HOSTILE = (
    "<img src=x onerror=\"document.title='taken'\">",
    "</script><script>document.title='taken'</script>",
    "Bree\u202egnp.exe",
    "x" * 128,
)
# The browser's own message on a request that a test made fail.
REFUSED = r"/aws/? - Failed to load resource: .*(400|500|502|net::ERR_INTERNET_DISCONNECTED)"


@dataclass
class Place:
    """Streams and a table for a test, the page for them, and the writes of a producer and the job."""

    aws: Mapping[str, str]
    names: Names
    address: str = ""
    config: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.kinesis, self.dynamodb = resources.clients(self.aws)

    def fly(self, *readings: Mapping[str, Any] | bytes) -> None:
        """Put raw readings; bytes are put unchanged, for malformed records."""
        self._put(self.names.raw, *readings)

    def sum_up(self, *rows: Mapping[str, Any], stream: bool = True, table: bool = True) -> None:
        """Write minute rows to the job's outputs."""
        if stream:
            self._put(self.names.summary, *rows)
        for row in rows if table else ():
            item = {key: {"S" if isinstance(value, str) else "N": str(value)} for key, value in row.items()}
            self.dynamodb.put_item(TableName=self.names.table, Item=item)

    def reject(self, *errors: Mapping[str, Any]) -> None:
        self._put(self.names.errors, *errors)

    def item(self, key: Any) -> Any:
        """An item of the table, or None."""
        return self.dynamodb.get_item(TableName=self.names.table, Key=key).get("Item")

    def _put(self, stream: str, *records: Mapping[str, Any] | bytes) -> None:
        entries: Any = [
            {
                "Data": one if isinstance(one, bytes) else json.dumps(one, sort_keys=True).encode() + b"\n",
                "PartitionKey": "any" if isinstance(one, bytes) else str(one.get("Name", "any")),
            }
            for one in records
        ]
        for at in range(0, len(entries), 500):  # https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords
            answer = self.kinesis.put_records(StreamName=stream, Records=entries[at : at + 500])
            assert answer["FailedRecordCount"] == 0


def status_time(seconds: float = 0) -> str:
    """The time in so many seconds, in the contract's format."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


def reading(name: str, place: tuple[float, float] = MIDTOWN, after: float = 0, **change: Any) -> dict[str, Any]:
    """A raw reading, so many seconds after now."""
    latitude, longitude = place
    whole = {
        "Distance": 30.0,
        "HealthPoints": 150,
        "Latitude": latitude,
        "Longitude": longitude,
        "MagicPoints": 149,
        "Name": name,
        "StatusTime": status_time(after),
    }
    return whole | change


def row(name: str, minutes_ago: int, **change: Any) -> dict[str, Any]:
    """A minute row, of the minute that ended so many minutes ago."""
    end = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=minutes_ago)
    return {
        "Name": name,
        "StatusTime": end.strftime("%Y-%m-%d %H:%M:%S.000"),
        "Distance": 1801,
        "MinMagicPoints": 141,
        "MaxMagicPoints": 152,
        "MinHealthPoints": 133,
        "MaxHealthPoints": 147,
    } | change


def rejected(kind: str, **change: Any) -> dict[str, Any]:
    return {
        "ERROR_TIME": status_time(),
        "ERROR_LEVEL": "ERROR",
        "ERROR_NAME": kind,
        "MESSAGE": f"It is {kind}.",
        "DATA_ROWTIME": status_time(),
        "DATA_ROW": "{}",
        "PUMP_NAME": "errors",
    } | change


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    with browser.running(tmp_path_factory.mktemp("chromium")) as running:
        yield running


@pytest.fixture
def tab(chromium: webdriver.Chrome) -> Iterator[Tab]:
    """A page. After each test its console is clean, and all of its requests went to this machine."""
    tab = Tab(chromium)
    tab.problems()
    yield tab
    found = tab.problems()
    tab.close()
    assert not found, found[:3]


@contextmanager
def served(on: Place, endpoint: str, keys: emulator.Keys) -> Iterator[Place]:
    """The page of this place, with this endpoint.

    A tab older than the page leaves the page first (closing(tab)): a request to a stopped server is an error in the
    tab's console.
    """
    with page.running(on.config, endpoint, keys=keys) as running:
        on.address = running.address
        yield on


def made(aws: Emulator, name: str, shards: int = 2) -> Place:
    names = Names(*(f"{name[:60]}-{what}" for what in ("raw", "summary", "errors", "table")))
    outputs = resources.create(aws.environment, shards, resources.workshop(), names.of_tables(), Dashboard="yes")
    return Place(aws.environment, names, config=page.settings(names, emulator.REGION, outputs["IdentityPool"]))


@pytest.fixture
def place(aws: Emulator, request: pytest.FixtureRequest) -> Iterator[Place]:
    name = "".join(letter if letter.isalnum() else "-" for letter in request.node.name)
    with served(made(aws, f"map-{name}", getattr(request, "param", 2)), aws.endpoint, aws.keys) as on:
        yield on


def metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The great circle distance of two places in degrees (haversine, a sphere of 6,371 km)."""
    (a, b), (c, d) = ([math.radians(part) for part in place] for place in (one, other))
    half = math.sin((c - a) / 2) ** 2 + math.cos(a) * math.cos(c) * math.sin((d - b) / 2) ** 2
    return 2 * 6_371_000 * math.asin(math.sqrt(half))


def test_markers_stand_where_the_readings_say(place: Place, tab: Tab) -> None:
    """By the scale bar, the markers have the distance and the direction of their places."""
    north = (40.85, -73.95)
    place.fly(reading("Shadowfax"), reading("Rocinante", north))
    tab.open(place.address)
    here, there = tab.marker("Shadowfax"), tab.marker("Rocinante")
    pixels = tab.js("return document.querySelector('#scale').offsetWidth - 3")  # without its borders
    kilometres = float(tab.text("#scale").removesuffix(" km"))
    apart = math.hypot(there["x"] - here["x"], there["y"] - here["y"]) / pixels * kilometres * 1000
    assert apart == pytest.approx(metres(MIDTOWN, north), rel=0.05)
    assert there["y"] < here["y"] - 50
    assert there["x"] > here["x"]
    assert tab.text("#figure-unicorns") == "2"


def test_markers_glide_and_leave_a_track(place: Place, tab: Tab) -> None:
    """Between two readings a marker passes many places, and its track begins at its start."""
    east = (40.749167, -73.78)
    place.fly(reading("Shadowfax"))
    tab.open(place.address)
    start = tab.marker("Shadowfax")
    time.sleep(1)  # the interval of the two readings
    place.fly(reading("Shadowfax", east, after=1))
    seen = []
    tab.until(lambda: seen.extend(every_frame(tab, "Shadowfax", 0.5)) or seen[-1]["x"] > start["x"] + 60, "movement")
    seen += every_frame(tab, "Shadowfax", 2)
    places = [one["x"] for one in seen]
    between = {round(x) for x in places if start["x"] + 3 < x < places[-1] - 3}
    assert len(between) >= 5, sorted(between)
    assert all(later > earlier - 2 for earlier, later in itertools.pairwise(places)), str([round(x) for x in places])
    tab.until(lambda: painted(tab, (start["x"] + places[-1]) / 2, start["y"]), "a track half way")
    assert not painted(tab, (start["x"] + places[-1]) / 2, start["y"] + 40)


def painted(tab: Tab, x: float, y: float) -> bool:
    """Whether there is a track within two pixels of this point of the window."""
    script = """
    const [x, y] = arguments;
    return [...document.querySelectorAll("canvas[data-layer=tracks]")].some((canvas) => {
      const box = canvas.getBoundingClientRect();
      const context = canvas.getContext("2d");
      const { data } = context.getImageData(x - box.left - 2, y - box.top - 2, 5, 5);
      return canvas.style.visibility !== "hidden" && data.some((value, index) => index % 4 === 3 && value > 60);
    });
    """
    return bool(tab.js(script, x, y))


def test_popup(place: Place, tab: Tab) -> None:
    """A click on a marker shows the unicorn's readings, and marks low values."""
    place.fly(reading("Bucephalus", Distance=30.5, HealthPoints=99, MagicPoints=100))
    tab.open(place.address)
    at = tab.marker("Bucephalus")
    tab.click(at["x"], at["y"])
    tab.shows("#popup-name", "Bucephalus")
    assert tab.text("#popup-speed") == "68.2 mph · 30.5 m/s"  # 30.5 x 2.23694 = 68.2267
    assert tab.text("#popup-health") == "99 low"
    assert tab.text("#popup-magic") == "100"
    tab.until(lambda: tab.text("#popup-seen").endswith(" s ago"), "when it was last seen")
    assert tab.js("return document.querySelector('[role=option]').classList.contains('weak')")
    tab.click(at["x"] - 150, at["y"] + 150)
    tab.until(lambda: not tab.text("#popup-name"), "the popup closes")


def test_summary_rows_are_those_of_the_table(place: Place, tab: Tab) -> None:
    """Each value of a row from the stream equals the value in DynamoDB."""
    tab.open(place.address)
    tab.shows("#status", "live")
    place.sum_up(row("Bree", 1, Distance=1794, MinMagicPoints=98), row("Jewel", 1))
    tab.until(lambda: tab.text("#minutes-count") == "2", "two rows")
    assert are_in_the_table(place, tab) == {"Bree", "Jewel"}
    low = tab.js("return document.querySelector('#minute-rows tr[data-name=Bree] td:last-child').className")
    assert "low" in low.split()


def are_in_the_table(place: Place, tab: Tab) -> set[str]:
    """Compare each displayed row with its item in the table; returns the names in the rows."""
    shown = tab.js(
        "return [...document.querySelectorAll('#minute-rows tr')].map((one) => "
        "[one.dataset.name, one.dataset.time, [...one.children].map((cell) => cell.innerText)])"
    )
    for name, time_, cells in shown:
        key: Any = {"Name": {"S": name}, "StatusTime": {"S": time_}}
        what = f"{name} {time_} in the table, which gets its rows beside the stream"
        item = tab.until(partial(place.item, key), what)
        value = {column: next(iter(held.values())) for column, held in item.items()}
        least_health, most_health, least_magic, most_magic = (
            value[f"{which}{what}Points"] for what in ("Health", "Magic") for which in ("Min", "Max")
        )
        assert cells == [
            name,
            time_[11:16],
            f"{int(value['Distance']):,} m",
            least_health if least_health == most_health else f"{least_health}–{most_health}",
            least_magic if least_magic == most_magic else f"{least_magic}–{most_magic}",
        ]
    return {name for name, _time, _cells in shown}


@pytest.mark.usefixtures("jvm")
def test_rows_of_the_job_itself(aws: Emulator, place: Place, tab: Tab, tmp_path: Path) -> None:
    """Producer, Flink job and page together: the page has the table's rows, and the errors by kind."""
    on = Stage(aws, place.names)
    with job_here(on, tmp_path / "job", 2):
        tab.open(place.address)
        tab.shows("#status", "live")
        flags = ("--unicorns", "5", "--speed", "20", "--seed", "3", "--malformed", "0.05")
        flying = producer(on, tmp_path / "sent.jsonl", *flags)
        try:
            tab.until(lambda: int(tab.text("#minutes-count") or 0) >= 10, "two minutes of five unicorns", 60)
            tab.shows("#figure-unicorns", "5")
        finally:
            processes.stop(flying, 15)
        names = set(tab.names())
        tab.until(lambda: int(tab.text("#errors-count")) > 0, "errors")
        assert are_in_the_table(place, tab) == names


def test_reload_shows_the_history_of_the_table(place: Place, tab: Tab) -> None:
    """Rows that are no longer in any stream fill the list and the charts: the last 30 of a unicorn."""
    place.sum_up(*(row("Bree", ago, Distance=1740 + ago, MinHealthPoints=95) for ago in range(1, 41)), stream=False)
    place.sum_up(row("Jewel", 1), stream=False)
    place.fly(reading("Bree"))
    for _time in ("opened", "reloaded"):
        tab.open(place.address)
        tab.until(lambda: tab.text("#minutes-count") == "30", "thirty rows of the only unicorn in the air")
        tab.choose("Bree")
        tab.shows("#detail-name", "Bree")
        tab.shows("#detail-distance", "1,741 m")
        label = tab.js("return document.querySelector('#chart-distance').getAttribute('aria-label')")
        assert label == "Distance per minute in metres: 30 minutes from 1741 to 1770, the last 1741"
        assert tab.js("return document.querySelectorAll('#chart-distance .line')[1].getTotalLength()") > 100
        assert "low" in tab.js("return document.querySelector('#detail-health').className")
    place.sum_up(row("Bree", 0, Distance=1800))
    tab.shows("#detail-distance", "1,800 m")


# Frames and ages follow this clock. `window.stopped` stops it; then only the test advances it.
STOPPABLE = """
const now = performance.now.bind(performance);
performance.now = () => window.stopped ?? now();
const request = window.requestAnimationFrame.bind(window);
window.requestAnimationFrame = (draw) => request((time) => draw(window.stopped ?? time));
"""


def test_silent_unicorns_fade_and_leave(place: Place, tab: Tab) -> None:
    """Without a reading for 30 s a unicorn leaves map and list; a unicorn with readings stays."""
    place.fly(reading("Bree"), reading("Jewel", (40.85, -73.95)))
    tab.open(place.address, before=STOPPABLE)
    bright = tab.marker("Bree")
    tab.js("window.stopped = performance.now() + 22_000")
    silent = (
        "return [...document.querySelectorAll('[role=option].silent:not([hidden])')].map((one) => one.dataset.name)"
    )
    tab.until(lambda: len(tab.js(silent)) == 2, "both are silent")
    place.fly(reading("Jewel", (40.85, -73.95), after=1))
    tab.until(lambda: tab.js(silent) == ["Bree"], "Jewel is back")
    assert tab.js("return document.querySelector('[role=option].silent .note').innerText").startswith("silent, ")
    opacity = """
    const canvas = document.querySelector("canvas[data-layer=markers]");
    const box = canvas.getBoundingClientRect();
    const [x, y] = [arguments[0] - box.left - 4, arguments[1] - box.top - 4];
    const { data } = canvas.getContext("2d").getImageData(x, y, 9, 9);
    return Math.max(...data.filter((_value, index) => index % 4 === 3));
    """
    assert 100 < tab.js(opacity, bright["x"], bright["y"]) < 220, "it fades"
    tab.js("window.stopped += 11_000")
    tab.until(lambda: tab.names() == ["Jewel"], "Bree is gone")
    tab.shows("#figure-unicorns", "1")
    tab.until(lambda: tab.js(opacity, bright["x"], bright["y"]) == 0, "its marker is gone")


def test_hostile_names_are_text(place: Place, tab: Tab) -> None:
    """Markup in names, messages and records is shown as text, and has no effect."""
    place.fly(*(reading(name, HealthPoints=140 + index) for index, name in enumerate(HOSTILE)))
    place.sum_up(*(row(name, 1) for name in HOSTILE))
    tab.open(place.address)
    tab.has(*HOSTILE)
    place.reject(*(rejected(name, MESSAGE=name, DATA_ROW=name) for name in HOSTILE))
    tab.until(lambda: tab.text("#minutes-count") == "4", "their rows")
    for name in HOSTILE:
        tab.choose(name)
        shown = name if len(name) <= 40 else name[:39] + "…"
        texts = "return ['#popup-name', '#detail-name'].map((one) => document.querySelector(one).textContent)"
        tab.until(lambda texts=texts, shown=shown: tab.js(texts) == [shown, shown], shown)
    tab.js("document.querySelector('#tab-errors').click()")
    records = "return [...document.querySelectorAll('#error-list .record')].map((one) => one.textContent)"
    tab.until(lambda: set(tab.js(records)) == set(HOSTILE), "their errors")
    assert tab.js("return [document.title, document.querySelectorAll('main img, main script').length]") == [
        "Wild Rydes, live",
        0,
    ]


MALFORMED = (
    b"no JSON",
    b"",
    b"[1, 2]",
    b"null",
    b'{"Name": "Nobody"}',
    b"\xff\xfe\x00",
    b"[" * 200_000,
    json.dumps(reading("Nobody", Latitude="north")).encode(),
    json.dumps(reading("Nobody", StatusTime="yesterday")).encode(),
    json.dumps(reading("Nobody", Longitude=1e9)).encode(),
)


def test_each_part_of_a_record_is_a_reading(place: Place, tab: Tab) -> None:
    """Documents in one record, and the records of an aggregate, are shown each; what is unreadable is counted each."""
    tab.open(place.address)
    tab.shows("#status", "live")
    one = {name: json.dumps(reading(name)).encode() for name in ("Bree", "Hwin", "Boxer", "Clover")}
    inner = [Inner("a", one["Boxer"] + b"\nno JSON"), Inner("b", one["Clover"])]
    place.fly(one["Bree"] + one["Hwin"] + b"{}", aggregate(inner), aggregate(inner)[:-1])
    for name in one:
        tab.has(name)
    tab.shows("#figure-unreadable", "3")


def test_malformed_records_are_counted_and_break_nothing(place: Place, tab: Tab) -> None:
    """Malformed records on any stream are counted; the records after them are shown. Errors are counted by kind."""
    tab.open(place.address)
    tab.shows("#status", "live")
    place.fly(*(one or b" " for one in MALFORMED), reading("Bree"))
    tab.has("Bree")
    place._put(place.names.summary, b"no row", row("Bree", 1))
    place._put(place.names.errors, b"no error", *map(rejected, ("PARSE", "PARSE", "COERCION", "LATE", "LATE", "LATE")))
    tab.shows("#figure-unreadable", str(len(MALFORMED) + 2))
    tab.shows("#errors-count", "6")
    tab.until(lambda: tab.text("#minutes-count") == "1", "the only row")
    assert [tab.text(f"[data-errors={kind}]") for kind in ("PARSE", "COERCION", "LATE")] == ["2", "1", "3"]
    tab.js("document.querySelector('#tab-errors').click()")
    tab.until(lambda: tab.js("return document.querySelectorAll('#error-list li').length") == 6, "the list of errors")
    assert tab.names() == ["Bree"]


def test_emulator_restarted(tab: Tab, tmp_path: Path) -> None:
    """AWS stops and returns with other streams of the same names: the page says so, and recovers by itself."""
    tab.expected += [REFUSED, r"/aws/? - Failed to load resource: .*403"]  # a guest of the previous emulator is refused
    port = processes.free_port()
    with emulator.running(tmp_path / "one.log", port) as aws:
        on = made(aws, "map-again")
        with served(on, aws.endpoint, aws.keys), closing(tab):
            on.fly(reading("Bree"))
            tab.open(on.address)
            tab.has("Bree")
            processes.stop(aws.process)
            tab.until(lambda: "trying again" in tab.text("#status"), "told that it is gone")
            with emulator.running(tmp_path / "two.log", port, aws.keys) as again:
                other = made(again, "map-again")
                on.config.update(other.config)
                other.fly(reading("Jewel"))
                other.sum_up(row("Jewel", 1))
                tab.has("Jewel")
                tab.until(lambda: tab.text("#minutes-count") == "1", "its row")
                tab.shows("#status", "live")


def test_network_gone_and_back(place: Place, tab: Tab) -> None:
    """Records from the time without network are shown afterwards, and none is lost."""
    tab.expected.append(REFUSED)
    place.fly(reading("Bree"))
    tab.open(place.address)
    tab.has("Bree")
    tab.shows("#status", "live")
    tab.offline(is_on=True)
    tab.shows("#status", "no connection, trying again")
    place.fly(reading("Jewel"))
    place.sum_up(row("Jewel", 1), row("Jewel", 2), table=False)
    place.reject(rejected("LATE"))
    tab.offline(is_on=False)
    tab.has("Jewel")
    tab.until(lambda: tab.text("#minutes-count") == "2", "both rows")
    tab.shows("#errors-count", "1")
    tab.shows("#status", "live")


def test_expired_iterators_throttling_and_failures(aws: Emulator, tab: Tab) -> None:
    """After each failure the page recovers, each record appears once, and the page names the reason of the wait."""
    tab.expected.append(REFUSED)
    on = made(aws, "map-faults")
    with proxy.running(aws.endpoint) as between, served(on, between.endpoint, aws.keys), closing(tab):
        between.add(rules.expire(times=3))
        between.add(rules.throttle("GetRecords", times=8))
        between.add(rules.throttle("Query", times=2))
        between.add(rules.server_errors("ListShards", times=1))
        on.sum_up(row("Bree", 9), stream=False)
        tab.open(on.address)
        on.fly(reading("Bree"))
        on.reject(*map(rejected, ("PARSE", "LATE")))
        tab.has("Bree")
        tab.until(lambda: tab.text("#minutes-count") == "1", "the row of the table")
        tab.shows("#status", "live")
        between.clear()
        with between.fault(rules.throttle("GetRecords")):
            tab.shows("#status", "slowed down by Kinesis, trying again")
            on.reject(rejected("COERCION"))
        tab.shows("#status", "live")
        tab.shows("#errors-count", "3")
        with between.fault(rules.deny("GetRecords", "ListShards", times=4)) as denied:
            tab.until(lambda: denied.hits == 4, "access denied, four times")
        on.reject(rejected("LATE"))
        tab.shows("#errors-count", "4")


def test_resharding(aws: Emulator, tab: Tab, tmp_path: Path) -> None:
    """After a split the page reads the shard's children, without a reload; other shards are not disturbed."""
    on = made(aws, "map-split", 1)
    with kinesis_mock.running(tmp_path / "mock.log") as mock:
        on.kinesis = resources.clients(mock.environment)[0]
        kinesis_mock.create({on.names.raw: 1, on.names.summary: 1, on.names.errors: 1}, on.kinesis)
        others = {f"AWSCognitoIdentityService.{call}": aws.endpoint for call in ("GetId", "GetCredentialsForIdentity")}
        upstream = {"Kinesis": f"{mock.endpoint}/", "DynamoDB": aws.endpoint, **others}
        with proxy.running(upstream) as between, served(on, between.endpoint, aws.keys), closing(tab):
            on.fly(reading("Bree"))
            tab.open(on.address)
            tab.has("Bree")
            stream = on.names.raw
            on.kinesis.split_shard(
                StreamName=stream, ShardToSplit="shardId-000000000000", NewStartingHashKey=str(2**127)
            )
            summary: Callable[[], Any] = lambda: on.kinesis.describe_stream_summary(StreamName=stream)  # noqa: E731
            tab.until(lambda: summary()["StreamDescriptionSummary"]["StreamStatus"] == "ACTIVE", "the split")
            for name, key in (("Jewel", 1), ("Boxer", 2**128 - 1)):
                on.kinesis.put_record(
                    StreamName=stream, Data=json.dumps(reading(name)), PartitionKey=name, ExplicitHashKey=str(key)
                )
            tab.has("Bree", "Jewel", "Boxer")
            tab.js("document.querySelector('#tab-streams').click()")
            tab.shows("[data-stream=readings] .facts div:first-child dd", "2 open, 1 closed")


def test_layouts_and_keyboard(place: Place, tab: Tab) -> None:
    """At each width the page needs no horizontal scrolling, and the keyboard reaches every panel."""
    place.fly(*(reading(f"Unicorn {number:02}") for number in range(30)))
    place.sum_up(row("Unicorn 00", 1))
    tab.open(place.address)
    tab.has("Unicorn 00")
    panels = ("fleet", "detail", "minutes", "errors", "streams")
    for width, height in ((1440, 900), (1024, 768), (390, 844)):
        tab.resize(width, height)
        tab.until(lambda width=width: tab.js("return innerWidth") == width, "the width")
        assert tab.js("return document.documentElement.scrollWidth") <= width
        assert tab.js("return document.querySelector('#map').offsetHeight") > 200
        shown = panels[2:] if width >= 1280 else panels
        tab.js("document.querySelector(arguments[0]).focus()", f"#tab-{shown[0]}")
        tab.press(Keys.ENTER)
        for panel in shown:
            tab.until(
                lambda panel=panel: tab.js("return document.activeElement.id") == f"tab-{panel}", f"{panel}'s tab"
            )
            box = tab.js("return document.getElementById(arguments[0]).getBoundingClientRect().toJSON()", panel)
            assert box["height"] > 150, (panel, width)
            assert box["right"] <= width
            assert tab.js("const e = window[arguments[0]]; return e.scrollWidth - e.clientWidth", panel) <= 0
            tab.press(Keys.ARROW_RIGHT)
    tab.js("document.activeElement.blur()")
    tab.press("/")
    assert tab.js("return document.activeElement.id") == "search"
    tab.press("Unicorn 2")
    tab.shows("#fleet-count", "10 of 30")
    tab.js("document.querySelector('#fleet-list').focus()")
    tab.press(Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    tab.shows("#popup-name", "Unicorn 21")
    active = "document.querySelector('#fleet-list').getAttribute('aria-activedescendant')"
    assert tab.js(f"return document.getElementById({active}).dataset.name") == "Unicorn 21"
    tab.press(Keys.END)
    tab.shows("#popup-name", "Unicorn 29")
    tab.press(Keys.ESCAPE)
    tab.until(lambda: not tab.text("#popup-name"), "Escape closes the popup")


SHIFTS = """
window.moved = [];
new PerformanceObserver((list) => {
  for (const { value, sources } of list.getEntries()) {
    const moved = sources.map(({ node }) => (node?.nodeType === 1 ? node : node?.parentElement));
    // In a list whose newest line comes first, the others make way.
    const jumped = moved.filter((one) => !one?.closest("#minute-rows, #error-list"));
    if (jumped.length > 0) window.moved.push([value, jumped.map((one) => one?.outerHTML.slice(0, 90))]);
  }
}).observe({ type: "layout-shift", buffered: true });
"""


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1024, 768), (390, 844)])
def test_an_event_time_of_another_day(place: Place, tab: Tab, width: int, height: int) -> None:
    """An event time of another day (the demo's flight begins days ago) is shown with its date, and fits."""
    place.fly(reading("Bree", after=-6 * 24 * 3600))
    tab.open(place.address, width, height)
    tab.shows("#figure-lag", "6 d behind")
    assert re.fullmatch(r"\d{1,2} [A-Z][a-z]{2} \d\d:\d\d", tab.text("#figure-time"))
    box = "const box = document.querySelector(arguments[0]).getBoundingClientRect(); return [box.left, box.right]"
    _left, right = tab.js(box, "#figure-lag")
    assert right <= width
    assert right <= tab.js(box, "[data-errors=PARSE]")[0] or width == 390, "the errors stand in the next line there"


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_nothing_jumps_while_data_flows(place: Place, tab: Tab, width: int, height: int) -> None:
    """From the first paint on, incoming data moves nothing on the page (https://web.dev/articles/cls: 0.1 is good)."""
    tab.open(place.address, width, height, before=SHIFTS)
    for second in range(4):
        names = [f"Unicorn {number}" for number in range(10 * (second + 1))]
        place.fly(*(reading(name, after=second, HealthPoints=98 + second, Distance=9.9 + second) for name in names))
        place.sum_up(*(row(name, 5 - second) for name in names[:20]), table=False)
        place.reject(*map(rejected, ["LATE"] * 10**second))
        tab.until(lambda second=second: tab.text("#figure-unicorns") == f"{10 * (second + 1)}", "all of them")
        tab.choose("Unicorn 1")
    tab.until(lambda: tab.text("#errors-count") == "1,111", "all errors")
    moved = tab.js("return window.moved")
    assert sum(value for value, _what in moved) < 0.01, moved


CONTRAST = """
const parse = (text) => text.match(/[\\d.]+/g).map(Number);
const light = ([red, green, blue]) => {
  const [r, g, b] = [red, green, blue].map((part) => part / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ground = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const colour = parse(getComputedStyle(at).backgroundColor);
    if (colour.length < 4 || colour[3] === 1) return colour;
  }
  return [255, 255, 255];
};
const found = [];
for (const element of document.querySelectorAll("header *, .tabs *, .panel *, #popup *, #scale")) {
  const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== "");
  if (!hasText || !element.checkVisibility() || element.closest("svg, option")) continue;
  const [one, other] = [light(parse(getComputedStyle(element).color)), light(ground(element))];
  const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  found.push([ratio, `${element.tagName}#${element.id}.${element.className}: ${element.textContent}`]);
}
return found;
"""


@pytest.mark.parametrize("dark", [False, True])
def test_contrast(place: Place, tab: Tab, *, dark: bool) -> None:
    """Every text has a contrast of 4.5 to 1 to its background (WCAG 2.2, success criterion 1.4.3)."""
    place.fly(reading("Bree", HealthPoints=90), reading("Jewel"))
    place.sum_up(row("Bree", 1, MinHealthPoints=90))
    tab.open(place.address, dark=dark)
    tab.has("Bree", "Jewel")
    place.reject(*map(rejected, ("PARSE", "COERCION", "LATE")))
    tab.choose("Bree")
    tab.until(lambda: tab.text("#minutes-count") == "1" and tab.text("#errors-count") == "3", "rows and errors")
    assert tab.js("return getComputedStyle(document.documentElement).colorScheme") == ("dark" if dark else "light")
    for panel in ("minutes", "errors", "streams"):
        tab.js("document.querySelector(arguments[0]).click()", f"#tab-{panel}")
        found = tab.js(CONTRAST)
        assert len(found) > 40
        assert not [one for one in found if one[0] < 4.5]


@pytest.mark.parametrize("place", [64], indirect=True)
def test_a_thousand_unicorns_on_many_shards(place: Place, tab: Tab) -> None:
    """All unicorns of all shards are on the map and in the list, and frames are still drawn."""
    names = [f"Unicorn {number:04}" for number in range(1000)]
    spots = [(40.6 + number % 32 / 100, -74.1 + number // 32 / 100) for number in range(1000)]
    place.fly(*(reading(name, spot) for name, spot in zip(names, spots, strict=True)))
    tab.open(place.address)
    tab.shows("#figure-unicorns", "1,000")
    place.fly(*(reading(name, spot, after=1) for name, spot in zip(names, spots, strict=True)))
    frames = """
    const [done] = arguments;
    let count = 0;
    const next = () => ((count += 1) < 30 ? requestAnimationFrame(next) : done(count));
    next();
    """
    assert tab.browser.execute_async_script(frames) == 30
    covered = """
    const canvas = document.querySelector("canvas[data-layer=markers]");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return data.filter((value, index) => index % 4 === 3 && value > 200).length;
    """
    assert tab.js(covered) > 1000 * 60, "pixels under markers"
    assert len(tab.names()) < 60, "rows that are out of sight do not exist"
    tab.js("const e = document.querySelector('#search'); e.value = '0777'; e.dispatchEvent(new Event('input'))")
    tab.until(lambda: tab.names() == ["Unicorn 0777"], "the one that was searched for")
    assert tab.text("#fleet-count") == "1 of 1,000"
    tab.js("document.querySelector('#tab-streams').click()")
    tab.js("document.querySelector('[data-stream=readings] details').open = true")
    tab.shows("[data-stream=readings] .facts div:first-child dd", "64 open")
    tab.until(
        lambda: tab.js("return document.querySelectorAll('[data-stream=readings] tbody tr').length") == 64, "shards"
    )


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"table": ""}, "config.json cannot be used: table is missing."),
        ({"tabel": "x"}, "config.json cannot be used: tabel is not known."),
    ],
)
def test_unusable_settings(place: Place, tab: Tab, change: dict[str, Any], sentence: str) -> None:
    """The page names the problem of its config.json in one sentence."""
    place.config.update(change)
    tab.open(place.address)
    tab.shows("[role=alert]", sentence)


def test_no_settings(place: Place, tab: Tab) -> None:
    """Without its config.json the page says so."""
    tab.expected.append("config.json - Failed to load resource: net::ERR_BLOCKED_BY_CLIENT")
    tab.browser.execute_cdp_cmd("Network.enable", {})
    tab.browser.execute_cdp_cmd("Network.setBlockedURLs", {"urls": ["*/config.json"]})
    try:
        tab.open(place.address)
        tab.shows("[role=alert]", "config.json cannot be fetched: check the connection.")
    finally:
        tab.browser.execute_cdp_cmd("Network.setBlockedURLs", {"urls": []})


def test_online_tiles(aws: Emulator, tab: Tab, tmp_path: Path) -> None:
    """Tiles in config.json replace the outlines, and their owner is named."""
    dist, port = tmp_path / "dist", processes.free_port()
    shutil.copytree(paths.PAGE, dist)
    (dist / "tile.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"><rect width="256" height="256"/></svg>')
    on = made(aws, "map-tiles")
    tiles = {"url": f"http://127.0.0.1:{port}/tile.svg?{{z}}/{{x}}/{{y}}", "attribution": "<b>them</b>"}
    config = {**on.config, "tiles": tiles}
    with page.running(config, aws.endpoint, port, dist, aws.keys) as running, closing(tab):
        on.fly(reading("Bree"))
        tab.open(running.address)
        tab.until(lambda: tab.js("return document.querySelectorAll('img.leaflet-tile-loaded').length") > 3, "tiles")
        assert tab.marker("Bree")
        assert tab.text("#credit") == "<b>them</b>"
        asked = tab.js("return performance.getEntriesByType('resource').map((one) => one.name)")
        assert not [one for one in asked if one.endswith("boroughs.json")]


def test_unknown_identity_pool(place: Place, tab: Tab) -> None:
    """The page names a pool that refuses guests, and recovers once config.json has another pool."""
    tab.expected.append(REFUSED)
    pool = place.config["identityPool"]
    place.config["identityPool"] = f"{emulator.REGION}:00000000-0000-0000-0000-000000000000"
    tab.open(place.address)
    tab.shows("#status", "access refused, trying again")
    place.config["identityPool"] = pool
    place.fly(reading("Bree"))
    tab.has("Bree")
    tab.shows("#status", "live")
