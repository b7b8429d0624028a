"""Addresses (URLs): loopback or not, the proxy on the way, and an address without its secrets (user, password, query).

Standard library only: the set-up imports this module before packages are installed.
"""

from __future__ import annotations

import re
import urllib.request
from urllib.parse import urlsplit

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")


def is_loopback(address: str | None) -> bool:
    """Whether the address is on this machine; False for None and for a text that is no address."""
    try:
        return address is not None and urlsplit(address).hostname in _LOOPBACK
    except ValueError:
        return False


def is_http(text: str) -> bool:
    """Whether the text is an address such as http://127.0.0.1:4566."""
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port beyond 65535, a bracket that is not closed
        return False


def without_secrets(address: str) -> str:
    """Scheme, host and port of an address."""
    try:
        parts = urlsplit(address if "//" in address else f"//{address}")
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "an unusable address"
    return f"{parts.scheme or 'http'}://{parts.hostname or ''}{port}"


def without_credentials(text: str) -> str:
    """The text without the user and password of each address in it."""
    return _CREDENTIALS.sub("", text)


def proxy_for(address: str) -> str | None:
    """The proxy that urllib uses for this address, without its secrets; None for a direct connection."""
    parts = urlsplit(address)
    proxy = urllib.request.getproxies().get(parts.scheme)
    if proxy is None or urllib.request.proxy_bypass(parts.hostname or ""):
        return None
    return without_secrets(proxy)
