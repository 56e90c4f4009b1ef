"""Whatever goes wrong, the page says what to do next."""

import pytest
from playwright.sync_api import expect

from crossfade.dialects import DIALECTS
from processes import KEY, SCRIPTED_WORDS, serving

NAMES = [dialect.name for dialect in DIALECTS]


def test_without_a_key_it_asks_for_one_before_the_microphone(browser, visit, scripted_server):
    live = visit(browser, scripted_server.address)
    live.press_start()
    live.expect_problem("This server asks for a key. Paste one into the key field.")
    expect(live.page.locator("#key")).to_be_focused()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("key", ["not-a-key", "schlüssel"])
def test_a_wrong_key_is_told(name, key, browser, visit, scripted_server):
    live = visit(browser, scripted_server.address, f"?dialect={name}")
    live.give_key(key)
    live.press_start()
    live.expect_problem("The server does not know this key. Check that it was pasted whole")
    expect(live.page.locator("#key")).to_be_focused()


@pytest.mark.parametrize("name", NAMES)
def test_a_token_that_is_refused_asks_for_the_key_again(name, browser, visit, scripted_server, wav):
    live = visit(browser, scripted_server.address, f"?dialect={name}#{name}=stale")
    expect(live.page.locator("#key-field")).to_be_hidden()
    live.drop(wav)
    live.expect_problem("The server no longer accepts the token of this page.")
    live.give_key(KEY)
    live.press_start()
    assert live.finished() == SCRIPTED_WORDS


def test_guessing_keys_is_told_to_wait(browser, visit, tmp_path):
    with serving(tmp_path, "--key", KEY, "--wrong-keys-per-minute", "2") as server:
        live = visit(browser, server.address)
        for guess in ("one", "two", "three"):
            live.give_key(guess)
            live.press_start()
            live.expect_state("idle")
        live.expect_problem("Too many wrong keys came from this address. Wait ")


def test_a_microphone_that_is_denied(launch, visit, scripted_server):
    with launch(allowed=False) as browser:
        live = visit(browser, scripted_server.address)
        live.give_key(KEY)
        live.press_start()
        live.expect_problem("The microphone was refused. Allow it in the site settings")


def test_a_file_that_holds_no_sound(browser, visit, scripted_server, tmp_path):
    live = visit(browser, scripted_server.address)
    live.give_key(KEY)
    path = tmp_path / "letter.wav"
    path.write_text("no sound")
    live.drop(path)
    live.expect_problem("This browser cannot read sound from “letter.wav”. Try WAV")


@pytest.mark.parametrize("name", NAMES)
def test_a_server_that_is_full(name, browser, visit, wav, tmp_path):
    with serving(tmp_path, "--no-auth", "--max-sessions", "1") as server:
        other = visit(browser, server.address)
        other.press_start()
        other.expect_state("listening")
        live = visit(browser, server.address, f"?dialect={name}")
        live.drop(wav)
        live.expect_problem("Every place on this server is taken. Try again in a minute")


def test_a_server_that_went_away(browser, visit, wav, tmp_path):
    with serving(tmp_path, "--no-auth") as server:
        live = visit(browser, server.address)
        live.press_start()
        expect(live.page.locator("#turns .word").first).to_be_visible(timeout=20_000)
        expect(live.page.locator("#turns > li > p > span:first-child .word").first).to_be_visible()
        server.kill()
        live.expect_problem("The connection to the server broke. Final words are kept.")
        assert live.text
        live.press_start()
        live.expect_problem("The server does not answer. See whether “crossfade serve”")


def test_a_microphone_needs_a_secure_page_and_a_file_does_not(launch, visit, wav, tmp_path):
    # A name that is not localhost makes plain HTTP insecure in the eyes of the browser.
    with serving(tmp_path, "--no-auth") as server, launch(resolves="server.test") as browser:
        _, port = server.address.split(":")
        live = visit(browser, f"server.test:{port}")
        live.press_start()
        live.expect_problem("gives a microphone only to pages from localhost or over HTTPS")
        live.drop(wav)
        assert live.finished() == SCRIPTED_WORDS
