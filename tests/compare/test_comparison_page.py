"""The page in a real Chromium, from the file system."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

AXE = Path(__file__).parents[2] / ".clients" / "page" / "node_modules" / "axe-core" / "axe.min.js"
PHONE = {"width": 360, "height": 740}


@pytest.fixture
def visit(browser, written):
    """Open the page; at the end nothing may have gone wrong, or been asked of anybody."""
    contexts, complaints, requested = [], [], []

    def open_page(**options):
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        page.on("request", lambda request: requested.append(request.url))
        page.goto(written.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []
    assert {url for url in requested if not url.startswith("data:")} <= {
        url for url in requested if url.startswith(written.as_uri())
    }


def position_s(page):
    return page.locator("audio").evaluate_all("(all) => Math.max(...all.map(a => a.currentTime))")


def section(page, name):
    return page.locator("details.recording", has=page.locator("h3", has_text=name))


def test_it_says_who_was_compared_and_what_came_of_it(visit):
    page = visit()
    expect(page.get_by_role("heading", level=1)).to_have_text("Comparison")
    sides = page.locator(".sides li")
    expect(sides).to_have_count(2)
    expect(sides.first).to_contain_text("max_delay_ms: degraded, a note")
    expect(sides.first).to_contain_text("0.2 USD an hour of audio, by a page, 2026-01-01")
    figures = page.locator(".figures")
    expect(figures.get_by_role("row", name="word error rate")).to_contain_text("3.9")
    assert page.locator(".plots svg").count() == 2


def test_the_worst_recordings_come_first_and_what_failed_before_all(visit):
    page = visit()
    names = page.locator("details.recording h3").all_text_contents()
    assert names == ["broken", "different", "gone", "right"]
    expect(section(page, "broken").locator(".problem")).to_have_text("B failed: it broke")


def test_words_stand_side_by_side_and_those_that_differ_are_marked(visit):
    page = visit()
    words = section(page, "different").locator(".words")
    expect(words.locator(".col")).to_have_count(13)
    different = words.locator(".off")
    expect(different.filter(has_text="fox").locator(".wrong")).to_have_text("A: box")
    expect(different.filter(has_text="lazy").locator(".wrong")).to_have_text("B: ·")


def test_what_somebody_said_is_text_and_nothing_else(visit):
    page = visit()
    expect(section(page, "different").locator(".words")).to_contain_text("<img")
    assert page.locator("img").count() == 0


def test_a_click_on_a_word_plays_it(visit):
    page = visit()
    words = section(page, "right").locator(".words")
    if not section(page, "right").evaluate("(details) => details.open"):
        section(page, "right").locator("summary").first.click()
    words.locator(".col").nth(8).click()  # at 1.6 s
    page.wait_for_function("[...document.querySelectorAll('audio')].some(a => a.currentTime > 1.4)")
    assert position_s(page) < 4.0
    expect(words.locator(".col.now").first).to_be_visible()


def test_a_click_on_the_waveform_goes_there_and_only_one_sound_plays(visit):
    page = visit()
    for name in ("different", "broken"):
        wave = section(page, name).locator(".wave")
        box = wave.bounding_box()
        wave.click(position={"x": box["width"] / 2, "y": 10})
        page.wait_for_function(
            """(name) => {
              const playing = [...document.querySelectorAll("audio")].filter((a) => !a.paused);
              const [audio] = playing;
              return playing.length === 1 && audio.ariaLabel === name && audio.currentTime >= 2.9;
            }""",
            arg=name,
        )


def test_words_can_be_reached_with_the_keyboard(visit):
    page = visit()
    words = section(page, "different").locator(".words")
    words.focus()
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    expect(words.locator(".cursor")).to_contain_text("over")
    page.keyboard.press("Enter")
    page.wait_for_function("[...document.querySelectorAll('audio')].some(a => a.currentTime > 0.8)")


def test_what_all_agree_on_can_be_shown_once(visit):
    page = visit()
    agreed = section(page, "different").locator(".col", has_text="quick")
    expect(agreed.locator("span:visible")).to_have_count(3)
    page.get_by_label("Show words once where all agree").check()
    expect(agreed.locator("span:visible")).to_have_count(1)
    expect(section(page, "different").locator(".off").first.locator(".wrong")).to_be_visible()


def test_a_link_in_the_table_opens_its_recording(visit):
    page = visit()
    page.locator(".clips a").last.click()
    expect(page.locator("details.recording").last).to_have_attribute("open", "")


def test_a_recording_whose_file_is_gone_has_words_and_no_sound(visit):
    page = visit()
    gone = section(page, "gone")
    expect(gone.locator("audio")).to_have_count(0)
    assert gone.locator(".col").count() == 1


def test_on_a_phone_nothing_sticks_out(visit):
    page = visit(viewport=PHONE, has_touch=True)
    for details in page.locator("details.recording").all():
        details.evaluate("(details) => (details.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [None, PHONE], ids=["desk", "phone"])
def test_axe_finds_no_fault(visit, scheme, viewport):
    if not AXE.exists():
        pytest.skip("axe-core is not here: make clients, with npm")
    options = {"color_scheme": scheme} | ({"viewport": viewport} if viewport else {})
    page = visit(**options)
    for details in page.locator("details").all():
        details.evaluate("(details) => (details.open = true)")
    # Into a world of its own: the page's policy lets no foreign script in, and need not.
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run()")["violations"]
    assert [f"{fault['impact']}: {fault['help']} {fault['nodes']}" for fault in found] == []
