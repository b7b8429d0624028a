"""Access logs of CloudFront for the job cloudfront_requests: python -m producer.cloudfront --help.

Tabs between 33 fields, two header lines, percent-encoded values. Source: "Standard logging reference", Amazon
CloudFront Developer Guide, https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html
"""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from program import command_line
from program.command_line import number, option
from program.output import guarded

FIELDS = (
    "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) "
    "cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken "
    "x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status "
    "fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len "
    "sc-range-start sc-range-end"
)
HEADER = ("#Version: 1.0", f"#Fields: {FIELDS}")
START = datetime(2014, 7, 5, 20, tzinfo=UTC)  # the day of the course's lab
DISORDER = 300  # seconds of event time by which a line may be older than a line before it

WEB = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0"
# User agent -> its operating system, and its share of the requests in per cent.
AGENTS: Mapping[str, tuple[str, int]] = {
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEB} Safari/537.36": ("Windows", 24),
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:121.0) Gecko/20100101 Firefox/121.0": ("Windows", 10),
    "Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; Trident/5.0)": ("Windows", 1),
    "Mozilla/5.0 (Windows Phone 10.0; Android 6.0.1; Microsoft; Lumia 950) AppleWebKit/537.36": ("Windows", 1),
    f"Mozilla/5.0 (Linux; Android 10; K) {WEB} Mobile Safari/537.36": ("Android", 20),
    "Mozilla/5.0 (Android 13; Mobile; rv:121.0) Gecko/121.0 Firefox/121.0": ("Android", 5),
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1": ("iOS", 14),
    "AppleCoreMedia/1.0.0.21C62 (iPad; U; CPU OS 17_2 like Mac OS X; en_us)": ("iOS", 3),
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Safari/605.1.15": ("MacOS", 11),
    "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0": ("Linux", 5),
    f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {WEB} Safari/537.36": ("ChromeOS", 2),
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)": ("Other", 2),
    "curl/8.4.0": ("Other", 1),
    "-": ("Other", 1),
}


def encoded(value: str) -> str:
    """The percent-encoded value of a log: ASCII up to 32 and from 127 on, and the characters that CloudFront lists."""
    return re.sub(
        "[^!-~]|[<>\"#%{}|\\\\^~\\[\\]`']", lambda match: "".join(f"%{b:02X}" for b in match[0].encode()), value
    )


def lines(count: int, seed: int) -> Iterator[str]:
    """The lines of a log, with line feeds: the header, then `count` requests, on average a second apart.

    Equal seeds give equal lines. A tenth of the user agents is already encoded, so the log encodes it twice.
    """
    dice = random.Random(seed)  # noqa: S311  (seeded, so that it can be repeated)
    shares = [share for _system, share in AGENTS.values()]
    time = START
    yield from (f"{line}\n" for line in HEADER)
    for _ in range(count):
        time += timedelta(seconds=dice.randrange(3))
        at = time - timedelta(seconds=dice.randrange(DISORDER))
        agent = dice.choices(list(AGENTS), shares)[0]
        agent = encoded(agent) if dice.random() < 0.1 else agent
        status = dice.choices(("200", "304", "404", "000"), (85, 10, 4, 1))[0]
        result = {"200": "Hit", "304": "Hit", "404": "Error", "000": "Error"}[status]
        size = str(dice.randrange(200, 100_000))
        page = f"/page-{dice.randrange(20)}.html"
        host, client = "d111111abcdef8.cloudfront.net", f"192.0.2.{dice.randrange(1, 255)}"
        edge = dice.choice(("FRA56-P1", "DFW3-C1", "LHR3-C2", "IAD89-C3"))
        request = f"{dice.getrandbits(160):040x}"
        values = [f"{at:%Y-%m-%d}", f"{at:%H:%M:%S}", edge, size, client, "GET", host, page, status, "-", agent]
        values += ["-", "-", result, request, host, "https", "320", "0.082", "-", "TLSv1.3", "TLS_AES_128_GCM_SHA256"]
        values += [result, "HTTP/2.0", "-", "-", "40123", "0.080", result, "text/html", size, "-", "-"]
        yield "\t".join(map(encoded, values)) + "\n"


@command_line.command(epilog="Example:\n  python -m producer.cloudfront --lines 5000 > cloudfront.log\n")
@option(
    "--lines",
    "count",
    type=number(int, 0, 10**9, "a whole number up to 1,000,000,000"),
    default="5000",
    metavar="N",
    help="Number of requests, on average a second of event time apart.",
)
@option(
    "--seed",
    type=number(int, 0, 10**18, "a whole number from 0 on"),
    default="1",
    metavar="INT",
    help="Seed of the log; the same seed gives the same bytes.",
)
def program(count: int, seed: int) -> None:
    """Print an access log of CloudFront with made-up requests."""
    for line in lines(count, seed):
        sys.stdout.write(line)


def main() -> int:
    """Run the command line of this process; returns the exit code."""
    return guarded(lambda: command_line.parse(program, "producer.cloudfront") or 0, unread=0)


if __name__ == "__main__":
    sys.exit(main())
