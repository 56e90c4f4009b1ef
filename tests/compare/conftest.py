"""A page of a comparison, and a real Chromium to see it in."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Browser, sync_playwright

from compare_sides import clip, facts, heard
from crossfade.bench.playing import Pacing
from crossfade.bench.recordings import SpokenWord
from crossfade.compare import page
from crossfade.compare.prices import Price
from crossfade.compare.summary import Summary
from processes import write_wav

HOSTILE = "<img/src=x/onerror=alert(1)>"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    executable = shutil.which("chromium")
    if executable is None:
        if os.environ.get("CI"):
            pytest.fail("CI has to have chromium")
        pytest.skip("chromium is not on this machine: apt-get install chromium")
    with sync_playwright() as started:
        # Chromium asks for a sandbox that containers, and root, do not have.
        launched = started.chromium.launch(
            executable_path=executable,
            args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
        )
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def written(recordings, tmp_path_factory) -> Path:
    """A page about four recordings and two sides, with everything that can be on one."""
    folder = tmp_path_factory.mktemp("page")
    spoken = next(r for r in recordings if r.category == "read_en")
    sound = write_wav(folder / "sound.wav", spoken.path, seconds=6)
    price = Price(
        per_audio_hour=0.2, per_session_hour=0.0, currency="USD", source="a page", date="2026-01-01"
    )
    sides = [facts("A", price=price, notes=("max_delay_ms: degraded, a note",)), facts("B")]
    text = "the quick brown fox jumps over the lazy dog and then it sleeps"
    words = [SpokenWord(word, 0.2 * at, 0.2 * at + 0.18) for at, word in enumerate(text.split())]
    clips = [
        clip(
            "right",
            reference=text,
            spoken=words,
            audio_ms=6000,
            A=heard(text, turns=(2600,), session_s=6.1),
            B=heard(text, lag_ms=300.0, session_s=6.2),
        ),
        clip(
            "different",
            reference=text,
            spoken=words,
            audio_ms=6000,
            A=heard(text.replace("fox", "box"), session_s=6.1),
            B=heard(text.replace("lazy ", "").replace("then", HOSTILE)),
        ),
        clip("broken", audio_ms=6000, A=heard(text), B=heard("", failure="it broke")),
        msgspec.structs.replace(clip("gone", A=heard("a"), B=heard("a")), path="gone.wav"),
    ]
    clips = [
        one if one.name == "gone" else msgspec.structs.replace(one, path=f"{sound}")
        for one in clips
    ]
    summary = Summary(sides)
    for one in clips:
        summary.add(one)
    report = summary.report(Pacing(spread_s=0.0), left_out=[f"{HOSTILE}.wav: it is no media"])
    by_name = {one.name: one for one in clips}
    in_order = [by_name[entry.name] for entry in report.recordings]
    target = folder / "page.html"
    with target.open("w", encoding="utf-8") as file:
        file.writelines(page.pieces(report, summary.curves(), in_order, with_audio=True))
    return target
