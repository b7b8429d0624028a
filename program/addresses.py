"""Addresses (URLs): which are of this machine, by which proxy they are reached, and how a text may name them.

Nothing here repeats what may be secret in an address: user, password, query. The standard library is enough for this
module: the set-up needs it before packages are there.
"""

from __future__ import annotations

import re
import urllib.request
from urllib.parse import urlsplit

_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")


def is_here(address: str | None) -> bool:
    """Whether this address is one of this machine."""
    try:
        return address is not None and urlsplit(address).hostname in _THIS_MACHINE
    except ValueError:  # no address; whoever uses it says so
        return False


def is_http(text: str) -> bool:
    """Whether a text is an address such as http://127.0.0.1:4566."""
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port beyond 65535, a bracket that is not closed
        return False


def without_secrets(address: str) -> str:
    """Scheme, host and port of an address, and nothing that may be secret in it."""
    try:
        parts = urlsplit(address if "//" in address else f"//{address}")
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "an unusable address"
    return f"{parts.scheme or 'http'}://{parts.hostname or ''}{port}"


def without_credentials(text: str) -> str:
    """A text without the user and password of any address in it."""
    return _CREDENTIALS.sub("", text)


def proxy_for(address: str) -> str | None:
    """The proxy that urllib asks for this address, without its user and password; None if it asks none."""
    parts = urlsplit(address)
    chosen = urllib.request.getproxies().get(parts.scheme)
    if chosen is None or urllib.request.proxy_bypass(parts.hostname or ""):
        return None
    return without_secrets(chosen)
