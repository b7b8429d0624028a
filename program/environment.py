"""The environment that a child process starts with: written here, whatever the user's shell says.

Hundreds of variables change what Python, Java, Flink, Node, the emulator and the AWS SDKs do, and each of them may be
set for something else. So none is handed on that is not on a list, and each list says what for.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from program.addresses import is_here

# Who and where somebody is, and how their terminal looks: nothing that changes what a program does. Of the last two the
# interpreter itself may be in need.
_OWN = (
    *("PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TERM", "COLORTERM", "COLUMNS", "LINES"),
    *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"),
)
# Not the user's language: Java writes numbers and lower case by it, and opens no file with an umlaut without UTF-8.
_LANGUAGE = {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
# How this machine reaches others, for what asks others: npm, and the AWS SDKs towards AWS.
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION")
LOOPBACK = "127.0.0.1,localhost,::1"


def plain(user: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What every child gets; it asks nobody but this machine."""
    kept = {name: user[name] for name in _OWN if user.get(name)}
    if "TMPDIR" in kept and not Path(kept["TMPDIR"]).is_dir():
        del kept["TMPDIR"]
    return {"PATH": os.defpath} | kept | _LANGUAGE | {"NO_PROXY": "*", "no_proxy": "*"}


def outward(user: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What a child gets that asks other machines: the user's proxies, which this machine never needs, and authorities.

    A child that speaks to npm's registry or to AWS itself gets this.
    """
    kept = {name: value for name, value in user.items() if name.upper() in _PROXIES or name in _CERTIFICATES}
    excepted = ",".join(filter(None, (user.get("no_proxy") or user.get("NO_PROXY"), LOOPBACK)))
    return plain(user) | kept | {"NO_PROXY": excepted, "no_proxy": excepted}


def users_aws(user: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What a child gets that works with the user's own AWS: every AWS_ variable of theirs, on purpose.

    That is a job, or a cluster for it, that the user starts by hand: it may be meant for an account, by a profile, a
    role or a web identity.
    """
    return outward(user) | {name: value for name, value in user.items() if name.startswith("AWS_")}


def for_job(endpoint: str | None, user: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What the JVM of a job gets whose settings name this endpoint: towards this machine, keys and region alone."""
    if not is_here(endpoint):
        return users_aws(user)
    kept = {name: user[name] for name in _KEYS if name in user}
    nothing = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    return plain(user) | kept | nothing | {"AWS_EC2_METADATA_DISABLED": "true"}


def line(aws: Mapping[str, str]) -> str:
    """A line for sh, bash, zsh or dash after which every AWS SDK speaks to the emulator that these variables describe.

    Whatever else AWS_ there is goes: a profile, a token, an endpoint for one service outranks what the line says. What
    is on this machine is reached without a proxy.
    """
    chosen = [f"{name}={shlex.quote(value)}" for name, value in aws.items()]
    excepted = f'"{LOOPBACK}${{no_proxy:+,$no_proxy}}${{NO_PROXY:+,$NO_PROXY}}"'
    # Once: pasted again and again, it would double each time, until the shell could start nothing any more.
    proxies = f'case "${{no_proxy-}} ${{NO_PROXY-}}" in "{LOOPBACK}"*" {LOOPBACK}"*) ;; '
    proxies += f"*) export NO_PROXY={excepted} no_proxy={excepted};; esac"
    others = rf"env | sed -n 's/^\(AWS_[A-Za-z0-9_]*\)=.*/\1/p' | grep -vxE '{'|'.join(aws)}'"
    return f"export {' '.join(chosen)}; {proxies}; unset AWS_PROFILE $({others})"


def npm(user: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What npm gets: its own settings too, which name the registry."""
    return outward(user) | {name: value for name, value in user.items() if name.lower().startswith("npm_config_")}
