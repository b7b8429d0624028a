"""Objects of reference data in S3 as tables: this project's own connector `reference` (java/src/reference).

Names, types and defaults of its options: docs/connectors.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from connectors import aws
from connectors.connector import Connector, Option, checked, merged
from connectors.kind import Declared, End, Kind, Setting

OPTIONS: Mapping[str, Option] = {
    "connector": Option(choices=("reference",)),
    "bucket": Option(),
    "key": Option(),
    "format": Option(choices=("documents",)),
    "refresh": Option("duration"),
    **aws.OPTIONS,
}

# The key is the shard, the time at which the object was written is the arrival. Of an object that is read again, the
# sequence number is the time from which its version counts, and part the mark of a row that is no line.
METADATA: Mapping[str, str] = {
    "shard": "METADATA FROM 'key' VIRTUAL",
    "sequence_number": "METADATA FROM 'version' VIRTUAL",
    "part": "METADATA FROM 'mark' VIRTUAL",
    "arrival": "METADATA FROM 'last-modified' VIRTUAL",
    "partition_key": "AS CAST(NULL AS STRING)",
}
BUCKET = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"  # user guide of Amazon S3, "General purpose bucket naming rules"
# Permissions name the very object. In them, an asterisk or a question mark would stand for other objects, too.
KEY = r"[^*?$\s]([^*?$\r\n]{0,1022}[^*?$\s])?"

REFRESH = r"0*[1-9]\d* ?(s|min|h)"  # the service tells times in seconds


def source(
    place: aws.Aws, bucket: str, key: str, refresh: str = "", *, more: Mapping[str, str] | None = None
) -> Connector:
    """An object, as the lines of files are read (connectors.files.source).

    refresh: how often another version of it is asked for, such as "10 s"; without it, the object is read once, and the
    source is bounded.
    """
    options = {"connector": "reference", "bucket": bucket, "key": key, "format": "documents", **place.options()}
    if refresh:
        options["refresh"] = refresh
    return Connector(checked("reference source", merged(options, more), OPTIONS), metadata=METADATA)


def _source(place: aws.Aws, settings: Mapping[str, str], _declared: Declared, options: Mapping[str, str]) -> Connector:
    return source(place, settings["bucket"], settings["key"], settings.get("refresh", ""), more=options)


def _problems(settings: Mapping[str, str]) -> Iterator[str]:
    if "bucket" in settings and not re.fullmatch(BUCKET, settings["bucket"]):
        yield f"bucket is {settings['bucket']!r}, which cannot be the name of a bucket in S3"
    if "key" in settings and not re.fullmatch(KEY, settings["key"]):
        yield (
            f"key is {settings['key']!r}, but must be an object's name of at most 1024 characters, without *, ? and $, "
            "and without a blank at its ends: the permission to read it would be one for other objects"
        )
    if (refresh := settings.get("refresh", "")) and not re.fullmatch(REFRESH, refresh):
        yield f"refresh is {refresh!r}, but must be a duration of a second at least, such as 10 s"


KIND = Kind(
    "reference",
    "object",
    "s3://{bucket}/{key}",
    source=End(
        {
            "bucket": Setting("the bucket in S3 that has the object"),
            "key": Setting("the object's name in the bucket"),
            "refresh": Setting(
                "how often the job asks whether the object has changed, such as 10 s; without it, the object is read "
                "once, at the job's start",
                "",
            ),
        },
        _source,
        problems=lambda settings: list(_problems(settings)),
    ),
)
