"""From Start to the last word, in a real browser."""

import json

import pytest
from playwright.sync_api import expect

from crossfade.dialects import DIALECTS
from crossfade.scoring import word_errors
from processes import KEY, SCRIPTED_WORDS, serving, write_wav

NAMES = [dialect.name for dialect in DIALECTS]


def colour(live, selector: str) -> str:
    return live.page.locator(selector).first.evaluate("(e) => getComputedStyle(e).color")


@pytest.mark.model
@pytest.mark.parametrize("name", NAMES)
def test_a_microphone_becomes_words_grey_at_first(
    name, launch, visit, live_server, recording, tmp_path
):
    spoken = recording("ls-39-121914-0000")
    with launch(hears=write_wav(tmp_path / "spoken.wav", spoken.path)) as browser:
        live = visit(browser, live_server.address, f"?dialect={name}")
        live.give_key(KEY)
        live.press_start()
        expect(live.page.locator(".partial .word").first).to_be_visible(timeout=20_000)
        grey = colour(live, ".partial .word")
        expect(live.page.locator("#turns")).to_contain_text("existence", timeout=40_000)
        text = live.finish()
        assert live.page.locator(".partial .word").count() == 0
        assert colour(live, ".word") == colour(live, "body") != grey
        assert live.complaints == []
    assert word_errors(spoken.text, text).rate <= 0.2


@pytest.mark.model
@pytest.mark.parametrize("name", NAMES)
def test_a_dropped_file_becomes_words_to_download(name, browser, visit, live_server, recording):
    spoken = recording("ls-248-130644-0000")
    live = visit(browser, live_server.address, f"?dialect={name}")
    live.give_key(KEY)
    live.drop(spoken.path)
    text = live.finished()
    assert word_errors(spoken.text, text).rate <= 0.2
    stem = spoken.path.stem
    file, saved = live.download("TXT")
    assert (file, " ".join(saved.split())) == (f"{stem}.txt", text)
    file, saved = live.download("JSON")
    parsed = json.loads(saved)
    assert (file, parsed["file"], parsed["text"]) == (f"{stem}.json", spoken.path.name, text)
    assert parsed["audio_ms"] == pytest.approx(spoken.duration_s * 1000, abs=2)
    file, saved = live.download("SRT")
    assert file == f"{stem}.srt"
    assert saved.startswith("1\n00:00:0")
    file, saved = live.download("VTT")
    assert file == f"{stem}.vtt"
    assert saved.startswith("WEBVTT\n\n00:00:0")
    assert live.complaints == []


@pytest.mark.model
def test_a_model_that_ends_turns_twice_says_each_word_once(browser, visit, live_server, recording):
    spoken = recording("ls-248-130644-0000")
    live = visit(browser, live_server.address, "?dialect=assemblyai")
    live.page.locator("#choice").select_option("universal-streaming-english")
    live.give_key(KEY)
    live.drop(spoken.path)
    text = live.finished()
    assert word_errors(spoken.text, text).rate <= 0.2
    assert text.startswith("It would")


@pytest.mark.parametrize("name", NAMES)
def test_a_chosen_file_can_be_heard_along_in_real_time(name, browser, visit, scripted_server, wav):
    live = visit(browser, scripted_server.address, f"?dialect={name}")
    live.choose_file(wav)
    live.page.get_by_label("Play it aloud").check()
    live.give_key(KEY)
    live.press_start()
    live.expect_state("listening")
    assert live.finished() == SCRIPTED_WORDS
    expect(live.page.locator("#clock")).to_have_text("0:03")
    assert live.complaints == []


@pytest.mark.parametrize("name", NAMES)
def test_stopping_early_keeps_what_was_heard(name, browser, visit, scripted_server, recording):
    live = visit(browser, scripted_server.address, f"?dialect={name}")
    live.choose_file(recording("ls-248-130644-0000").path)
    live.page.get_by_label("Play it aloud").check()
    live.give_key(KEY)
    live.press_start()
    expect(live.page.locator("#turns")).to_contain_text("words")
    assert live.finish() == SCRIPTED_WORDS[: len(live.text)] != ""


def test_a_microphone_goes_on_where_it_stopped_and_a_file_begins_anew(
    browser, visit, scripted_server, wav
):
    live = visit(browser, scripted_server.address)
    live.give_key(KEY)
    for _ in range(2):
        live.press_start()
        expect(live.page.locator("#turns .partial .word").first).to_be_visible(timeout=20_000)
        live.finish()
    words = json.loads(live.download("JSON")[1])["words"]
    starts = [word["start_ms"] for word in words]
    assert [word["text"] for word in words].count("These") == 2
    assert starts == sorted(starts)
    live.drop(wav)
    assert live.finished() == SCRIPTED_WORDS


def test_spoken_words_that_were_not_saved_are_cleared_only_if_the_user_agrees(
    browser, visit, scripted_server
):
    live = visit(browser, scripted_server.address)
    live.give_key(KEY)
    live.press_start()
    expect(live.page.locator("#turns")).to_contain_text("script.", timeout=20_000)
    live.finish()
    asked = []
    live.page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    live.page.get_by_role("button", name="Clear").click()
    assert SCRIPTED_WORDS in live.text
    live.download("TXT")
    live.page.get_by_role("button", name="Clear").click()
    assert (live.text, len(asked)) == ("", 1)


def test_the_key_is_shown_once_and_kept_nowhere(browser, visit, scripted_server, wav):
    live = visit(browser, scripted_server.address)
    keys_sent = []
    live.page.on(
        "request",
        lambda request: keys_sent.append(request.url) if KEY in str(request.headers) else None,
    )
    live.give_key(KEY)
    live.drop(wav)
    live.finished()
    assert len(keys_sent) == len(NAMES)  # one token in each dialect
    expect(live.page.locator("#key-field")).to_be_hidden()
    assert live.page.locator("#key").input_value() == ""
    kept = "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])"
    assert KEY not in live.page.content() + live.page.evaluate(kept)
    sockets = [url for url in live.requested if url.startswith("ws")]
    assert sockets
    assert not any(KEY in url for url in live.requested)
    live.choose("assemblyai")  # the other dialect has its token too
    live.press_start()
    assert live.finished() == SCRIPTED_WORDS
    assert len(keys_sent) == len(NAMES)
    # Its token is not on the screen either, for all that is said about the wire.
    assert "token=…" in live.page.locator("#messages").inner_text()
    assert live.complaints == []


def test_a_link_can_bring_a_token(browser, visit, scripted_server, wav):
    first = visit(browser, scripted_server.address)
    token = first.page.evaluate(
        """async (key) => {
          const answer = await fetch("/v3/token?expires_in_seconds=60",
                                     { headers: { authorization: key } });
          return (await answer.json()).token;
        }""",
        KEY,
    )
    live = visit(browser, scripted_server.address, f"?dialect=assemblyai#assemblyai={token}")
    assert token not in live.page.url
    expect(live.page.locator("#key-field")).to_be_hidden()
    live.drop(wav)
    assert live.finished() == SCRIPTED_WORDS


def test_a_server_without_keys_asks_for_none(browser, visit, wav, tmp_path):
    with serving(tmp_path, "--no-auth") as server:
        assert f"Live page: http://{server.address}/\n" in server.said
        for name in NAMES:
            live = visit(browser, server.address, f"?dialect={name}")
            expect(live.page.locator("#key-field")).to_be_hidden()
            live.drop(wav)
            assert live.finished() == SCRIPTED_WORDS


def test_nothing_is_fetched_from_elsewhere(browser, visit, scripted_server, wav):
    live = visit(browser, scripted_server.address)
    live.give_key(KEY)
    live.drop(wav)
    live.finished()
    own = (f"http://{scripted_server.address}/", f"ws://{scripted_server.address}/", "blob:")
    assert [url for url in live.requested if not url.startswith(own)] == []


def test_the_messages_are_shown_as_they_are_on_the_wire(browser, visit, scripted_server, wav):
    live = visit(browser, scripted_server.address, "?dialect=speechmatics")
    live.give_key(KEY)
    live.drop(wav)
    live.finished()
    panel = live.page.get_by_role("region", name="On the wire")
    expect(panel).to_contain_text("→ 30 audio frames, 96 kB, ← 30 acknowledged")
    panel.locator("summary", has_text="StartRecognition").click()
    expect(panel).to_contain_text('"sample_rate": 16000')
    expect(panel.locator("summary").last).to_contain_text("EndOfTranscript")
    live.page.get_by_role("button", name="Messages").click()
    expect(panel).to_be_hidden()
