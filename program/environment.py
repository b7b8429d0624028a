"""Environment variables for child processes.

Hundreds of variables change Python, Java, Flink, Node, the emulator and the AWS SDKs, and the user may have set any of
them for another program. So a child gets only the variables on the lists below.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from program.addresses import is_loopback

# The user, the terminal, and the library paths that the interpreter may need: none changes what a program computes.
_OWN = (
    *("PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TERM", "COLORTERM", "COLUMNS", "LINES"),
    *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"),
)
# Not the user's locale: Java formats numbers and lower case by it, and opens no file with an umlaut without UTF-8.
_LOCALE = {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION")
LOOPBACK = "127.0.0.1,localhost,::1"


def plain(user: Mapping[str, str] = os.environ) -> dict[str, str]:
    """For a child that connects to this machine only: no proxy."""
    kept = {name: user[name] for name in _OWN if user.get(name)}
    if "TMPDIR" in kept and not Path(kept["TMPDIR"]).is_dir():
        del kept["TMPDIR"]
    return {"PATH": os.defpath} | kept | _LOCALE | {"NO_PROXY": "*", "no_proxy": "*"}


def outward(user: Mapping[str, str] = os.environ) -> dict[str, str]:
    """For a child that connects to other machines: the user's proxies and certificate authorities too."""
    kept = {name: value for name, value in user.items() if name.upper() in _PROXIES or name in _CERTIFICATES}
    direct = ",".join(filter(None, (user.get("no_proxy") or user.get("NO_PROXY"), LOOPBACK)))
    return plain(user) | kept | {"NO_PROXY": direct, "no_proxy": direct}


def users_aws(user: Mapping[str, str] = os.environ) -> dict[str, str]:
    """For a job, or a cluster, that may use the user's AWS account: every AWS_ variable too."""
    return outward(user) | {name: value for name, value in user.items() if name.startswith("AWS_")}


def for_job(endpoint: str | None, user: Mapping[str, str] = os.environ) -> dict[str, str]:
    """For the JVM of a job with this endpoint: a loopback endpoint needs only keys and region."""
    if not is_loopback(endpoint):
        return users_aws(user)
    kept = {name: user[name] for name in _KEYS if name in user}
    no_files = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    return plain(user) | kept | no_files | {"AWS_EC2_METADATA_DISABLED": "true"}


def line(aws: Mapping[str, str]) -> str:
    """A line for sh, bash, zsh or dash that points every AWS SDK at the emulator described by these variables.

    It unsets all other AWS_ variables: a profile, a token or an endpoint of a service would win over the line. It
    excludes loopback from the proxies.
    """
    exports = [f"{name}={shlex.quote(value)}" for name, value in aws.items()]
    direct = f'"{LOOPBACK}${{no_proxy:+,$no_proxy}}${{NO_PROXY:+,$NO_PROXY}}"'
    # Only once: the value would double with each paste, until the shell could start no program.
    proxies = f'case "${{no_proxy-}} ${{NO_PROXY-}}" in "{LOOPBACK}"*" {LOOPBACK}"*) ;; '
    proxies += f"*) export NO_PROXY={direct} no_proxy={direct};; esac"
    others = rf"env | sed -n 's/^\(AWS_[A-Za-z0-9_]*\)=.*/\1/p' | grep -vxE '{'|'.join(aws)}'"
    return f"export {' '.join(exports)}; {proxies}; unset AWS_PROFILE $({others})"


def npm(user: Mapping[str, str] = os.environ) -> dict[str, str]:
    """For npm: its own settings too, which name the registry."""
    return outward(user) | {name: value for name, value in user.items() if name.lower().startswith("npm_config_")}
