"""The page's modules by themselves, held against what the rest of the house does."""

import json
import math
import random
from pathlib import Path

import numpy as np
import pytest

from crossfade.client.transcript import Transcript, render
from crossfade.dialects import DIALECTS
from crossfade.dialects.base import ClientDialect
from crossfade.errors import UpstreamError
from crossfade.model import (
    ConfidenceEndpointing,
    Encoding,
    Endpointing,
    Final,
    RawAudio,
    SessionConfig,
    SilenceEndpointing,
    Word,
)
from crossfade.testing import read_transcript
from crossfade.testing.transcript import ServerSays

VOCABULARY = ("the", "of", "a", "Crossfade", "straße", "😀", "unconstitutional", "&", "<b>", "it's")

TRANSCRIPTS = sorted(
    path
    for path in (Path(__file__).parents[1] / "transcripts").glob("*/*.jsonl")
    if path.stem != "two_channels"  # the page has one
)


@pytest.fixture(scope="module")
def run(browser, scripted_server):
    """Run a function of JavaScript; ``load`` is how it gets a module of the page."""
    page = browser.new_page()
    page.goto(f"http://{scripted_server.address}/")

    def call(code: str, argument=None):
        load = "const load = (name) => import(new URL(`page/${name}.js`, document.baseURI));"
        return page.evaluate(f"async (argument) => {{ {load} {code} }}", argument)

    return call


def wire(word: Word) -> dict:
    return {
        "text": word.text,
        "startMs": word.start_ms,
        "endMs": word.end_ms,
        "confidence": word.confidence,
        "punctuation": word.punctuation,
        "speaker": word.speaker,
    }


def a_talk(seed: int) -> list[Word]:
    """Words as a speaker might say them: long and short ones, marks, pauses, two speakers."""
    chance = random.Random(seed)
    words, at_ms, speaker = [], chance.randrange(3000), None
    for _ in range(chance.randrange(1, 300)):
        end_ms = at_ms + chance.randrange(40, 900)
        word = Word(
            text=chance.choice(VOCABULARY),
            start_ms=at_ms,
            end_ms=end_ms,
            confidence=round(chance.random(), 2),
            punctuation=chance.choice(["", "", "", "", ",", ".", "?", "...", "—"]),
            speaker=speaker,
        )
        words.append(word)
        at_ms = end_ms + chance.choice([0, 0, 0, 40, 260, 1200, 2500])
        speaker = chance.choice([speaker, speaker, speaker, "S1", None])
    return words


@pytest.mark.parametrize("suffix", ["txt", "srt", "vtt", "json"])
def test_downloads_are_what_the_command_line_writes(run, suffix):
    talks = [[], *map(a_talk, range(60))]
    written = run(
        """
        const { FORMATS } = await load("formats");
        const [suffix, talks] = argument;
        return talks.map((words) => FORMATS[suffix].render({ name: "a b", audioMs: 9, words }));
        """,
        [suffix, [[wire(word) for word in words] for words in talks]],
    )
    for words, text in zip(talks, written, strict=True):
        transcript = Transcript(name="a b", audio_ms=9, words=tuple(words))
        expected = render(transcript, "text" if suffix == "txt" else suffix)
        if suffix == "json":
            assert json.loads(text) == json.loads(expected)
        else:
            assert text == expected


RESAMPLE = """
    const { Resampler } = await load("resampler");
    const [rate, samples, cuts] = argument;
    const resampler = new Resampler(rate, 16000);
    const pieces = [];
    let start = 0;
    for (const cut of [...cuts, samples.length]) {
      pieces.push(...resampler.push(Float32Array.from(samples.slice(start, cut))));
      start = cut;
    }
    return [...pieces, ...resampler.flush()];
"""


@pytest.mark.parametrize("rate", [8000, 16_000, 22_050, 44_100, 48_000, 96_000])
def test_a_tone_is_the_same_tone_at_another_rate(run, rate):
    n = rate // 4
    tone = np.sin(2 * np.pi * 997 * np.arange(n) / rate)
    heard = np.array(run(RESAMPLE, [rate, tone.tolist(), []]))
    assert len(heard) == math.ceil(n * 16_000 / rate)
    expected = np.sin(2 * np.pi * 997 * np.arange(len(heard)) / 16_000)
    middle = slice(200, -200)  # away from the ends, where the tone begins and ends at once
    assert np.abs(heard[middle] - expected[middle]).max() < 1e-3


@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_what_is_too_high_for_the_new_rate_is_gone(run, rate):
    tone = np.sin(2 * np.pi * 9000 * np.arange(rate // 4) / rate)
    heard = np.array(run(RESAMPLE, [rate, tone.tolist(), []]))
    assert np.abs(heard[200:-200]).max() < 1e-3


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000])
def test_how_audio_is_cut_changes_no_sample(run, rate):
    noise = np.random.default_rng(7).uniform(-1, 1, 3000).tolist()
    whole = run(RESAMPLE, [rate, noise, []])
    assert run(RESAMPLE, [rate, noise, [1, 2, 3, 130, 131, 1000, 2999]]) == whole


def finals(
    client: ClientDialect, frames: list[str], endpointing: Endpointing
) -> list[tuple[str, int, int, str]]:
    config = SessionConfig(
        language="en",
        audio=RawAudio(encoding=Encoding.PCM_S16LE, sample_rate_hz=16_000),
        endpointing=endpointing,
    )
    client.request("ws://server", key=None, config=config)
    said = []
    for frame in frames:
        try:
            events = client.receive(frame)
        except UpstreamError:
            break
        said += [word for event in events if isinstance(event, Final) for word in event.words]
    return [(word.text, word.start_ms, word.end_ms, word.punctuation) for word in said]


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_a_dialect_reads_the_same_words_as_our_client(run, path):
    dialect = next(one for one in DIALECTS if one.name == path.parent.name)
    # Recordings of the family whose turns end twice have their own prefix.
    is_incremental = path.stem.startswith("us_")
    frames = [line.frame for line in read_transcript(path) if isinstance(line, ServerSays)]
    read = run(
        """
        const [folder, isIncremental, frames] = argument;
        const { dialect } = await load(`dialects/${folder}/page`);
        const choice = dialect.choice.options.at(isIncremental ? -1 : 0).value;
        const conversation = dialect.converse({ token: null, sampleRateHz: 16000, choice });
        const events = frames.flatMap((frame) => conversation.receive(frame));
        return events.filter(({ type }) => type === "final").flatMap(({ words }) => words)
          .map(({ text, startMs, endMs, punctuation }) => [text, startMs, endMs, punctuation]);
        """,
        [dialect.folder, is_incremental, frames],
    )
    endpointing: Endpointing = SilenceEndpointing(silence_ms=800)
    if is_incremental:
        endpointing = ConfidenceEndpointing(min_silence_ms=400, max_silence_ms=1280, threshold=0.4)
    assert [tuple(word) for word in read] == finals(dialect.client(), frames, endpointing)
