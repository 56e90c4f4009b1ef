"""`examples/browser.html`, unchanged, in a real Chromium whose microphone plays a recording."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from playwright.sync_api import expect

from crossfade import mint_token
from processes import CHECKOUT, KEY, SCRIPTED_WORDS

PAGE = (CHECKOUT / "examples" / "browser.html").as_uri()
WORDS_MS = 20_000


def minted(url):
    """A temporary token. Playwright has an event loop in this thread already, so in another."""
    with ThreadPoolExecutor() as threads:
        asking = mint_token(url, key=KEY, dialect="speechmatics")
        return threads.submit(asyncio.run, asking).result()


def test_the_browser_example_shows_words_and_ends(launch, scripted_server, wav):
    url = f"ws://{scripted_server.address}"
    token = minted(url)
    with launch(hears=wav) as browser:
        page = browser.new_page()
        complaints = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(PAGE)
        page.get_by_label("Server").fill(url)
        page.get_by_label("Token").fill(token)
        page.get_by_role("button", name="Start").click()
        expect(page.locator("#final")).to_contain_text(SCRIPTED_WORDS, timeout=WORDS_MS)
        page.get_by_role("button", name="Stop").click()
        expect(page.get_by_role("status")).to_have_text("Closed.", timeout=WORDS_MS)
    assert complaints == []


def test_the_browser_example_tells_that_a_token_is_not_good(launch, scripted_server, wav):
    with launch(hears=wav) as browser:
        page = browser.new_page()
        page.goto(PAGE)
        page.get_by_label("Server").fill(f"ws://{scripted_server.address}")
        page.get_by_label("Token").fill("no token")
        page.get_by_role("button", name="Start").click()
        expect(page.get_by_role("status")).not_to_be_empty(timeout=WORDS_MS)
        expect(page.get_by_role("status")).not_to_have_text("Listening.")
