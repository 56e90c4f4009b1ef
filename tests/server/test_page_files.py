"""What is served of the live page, and with which headers."""

import re
from importlib import resources

import httpx
import pytest
from msgspec.structs import replace

from crossfade.dialects import DIALECTS
from plain_client import http_url
from plain_dialect import PLAIN

WEB = resources.files("crossfade.server") / "web"


@pytest.fixture
def get(serve):
    async def answer(path, method="GET", headers=None, **options) -> httpx.Response:
        dialects = (*DIALECTS, replace(PLAIN, paths=("/plain",)))
        async with serve(dialects=dialects, **options) as server, httpx.AsyncClient() as client:
            return await client.request(method, http_url(server, path), headers=headers)

    return answer


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/page/style.css", "text/css; charset=utf-8"),
        ("/page/main.js", "text/javascript; charset=utf-8"),
        ("/page/icon.svg", "image/svg+xml"),
        *(
            (f"/page/dialects/{one.folder}/page.js", "text/javascript; charset=utf-8")
            for one in DIALECTS
        ),
    ],
)
async def test_every_file_is_typed_checked_and_kept_until_it_changes(get, path, media_type):
    whole = await get(path)
    assert (whole.status_code, whole.headers["content-type"]) == (200, media_type)
    assert whole.headers["cache-control"] == "no-cache"
    head = await get(path, "HEAD")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(whole.content))
    for known in (etag := whole.headers["etag"], f"W/{etag}", f'"other", {etag}', "*"):
        again = await get(path, headers={"if-none-match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    assert (await get(path, headers={"if-none-match": '"other"'})).status_code == 200


@pytest.mark.parametrize("path", ["/", "/page/main.js", "/page/config.json"])
async def test_no_foreign_or_inline_script_may_run(get, path):
    headers = (await get(path)).headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "microphone=(self)" in headers["permissions-policy"]


async def test_the_configuration_names_the_dialects_that_the_page_speaks(get, keyring):
    answer = await get("/page/config.json", keyring=keyring)
    assert answer.headers["cache-control"] == "no-store"
    config = answer.json()
    assert config["keys_wanted"] is True
    assert config["dialects"] == [
        {"name": one.name, "title": one.title, "module": f"dialects/{one.folder}/page.js"}
        for one in DIALECTS
    ]
    assert (await get("/page/config.json")).json()["keys_wanted"] is False


@pytest.mark.parametrize("path", ["/page", "/page/", "/page/index.html", "/page/../app.py"])
async def test_nothing_else_is_served(get, path):
    assert (await get(path)).status_code == 404


def test_every_module_that_is_imported_is_in_the_package():
    scripts = [file for file in WEB.iterdir() if file.name.endswith(".js")]
    names = {file.name for file in scripts}
    assert {"main.js", "capture.js"} <= names
    for script in scripts:
        code = re.sub(r"/\*\*.*?\*/", "", script.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert set(re.findall(r'from "\./([\w.]+)"', code)) <= names


def test_the_page_has_no_inline_script_style_or_handler():
    page = (WEB / "index.html").read_text(encoding="utf-8")
    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page) == []
    assert re.findall(r"(?:src|href)=\"(?!page/|#)", page) == []


def test_a_vendor_is_named_only_in_its_own_folder():
    for file in WEB.iterdir():
        text = file.read_text(encoding="utf-8").lower()
        assert not any(dialect.name in text for dialect in DIALECTS), file.name
