"""A real Chromium, as Debian has it, and the live page in it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from live_page import LivePage
from processes import KEY, RunningServer, serving, write_wav

FAKE_MICROPHONE = "--use-fake-device-for-media-stream"
ALLOW_MICROPHONE = "--use-fake-ui-for-media-stream"


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def launch(playwright):
    """Start a Chromium.

    ``hears`` is what its microphone plays, once; ``resolves`` is a name for this machine.
    """
    executable = shutil.which("chromium")
    if executable is None:
        if os.environ.get("CI"):
            pytest.fail("CI has to have chromium")
        pytest.skip("chromium is not on this machine: apt-get install chromium")

    @contextmanager
    def start(
        *, hears: Path | None = None, allowed: bool = True, resolves: str | None = None
    ) -> Iterator[Browser]:
        # Chromium asks for a sandbox that containers, and root, do not have.
        arguments = ["--no-sandbox", FAKE_MICROPHONE]
        if allowed:
            arguments.append(ALLOW_MICROPHONE)
        if hears is not None:
            arguments.append(f"--use-file-for-fake-audio-capture={hears}%noloop")
        if resolves is not None:
            arguments.append(f"--host-resolver-rules=MAP {resolves} 127.0.0.1")
        browser = playwright.chromium.launch(executable_path=executable, args=arguments)
        yield browser
        browser.close()

    return start


@pytest.fixture(scope="module")
def browser(launch) -> Iterator[Browser]:
    with launch() as started:
        yield started


@pytest.fixture(scope="module")
def scripted_server(tmp_path_factory) -> Iterator[RunningServer]:
    """A server that says the same few words whatever it hears."""
    with serving(tmp_path_factory.mktemp("data"), "--key", KEY) as server:
        yield server


@pytest.fixture
def visit():
    """Open the live page in a browser of its own kind; at the end nothing may have gone wrong."""
    contexts = []

    def open_page(browser: Browser, address: str, path: str = "", **options) -> LivePage:
        contexts.append(browser.new_context(**options))
        live = LivePage(contexts[-1].new_page())
        live.open(f"http://{address}/{path}")
        return live

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def wav(recording, tmp_path) -> Path:
    """Three seconds of speech."""
    return write_wav(tmp_path / "three.wav", recording("ls-248-130644-0000").path, seconds=3)
