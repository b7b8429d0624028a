"""The dashboard's page in its bucket: the uploaded files, their headers and settings, and their order."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from deploy import retained, site, status, template
from deploy.account import Account, DeployError
from deploy.stack import Found, Stack
from java import paths
from local import emulator, page, resources
from pipeline.job import load

TEMPLATE = template.of(load(template.WORKSHOP))
TILES = {"MapTiles": "https://tiles.example:8443/{z}/{x}/{y}.png", "MapAttribution": "© whoever made them"}
PARAMETERS = {"Dashboard": "yes", **TILES}


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """An emulator for these tests."""
    with emulator.running(tmp_path_factory.mktemp("site") / "emulator.log") as aws:
        yield resources.account(aws.environment)


@pytest.fixture(scope="module")
def made(account: Account) -> Found:
    """A stack with tiles, without the application."""
    stack = Stack(account, TEMPLATE.stack)
    return stack.execute(stack.propose(TEMPLATE.text(), {"Emulated": "yes", "Archive": "no", **PARAMETERS}))


@pytest.fixture
def found(account: Account, made: Found) -> Found:
    """The stack with an empty bucket."""
    retained.empty(account, made.outputs["SiteBucket"], print)
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A page of three files."""
    (tmp_path / "assets").mkdir()
    for name in ("index.html", "assets/index-one.js", "boroughs.json"):
        (tmp_path / name).write_text(name)
    return tmp_path


def a_site(account: Account, folder: Path, said: list[str] | None = None) -> site.Site:
    return site.Site(account, TEMPLATE, folder, PARAMETERS, [].append if said is None else said.append)


def keys(difference: site.Difference) -> list[str]:
    return [one.key for one in difference.missing]


@pytest.mark.parametrize(
    ("key", "kind", "kept"),
    [
        ("index.html", "text/html; charset=utf-8", "no-cache"),
        ("boroughs.json", "application/json", "no-cache"),
        ("favicon.svg", "image/svg+xml", "no-cache"),
        ("config.json", "application/json", "no-store"),
        ("assets/index-x.js", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"),
        ("assets/index-x.css", "text/css; charset=utf-8", "public, max-age=31536000, immutable"),
    ],
)
def test_how_long_each_file_may_be_kept(key: str, kind: str, kept: str) -> None:
    """A file with a hash in its name is cached for ever, other files only with revalidation, the settings never."""
    assert site.headers(key) == {"ContentType": kind, "CacheControl": kept}


def test_the_built_page_can_be_uploaded() -> None:
    """Every file of the page has a type, every file that index.html names exists, and index.html comes last."""
    built = [one.key for one in site.built(paths.PAGE)]
    index = (paths.PAGE / "index.html").read_text()
    named = {name.removeprefix("./") for name in re.findall(r'(?:src|href)="([^"#:]+)"', index)}
    assert named
    assert named <= set(built)
    assert built[-1] == "index.html"
    hashed = [key.startswith("assets/") for key in built]
    assert hashed == sorted(hashed, reverse=True)


def test_settings_of_a_trial_are_not_uploaded(folder: Path) -> None:
    """A config.json beside the built page is for another place."""
    (folder / "config.json").write_text("{}")
    assert [one.key for one in site.built(folder)] == ["assets/index-one.js", "boroughs.json", "index.html"]


@pytest.mark.parametrize("endpoint", [None, "https://vpce-1.kinesis.us-east-1.vpce.amazonaws.com"])
def test_settings_in_the_cloud(endpoint: str | None) -> None:
    """Names come from the parameters, else from the template; AWS itself needs no endpoint."""
    cloud = Account(boto3.Session(region_name="eu-central-1"), endpoint)
    parameters = {"RawStream": "raw", "Table": "rows", "MapAttribution": "nobody's"}
    assert site.settings(cloud, TEMPLATE, parameters, "eu-central-1:pool") == {
        "region": "eu-central-1",
        "identityPool": "eu-central-1:pool",
        "streams": {"readings": "raw", "summary": "wildrydes-summary", "errors": "wildrydes-errors"},
        "table": "rows",
        "window": 60_000,
    }


def test_settings_are_those_of_the_local_page() -> None:
    """The local page's settings have the same keys, as the page reads a single form."""
    from local import resources  # noqa: PLC0415

    here = page.settings(resources.default_names(), "us-east-1", "us-east-1:pool")
    there = site.settings(Account.at("http://127.0.0.1:1", None, None), TEMPLATE, {}, "us-east-1:pool")
    assert {**there, "endpoint": here["endpoint"]} == here
    assert there["endpoint"] == "http://127.0.0.1:1"


def test_only_what_differs(account: Account, found: Found, folder: Path) -> None:
    """Only files with other content or headers are uploaded, also after changes by hand; a line reports an upload."""
    said: list[str] = []
    all_of_it = ["assets/index-one.js", "boroughs.json", "config.json", "index.html"]
    one = a_site(account, folder, said)
    assert keys(one.difference(None)) == all_of_it
    assert keys(one.upload(found)) == all_of_it
    assert said == [f"the page in s3://{found.outputs['SiteBucket']}: upload 4 files of the page, 464 bytes"]
    assert one.upload(found).is_nothing
    assert len(said) == 1

    s3, bucket = account.client("s3"), found.outputs["SiteBucket"]
    s3.put_object(Bucket=bucket, Key="boroughs.json", Body=b"boroughs.json", **site.headers("boroughs.json"))
    stored = site.built(folder)[-1]
    s3.put_object(
        Bucket=bucket, Key="index.html", Body=stored.body, Metadata={"sha256": stored.sha256}, ContentType="text/html"
    )
    s3.put_object(Bucket=bucket, Key="left/over.html", Body=b"x")
    difference = one.difference(found)
    assert keys(difference) == ["boroughs.json", "index.html"]
    assert difference.stale == ["left/over.html"]
    one.upload(found)
    assert one.difference(found).is_nothing
    assert s3.head_object(Bucket=bucket, Key="index.html")["ContentType"] == "text/html; charset=utf-8"


def test_a_page_never_names_what_is_not_there(
    account: Account, found: Found, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If an upload fails, the previous page stays complete: index.html is unchanged, no old file is removed."""
    a_site(account, folder).upload(found)
    (folder / "assets" / "index-one.js").rename(folder / "assets" / "index-two.js")
    (folder / "index.html").write_text("other")
    s3, bucket = account.client("s3"), found.outputs["SiteBucket"]
    put = s3.put_object

    def refuse(**request: Any) -> Any:
        if request["Key"].startswith("assets/"):
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "No."}}, "PutObject")
        return put(**request)

    monkeypatch.setattr(s3, "put_object", refuse)
    with pytest.raises(DeployError, match=r"^AWS refused PutObject \(AccessDenied: No\): allow it to this identity"):
        a_site(account, folder).upload(found)
    assert s3.get_object(Bucket=bucket, Key="index.html")["Body"].read() == b"index.html"
    assert s3.head_object(Bucket=bucket, Key="assets/index-one.js")


def test_status_tells_of_a_page_that_is_missing(account: Account, found: Found, folder: Path) -> None:
    bucket = found.outputs["SiteBucket"]
    a_site(account, folder).upload(found)
    dashboard = f"dashboard   {found.outputs['SiteAddress']}, "
    assert f"{dashboard}files in {bucket}" in status.lines(account, TEMPLATE, "wildrydes")[0]
    account.client("s3").delete_object(Bucket=bucket, Key="index.html")
    told = status.lines(account, TEMPLATE, "wildrydes")[0]
    assert f"{dashboard}no page in {bucket}: `python -m deploy up JOB` uploads it" in told


def served(account: Account) -> Mapping[str, str]:
    """The headers that the emulator's CloudFront has made from the template, by name."""
    cloudfront = account.client("cloudfront")
    [one] = cloudfront.list_distributions()["DistributionList"]["Items"]
    policy = one["DefaultCacheBehavior"]["ResponseHeadersPolicyId"]
    answer = cloudfront.get_response_headers_policy(Id=policy)["ResponseHeadersPolicy"]["ResponseHeadersPolicyConfig"]
    security = answer["SecurityHeadersConfig"]
    return {
        "Content-Security-Policy": security["ContentSecurityPolicy"]["ContentSecurityPolicy"],
        "X-Frame-Options": security["FrameOptions"]["FrameOption"],
        "Referrer-Policy": security["ReferrerPolicy"]["ReferrerPolicy"],
        "X-Content-Type-Options": "nosniff" if security["ContentTypeOptions"]["Override"] else "",
        "Strict-Transport-Security": f"max-age={security['StrictTransportSecurity']['AccessControlMaxAgeSec']}",
        **{each["Header"]: each["Value"] for each in answer["CustomHeadersConfig"]["Items"]},
    }


def test_the_headers_of_the_page(account: Account, found: Found) -> None:
    """The headers are those of the local page; their policy also has AWS's hosts and the tiles' origin."""
    assert found.outputs["MapSource"] == f"{TILES['MapTiles']} {TILES['MapAttribution']}"
    headers = dict(served(account))
    policy = dict(one.strip().split(" ", 1) for one in headers.pop("Content-Security-Policy").split(";"))
    hosts = (f"https://{name}.us-east-1.amazonaws.com" for name in ("cognito-identity", "kinesis", "dynamodb"))
    assert policy == {
        **page.POLICY,
        "img-src": "'self' https://tiles.example:8443",
        "connect-src": " ".join(["'self'", *hosts]),
    }
    here = {name: value for name, value in page.HEADERS.items() if name != "Content-Security-Policy"}
    assert headers == {**here, "Strict-Transport-Security": "max-age=31536000"}

    stack = Stack(account, TEMPLATE.stack)
    stack.execute(stack.propose(TEMPLATE.text(), {"MapTiles": ""}))
    assert "img-src 'self';" in served(account)["Content-Security-Policy"]
    assert "tiles" not in json.dumps(dict(stack.require().outputs))
