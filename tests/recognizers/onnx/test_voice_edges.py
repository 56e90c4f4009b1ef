"""Where a voice begins and stops: one mark is one window of 32 ms."""

import numpy as np
import pytest

from crossfade.audio import encode
from crossfade.model import (
    Audio,
    Encoding,
    Finish,
    RawAudio,
    SessionConfig,
    VoiceStarted,
    VoiceStopped,
)
from crossfade.recognizers.onnx import EmbeddedRecognizer
from crossfade.recognizers.onnx.voice import VoiceEdges
from hearing import silence

WINDOW_MS = 32
SPEECH = {"#": 0.9, "+": 0.4, ".": 0.1}
"""Above both thresholds, between them, below."""


def edges_in(windows):
    """Positions in windows; the end of the audio is one too."""
    edges = VoiceEdges(on=0.5, off=0.35, onset_windows=3)
    heard = [
        edges.hear(SPEECH[mark], at * WINDOW_MS, (at + 1) * WINDOW_MS)
        for at, mark in enumerate(windows)
    ]
    return [
        ("+" if isinstance(edge, VoiceStarted) else "-", edge.at_ms // WINDOW_MS)
        for edge in [*heard, edges.finish()]
        if edge is not None
    ]


@pytest.mark.parametrize(
    ("windows", "expected"),
    [
        pytest.param("........", [], id="silence"),
        pytest.param("..##....##..", [], id="a-click-is-no-voice"),
        pytest.param("..####.......", [("+", 2), ("-", 6)], id="told-where-it-is"),
        pytest.param("..###...###....", [("+", 2), ("-", 11)], id="a-gap-between-syllables"),
        pytest.param(
            "..###....###....",
            [("+", 2), ("-", 5), ("+", 9), ("-", 12)],
            id="a-pause",
        ),
        pytest.param("..+++++....", [], id="a-murmur-begins-nothing"),
        pytest.param("..###+++++....", [("+", 2), ("-", 10)], id="and-goes-on"),
        pytest.param("..#####", [("+", 2), ("-", 7)], id="the-audio-ends-first"),
    ],
)
def test_a_voice_begins_and_stops(windows, expected):
    assert edges_in(windows) == expected


async def told(recognizer, samples, *, wanted):
    audio = RawAudio(encoding=Encoding.PCM_S16LE, sample_rate_hz=16_000)
    stream = recognizer.open(SessionConfig(language="en", audio=audio, voice_edges_wanted=wanted))
    await stream.feed(Audio(data=encode(samples, Encoding.PCM_S16LE)))
    await stream.feed(Finish())
    return [e async for e in stream.events() if isinstance(e, VoiceStarted | VoiceStopped)]


@pytest.mark.model
async def test_the_edges_of_speech_are_told_to_who_wants_them(model_files, recording):
    recognizer = EmbeddedRecognizer(model_files)
    await recognizer.start()
    entry = recording("vctk-p286_010")
    samples = np.concatenate([silence(1.0), entry.samples(), silence(1.0)])
    edges = await told(recognizer, samples, wanted=True)
    assert await told(recognizer, samples, wanted=False) == []
    await recognizer.aclose()
    assert [type(edge) for edge in edges] == [VoiceStarted, VoiceStopped] * (len(edges) // 2)
    assert edges
    assert edges[0].at_ms >= 900
    assert edges[-1].at_ms <= 1000 + entry.samples().size // 16 + 200
    assert sorted(edges, key=lambda edge: edge.at_ms) == edges
