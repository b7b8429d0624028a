"""The sources of Python packages, from the user's settings for pip or uv; no other settings are taken.

pip reads variables and pip.conf, uv reads other variables and uv.toml. The set-up calls both tools, so an index, a
proxy or a certificate set for pip must work for uv, and the reverse. Other settings (`user`, `target`, `constraint`,
`python`, ...) are meant for other projects, and would break this environment.
"""

from __future__ import annotations

import ast
import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from program.errors import Failure

# Passed on unchanged, for pip, uv, jgo (which downloads the jars) and their child processes.
_PLAIN = (
    *("PATH", "TERM", "NO_COLOR", "MAVEN_REPOSITORY_URL", "NETRC", "PYENV_ROOT", "PYENV_VERSION"),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "SSL_CLIENT_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
    *("UV_HTTP_TIMEOUT", "UV_REQUEST_TIMEOUT", "UV_HTTP_CONNECT_TIMEOUT", "UV_HTTP_RETRIES", "UV_CONCURRENT_DOWNLOADS"),
    *("UV_OFFLINE", "UV_NATIVE_TLS", "UV_SYSTEM_CERTS", "UV_KEYRING_PROVIDER", "UV_CREDENTIALS_DIR"),
)
# pip's names of the settings on sources of packages.
_PIP = (
    *("index-url", "extra-index-url", "find-links", "no-index", "trusted-host", "cert", "client-cert", "proxy"),
    *("timeout", "default-timeout", "keyring-provider"),
)


class SourcesError(Failure):
    """A settings file that cannot be read; the text is one sentence with the remedy."""


@dataclass(frozen=True)
class Sources:
    """An index and the access to it. Lists are in the order of the settings; an empty text is the tool's default."""

    index: str = ""
    extra: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    no_index: bool = False
    trusted: tuple[str, ...] = ()
    keyring: str = ""


def plain(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that every program of the set-up gets unchanged."""
    kept = {name: environ[name] for name in _PLAIN if name in environ}
    # Credentials of an index, by uv's name of the index.
    kept |= {name: value for name, value in environ.items() if name.startswith("UV_INDEX_") and name != "UV_INDEX_URL"}
    home = environ.get("HOME", "")
    if "NETRC" not in kept and home and Path(home, ".netrc").is_file():
        kept["NETRC"] = str(Path(home, ".netrc"))
    data = environ.get("XDG_DATA_HOME") or (f"{home}/.local/share" if home else "")
    if "UV_CREDENTIALS_DIR" not in kept and data and Path(data, "uv", "credentials").is_dir():
        kept["UV_CREDENTIALS_DIR"] = str(Path(data, "uv", "credentials"))
    return kept


def pip_settings(listing: str) -> dict[str, str]:
    """pip's settings from its list (`pip config list`); a stronger setting replaces a weaker setting."""
    strength = {"global": 0, "install": 1, ":env:": 2}
    settings: dict[str, tuple[int, str]] = {}
    for line in listing.splitlines():
        key, _, value = line.partition("=")
        section, _, name = key.rpartition(".")
        rank = strength.get(section)
        if rank is None or name not in _PIP or (name in settings and settings[name][0] > rank):
            continue
        try:
            settings[name] = rank, str(ast.literal_eval(value))
        except (SyntaxError, ValueError):
            continue
    return {name: value for name, (_, value) in settings.items() if value.strip()}


def uv_settings(environ: Mapping[str, str]) -> Sources:
    """uv's settings: its variables, else its files. Raises SourcesError."""
    from_files = Sources() if _is_on(environ.get("UV_NO_CONFIG")) else _from_files(_uv_files(environ))
    return Sources(
        index=_last(environ.get("UV_DEFAULT_INDEX") or environ.get("UV_INDEX_URL")) or from_files.index,
        extra=(*_words(environ.get("UV_INDEX")), *_words(environ.get("UV_EXTRA_INDEX_URL"))) or from_files.extra,
        links=tuple(part.strip() for part in environ.get("UV_FIND_LINKS", "").split(",") if part.strip())
        or from_files.links,
        no_index=from_files.no_index,
        trusted=_words(environ.get("UV_INSECURE_HOST")) or from_files.trusted,
        keyring=environ.get("UV_KEYRING_PROVIDER", "") or from_files.keyring,
    )


def for_tools(environ: Mapping[str, str], pip: Mapping[str, str], uv: Sources) -> dict[str, str]:
    """The variables that make pip, uv and jgo use the same sources, whichever tool has the settings.

    The tools do not read their settings files: these variables hold the files' settings on sources.
    """
    from_pip = Sources(
        index=pip.get("index-url", ""),
        extra=_words(pip.get("extra-index-url")),
        links=_words(pip.get("find-links")),
        no_index=_is_on(pip.get("no-index")),
        trusted=_words(pip.get("trusted-host")),
        keyring=pip.get("keyring-provider", ""),
    )
    variables = plain(environ)
    proxy = pip.get("proxy", "")
    for name in ("HTTP_PROXY", "HTTPS_PROXY") if proxy else ():
        if name not in variables and name.lower() not in variables:
            variables[name] = proxy
    bundles = (pip.get("cert"), *map(environ.get, ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")))
    if cert := next((path for path in bundles if path), ""):
        variables = {"SSL_CERT_FILE": cert, "REQUESTS_CA_BUNDLE": cert, **variables, "PIP_CERT": cert}
    if client := pip.get("client-cert") or environ.get("SSL_CLIENT_CERT"):
        variables = {"SSL_CLIENT_CERT": client, **variables, "PIP_CLIENT_CERT": client}
    variables |= _pip_variables(_either(from_pip, uv), pip)
    variables |= _uv_variables(_either(uv, from_pip), pip, variables)
    return variables


def _pip_variables(sources: Sources, pip: Mapping[str, str]) -> dict[str, str]:
    variables = {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
        "PIP_INDEX_URL": _address(sources.index),
        "PIP_EXTRA_INDEX_URL": " ".join(map(_address, sources.extra)),
        "PIP_FIND_LINKS": " ".join(sources.links),
        "PIP_NO_INDEX": "1" if sources.no_index else "",
        "PIP_TRUSTED_HOST": " ".join(sources.trusted),
        "PIP_KEYRING_PROVIDER": {"disabled": "disabled", "subprocess": "subprocess"}.get(sources.keyring, ""),
        "PIP_TIMEOUT": pip.get("timeout") or pip.get("default-timeout", ""),
    }
    return {name: value for name, value in variables.items() if value}


def _uv_variables(sources: Sources, pip: Mapping[str, str], before: Mapping[str, str]) -> dict[str, str]:
    variables = {
        "UV_NO_CONFIG": "1",
        "UV_NO_PROGRESS": "1",
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_DEFAULT_INDEX": sources.index,
        "UV_INDEX": " ".join(sources.extra),
        # As in pip: each version from any index that has it. Every file is checked by its hash.
        "UV_INDEX_STRATEGY": "unsafe-best-match" if sources.extra else "",
        "UV_FIND_LINKS": ",".join(sources.links),
        "UV_INSECURE_HOST": " ".join(sources.trusted),
        "UV_KEYRING_PROVIDER": {"disabled": "disabled", "subprocess": "subprocess"}.get(sources.keyring, ""),
    }
    seconds = pip.get("timeout") or pip.get("default-timeout", "")
    if seconds and not any(name in before for name in ("UV_HTTP_TIMEOUT", "UV_REQUEST_TIMEOUT")):
        variables["UV_HTTP_TIMEOUT"] = seconds.partition(".")[0]
    return {name: value for name, value in variables.items() if value}


def _either(first: Sources, second: Sources) -> Sources:
    """The first settings; an empty setting is replaced by the second's."""
    return Sources(
        index=first.index or second.index,
        extra=first.extra or second.extra,
        links=first.links or second.links,
        no_index=first.no_index or (second.no_index and not first.index and not first.extra),
        trusted=first.trusted or second.trusted,
        keyring=first.keyring or second.keyring,
    )


def _uv_files(environ: Mapping[str, str]) -> list[Path]:
    """uv's settings files, the stronger file last; uv.toml files of projects are not read."""
    if named := environ.get("UV_CONFIG_FILE"):
        return [Path(named)]
    home = environ.get("HOME", "")
    user = environ.get("XDG_CONFIG_HOME") or (f"{home}/.config" if home else "")
    return [Path("/etc/uv/uv.toml"), *([Path(user, "uv", "uv.toml")] if user else [])]


def _from_files(files: Iterable[Path]) -> Sources:
    sources = Sources()
    for path in files:
        try:
            settings = tomllib.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            continue
        except (OSError, ValueError) as error:
            raise SourcesError(f"{path}, uv's settings, cannot be read ({error}): correct or remove it.") from error
        table = {**settings, **settings.get("pip", {})}
        indexes = [index for index in table.get("index", []) if not index.get("explicit")]
        others = [index for index in indexes if not index.get("default")]
        extra = [f"{index['name']}={index['url']}" if "name" in index else index["url"] for index in others]
        sources = Sources(
            index=next(
                (index["url"] for index in indexes if index.get("default")), table.get("index-url", sources.index)
            ),
            extra=(*extra, *table.get("extra-index-url", ())) or sources.extra,
            links=tuple(table.get("find-links", sources.links)),
            no_index=bool(table.get("no-index", sources.no_index)),
            trusted=tuple(table.get("allow-insecure-host", sources.trusted)),
            keyring=table.get("keyring-provider", sources.keyring),
        )
    return sources


def _words(text: str | None) -> tuple[str, ...]:
    return tuple((text or "").split())


def _last(text: str | None) -> str:
    return _words(text)[-1] if _words(text) else ""


def _is_on(text: str | None) -> bool:
    return (text or "").strip().lower() in ("1", "true", "yes", "on", "y", "t")


def _address(index: str) -> str:
    """An index in pip's format, without the name that uv may give it (`name=https://...`)."""
    name, equals, url = index.partition("=")
    return url if equals and "://" not in name else index
