"""The sources of packages: a setting for pip or uv applies to both, and no other setting is taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.setup import package_sources
from local.setup.package_sources import Sources


def tools(environ: dict[str, str], listing: str = "") -> dict[str, str]:
    """The variables for pip, uv and jgo, with these variables and these settings of pip."""
    return package_sources.for_tools(
        environ, package_sources.pip_settings(listing), package_sources.uv_settings({"HOME": "/nonexistent", **environ})
    )


def test_without_settings() -> None:
    """Without settings both use their default index, no settings file, and no further variables."""
    assert set(tools({})) == {
        *("PIP_CONFIG_FILE", "PIP_DISABLE_PIP_VERSION_CHECK", "PIP_NO_INPUT"),
        *("UV_NO_CONFIG", "UV_NO_PROGRESS", "UV_PYTHON_DOWNLOADS"),
    }


def test_pip_decides_by_rank() -> None:
    """A variable outranks the section of a command, which outranks the global section; other commands do not count."""
    listing = "\n".join(
        [
            ":env:.index-url='https://three'",
            "download.index-url='https://other'",
            "global.index-url='https://one'",
            "install.index-url='https://two'",
            "global.find-links='/one\\n/two'",
        ]
    )
    assert package_sources.pip_settings(listing) == {"index-url": "https://three", "find-links": "/one\n/two"}


@pytest.mark.parametrize(
    "name", ["user", "target", "prefix", "root", "constraint", "require-virtualenv", "no-binary", "python", "no-deps"]
)
def test_what_is_no_source_is_left_out(name: str) -> None:
    """This project decides how packages are installed, whatever pip.conf has."""
    assert package_sources.pip_settings(f"global.{name}='true'\ninstall.{name}='true'\n:env:.{name}='1'") == {}


def test_pips_settings_lead_uv() -> None:
    """pip's index, other indexes, folders, hosts, certificates, proxy and time limit apply to uv too."""
    given = tools(
        {},
        "global.index-url='https://me:secret@a/simple'\nglobal.extra-index-url='https://b https://c'\n"
        "global.find-links='/wheels'\nglobal.trusted-host='a\\nb'\nglobal.cert='/ca.pem'\nglobal.client-cert='/me.pem'\n"
        "global.proxy='http://p:3128'\nglobal.timeout='90'\n",
    )
    assert (
        given.items()
        >= {
            "PIP_INDEX_URL": "https://me:secret@a/simple",
            "UV_DEFAULT_INDEX": "https://me:secret@a/simple",
            "UV_INDEX": "https://b https://c",
            "UV_INDEX_STRATEGY": "unsafe-best-match",
            "UV_FIND_LINKS": "/wheels",
            "UV_INSECURE_HOST": "a b",
            "SSL_CERT_FILE": "/ca.pem",
            "REQUESTS_CA_BUNDLE": "/ca.pem",
            "SSL_CLIENT_CERT": "/me.pem",
            "HTTPS_PROXY": "http://p:3128",
            "UV_HTTP_TIMEOUT": "90",
            "PIP_TIMEOUT": "90",
        }.items()
    )


def test_uvs_settings_lead_pip() -> None:
    """uv's settings apply to pip too; an index may have a name for uv, with credentials by that name."""
    given = tools(
        {
            "UV_DEFAULT_INDEX": "main=https://a/simple",
            "UV_INDEX": "more=https://b/simple?x=1",
            "UV_INDEX_MORE_PASSWORD": "secret",
            "UV_FIND_LINKS": "/one,/two",
            "UV_INSECURE_HOST": "a",
        }
    )
    assert (
        given.items()
        >= {
            "PIP_INDEX_URL": "https://a/simple",
            "PIP_EXTRA_INDEX_URL": "https://b/simple?x=1",
            "PIP_FIND_LINKS": "/one /two",
            "PIP_TRUSTED_HOST": "a",
            "UV_DEFAULT_INDEX": "main=https://a/simple",
            "UV_INDEX_MORE_PASSWORD": "secret",
        }.items()
    )


def test_each_tool_prefers_its_own() -> None:
    """With settings for both tools, each tool uses its own."""
    given = tools({"UV_INDEX_URL": "https://uv/simple"}, ":env:.index-url='https://pip/simple'")
    assert given["PIP_INDEX_URL"] == "https://pip/simple"
    assert given["UV_DEFAULT_INDEX"] == "https://uv/simple"


def test_no_index() -> None:
    """pip's no-index applies to uv too, unless uv has an index of its own."""
    assert tools({}, "global.no-index='true'")["PIP_NO_INDEX"] == "1"
    assert "PIP_NO_INDEX" not in tools({}, "global.no-index='false'")


def test_the_users_own_variables_stay() -> None:
    """Proxies, certificates and the Maven mirror reach every tool unchanged; pip's settings do not replace them."""
    own = {
        "HTTPS_PROXY": "http://mine",
        "no_proxy": "localhost",
        "SSL_CERT_FILE": "/mine.pem",
        "MAVEN_REPOSITORY_URL": "https://maven",
    }
    given = tools(own, "global.proxy='http://pips'\nglobal.cert='/pips.pem'")
    assert given.items() >= own.items()
    assert given["PIP_CERT"] == "/pips.pem"
    assert tools({"http_proxy": "http://mine"}, "global.proxy='http://pips'").keys().isdisjoint({"HTTP_PROXY"})


def test_uvs_file(tmp_path: Path) -> None:
    """Of uv.toml in the home folder, the indexes are taken, and no setting that would change the installation."""
    path = tmp_path / ".config" / "uv" / "uv.toml"
    path.parent.mkdir(parents=True)
    path.write_text(
        'system-certs = true\n[pip]\ntarget = "/x"\nextra-index-url = ["https://c"]\n'
        '[[index]]\nname = "main"\nurl = "https://a"\ndefault = true\n'
        '[[index]]\nname = "more"\nurl = "https://b"\n[[index]]\nname = "no"\nurl = "https://d"\nexplicit = true\n'
    )
    found = package_sources.uv_settings({"HOME": str(tmp_path)})
    assert found == Sources(index="https://a", extra=("more=https://b", "https://c"))
    assert package_sources.uv_settings({"HOME": str(tmp_path), "UV_NO_CONFIG": "1"}) == Sources()
    assert package_sources.uv_settings({"XDG_CONFIG_HOME": str(tmp_path / ".config")}) == found
    path.write_text("index = [")
    with pytest.raises(package_sources.SourcesError, match=r"uv\.toml, uv's settings, cannot be read .*\.$"):
        package_sources.uv_settings({"HOME": str(tmp_path)})


def test_netrc_of_the_home_folder(tmp_path: Path) -> None:
    """The tools have another home folder, and still use the credentials of the user's .netrc."""
    assert "NETRC" not in package_sources.plain({"HOME": str(tmp_path)})
    (tmp_path / ".netrc").touch()
    assert package_sources.plain({"HOME": str(tmp_path)})["NETRC"] == str(tmp_path / ".netrc")
    assert package_sources.plain({"HOME": str(tmp_path), "NETRC": "/mine"})["NETRC"] == "/mine"
