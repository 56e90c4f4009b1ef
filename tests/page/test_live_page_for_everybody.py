"""With a keyboard, a screen reader, a phone, in the dark."""

import wave
from pathlib import Path

import pytest
from playwright.sync_api import expect

from processes import KEY, SCRIPTED_WORDS

AXE = Path(__file__).parents[2] / ".clients" / "page" / "node_modules" / "axe-core" / "axe.min.js"
PHONE = {"width": 360, "height": 740}


@pytest.fixture
def faults():
    """Ask axe-core what is wrong with the page as it is now."""
    if not AXE.exists():
        pytest.skip("axe-core is not here: make clients, with npm")
    source = AXE.read_text()

    def look(live) -> list[str]:
        # Into a world of its own: the page's policy lets no foreign script in, and need not.
        live.page.evaluate(source)
        found = live.page.evaluate("axe.run()")["violations"]
        return [f"{fault['impact']}: {fault['help']} {fault['nodes']}" for fault in found]

    return look


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [None, PHONE], ids=["desk", "phone"])
def test_axe_finds_no_fault_in_any_state(
    scheme, viewport, browser, visit, scripted_server, faults, wav
):
    options = {"color_scheme": scheme, "reduced_motion": "reduce"}
    options |= {"viewport": viewport} if viewport else {}
    live = visit(browser, scripted_server.address, **options)
    assert faults(live) == []
    live.press_start()
    live.expect_problem("asks for a key")
    assert faults(live) == []
    live.give_key(KEY)
    live.press_start()
    expect(live.page.locator(".partial .word").first).to_be_visible(timeout=20_000)
    assert faults(live) == []
    live.finish()
    assert faults(live) == []


def test_on_a_phone_nothing_sticks_out(browser, visit, scripted_server, wav):
    live = visit(browser, scripted_server.address, viewport=PHONE, has_touch=True)
    assert live.width() == 360
    live.give_key(KEY)
    live.page.get_by_role("button", name="Messages").click()
    live.press_start()
    expect(live.page.locator("#turns .word").first).to_be_visible(timeout=20_000)
    assert live.width() == 360
    start = live.page.locator("#start").bounding_box()
    assert start["y"] + start["height"] <= 740
    live.finish()
    live.choose_file(wav)
    assert live.width() == 360


def test_everything_can_be_done_with_the_keyboard(browser, visit, scripted_server, wav):
    live = visit(browser, scripted_server.address)
    keyboard = live.page.keyboard
    live.page.locator("#key").focus()
    keyboard.type(KEY)
    keyboard.press("Enter")
    expect(live.page.locator("#turns")).to_contain_text("script", timeout=20_000)
    live.page.locator("#start").focus()
    keyboard.press("Enter")
    live.finished()
    expect(live.page.locator("#start")).to_be_focused()
    live.page.locator("#turns").focus()
    keyboard.press("ArrowRight")
    keyboard.press("ArrowRight")
    expect(live.page.locator(".cursor")).to_have_text("words")
    keyboard.press("Enter")
    expect(live.page.locator(".word.playing")).to_have_text("words")
    expect(live.page.locator(".word.playing")).to_have_count(0)
    keyboard.press("Tab")
    expect(live.page.get_by_role("button", name="Play from 0:0").first).to_be_focused()
    keyboard.press("Enter")
    expect(live.page.locator("li.playing")).to_have_count(1)


def test_a_click_on_a_word_plays_it(browser, visit, scripted_server, wav):
    live = visit(browser, scripted_server.address)
    live.give_key(KEY)
    live.drop(wav)
    live.finished()
    live.page.locator(".word", has_text="come").click()
    expect(live.page.locator(".word.playing")).to_have_text("come")
    expect(live.page.locator(".word.playing")).to_have_count(0)


def test_a_screen_reader_is_told_final_words_only_and_each_once(
    browser, visit, scripted_server, wav
):
    live = visit(browser, scripted_server.address)
    live.page.evaluate(
        """() => {
          window.told = [];
          new MutationObserver((changes) => {
            for (const { addedNodes } of changes)
              for (const node of addedNodes) told.push(node.textContent);
          }).observe(document.querySelector("[aria-live=polite]"), { childList: true });
        }"""
    )
    live.give_key(KEY)
    live.drop(wav)
    live.finished()
    assert " ".join(live.page.evaluate("told")) == SCRIPTED_WORDS
    # The other live regions are the status, advice and problems.
    regions = live.page.locator("[aria-live], [role=status], [role=alert]")
    assert regions.evaluate_all("(all) => all.map((e) => e.id)") == [
        "status",
        "advice",
        "problem",
        "live",
    ]


def test_a_muted_microphone_is_noticed(launch, visit, scripted_server, tmp_path):
    silence = tmp_path / "silence.wav"
    write_silence(silence, seconds=5)
    with launch(hears=silence) as browser:
        live = visit(browser, scripted_server.address)
        live.give_key(KEY)
        live.press_start()
        advice = live.page.locator("#advice")
        expect(advice).to_contain_text("No signal: see whether the microphone is muted")
        live.finish()


def write_silence(path: Path, *, seconds: int) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(bytes(32_000 * seconds))
