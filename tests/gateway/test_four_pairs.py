"""Any dialect in front, any behind: the far recognizer's words, turns and times come through."""

import asyncio

import pytest

from crossfade import Final, connect
from crossfade.model import (
    ConfidenceEndpointing,
    Encoding,
    Partial,
    RawAudio,
    SessionConfig,
    SessionEnded,
    SilenceEndpointing,
    TurnEnded,
)
from crossfade.recognizers.scripted import ScriptedRecognizer, spoken
from gateways import BY_NAME, PAIR_IDS, PAIRS, gateway, unpaced

SCRIPT = [
    *spoken("Good morning, everybody."),
    *spoken("Welcome aboard! Is it late?", start_ms=4000),
]
WORDS = [word.text for word in SCRIPT]
MARKS = [word.punctuation for word in SCRIPT]
N_MS = 9000
SILENCE = SilenceEndpointing(silence_ms=800)
SAMPLES = RawAudio(encoding=Encoding.PCM_S16LE, sample_rate_hz=16_000)


async def hear(server, front, *, audio=SAMPLES, endpointing=SILENCE, data=None, piece=3200):
    """All that a client of the server in front is told."""
    config = SessionConfig(language="en", audio=audio, endpointing=endpointing, max_delay_ms=1500)
    data = bytes(32 * N_MS) if data is None else data
    pieces = [data[at : at + piece] for at in range(0, len(data), piece)]
    dialect = unpaced(BY_NAME[front])
    async with (
        asyncio.timeout(20),
        connect(server.url, key=None, dialect=dialect, config=config, reconnect=None) as session,
    ):
        session.send_all(pieces)
        return [event async for event in session]


def finals(events):
    return [word for event in events if isinstance(event, Final) for word in event.words]


@pytest.mark.parametrize(("front", "behind"), PAIRS, ids=PAIR_IDS)
async def test_words_marks_times_and_turns_come_through(tmp_path, front, behind):
    async with gateway(ScriptedRecognizer(SCRIPT), behind, tmp_path) as (server, _):
        events = await hear(server, front)
    words = finals(events)
    assert [word.text for word in words] == WORDS
    assert [word.punctuation for word in words] == MARKS
    if all(BY_NAME[name].times_words for name in (front, behind)):
        assert [(w.start_ms, w.end_ms) for w in words] == [(w.start_ms, w.end_ms) for w in SCRIPT]
    assert sum(isinstance(event, TurnEnded) for event in events) == 2
    assert any(isinstance(event, Partial) and event.words for event in events)
    assert isinstance(events[-1], SessionEnded)
    assert events[-1].audio_ms == N_MS


async def test_words_are_seen_one_by_one_where_both_sides_can_show_them_so(tmp_path):
    """Settled words whose writing is open come through, to a client that sees hardly any other."""
    rule = ConfidenceEndpointing(min_silence_ms=800, max_silence_ms=800, threshold=0.5)
    async with gateway(ScriptedRecognizer(SCRIPT), "assemblyai", tmp_path) as (server, direct):
        through = await hear(server, "assemblyai", endpointing=rule)
        straight = await hear(direct, "assemblyai", endpointing=rule)
    assert seen(through) == seen(straight)
    assert len(seen(straight)) > 3


def seen(events):
    """What partials showed, each once."""
    shown = (" ".join(w.text for w in e.words) for e in events if isinstance(e, Partial))
    return list(dict.fromkeys(filter(None, shown)))
