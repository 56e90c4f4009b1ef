"""What a speech server is asked for first, one test each; the long ones have commands.

``docs/reliability.md`` says which promise is kept by which test.
"""

import asyncio
import gc
import os
import tracemalloc

import numpy as np
import pytest

import virtual_time
from both_voices import SECOND, VOICES, chunks, is_closed_as, letters
from crossfade.audio import encode
from crossfade.dialects import DIALECTS
from crossfade.dialects.base import DialectSettings
from crossfade.model import Encoding
from crossfade.recognizers.scripted import ScriptedRecognizer, spoken
from sessions_in_virtual_time import session
from speechmatics_wire import start_message

HOURS = float(os.environ.get("CROSSFADE_TEST_HOURS", "0.5"))
SAMPLE_BYTES_PER_S = 32_000


def pcm(samples) -> bytes:
    return encode(np.asarray(samples, np.float32), Encoding.PCM_S16LE)


@pytest.fixture
def read_aloud(recordings):
    """A recording whose words have times."""
    return next(r for r in recordings if r.id == "ls-39-121914-0000")


def until(recording, end_s: float) -> bytes:
    return pcm(recording.samples()[: int(end_s * 16_000)])


def n_wrong(heard: str, said: list[str]) -> int:
    """Words of what was said that were not heard, in any order, and the other way round."""
    heard_words, said_words = heard.split(), letters(" ".join(said)).split()
    missing = [word for word in said_words if word not in heard_words]
    return len(missing) + abs(len(heard_words) - len(said_words))


# 1 ----------------------------------------------------------------------------------------------


@pytest.mark.model
async def test_half_an_hour_of_silence_then_one_word(serve, voice, embedded, read_aloud):
    """At full speed: only that word, at its place behind the silence."""
    silence_s = 1800
    word = next(word for word in read_aloud.words if word.word == "clever")
    spoken_word = read_aloud.samples()[int(word.start * 16_000) : int(word.end * 16_000)]
    async with serve(embedded) as server, voice.dial(server.url) as wire:
        await voice.started(wire)
        async with asyncio.TaskGroup() as group:
            hearing = group.create_task(wire.hear_all())
            for _ in range(silence_s):
                await wire.say(*chunks(SECOND))
            await wire.say(*chunks(pcm(spoken_word) + SECOND))
            await voice.ask_for_end(wire)
            heard = await hearing
        assert letters(voice.text(heard)) == "clever"
        assert voice.word_starts_s(heard) == [pytest.approx(silence_s, abs=0.5)]


# 2 ----------------------------------------------------------------------------------------------


@pytest.mark.model
async def test_a_forced_end_in_the_middle_of_a_word_loses_nothing(
    serve, voice, embedded, read_aloud
):
    cut = read_aloud.words[5]
    data = pcm(read_aloud.samples())
    middle = int((cut.start + cut.end) / 2 * 16_000) * 2
    async with serve(embedded) as server, voice.dial(server.url) as wire:
        await voice.started(wire)
        await wire.say(*chunks(data[:middle]))
        async with asyncio.timeout(10):
            await voice.force(wire)
        before = letters(voice.text(wire.heard)).split()
        assert len(before) >= 4  # what was said up to there is final, and shown
        await wire.say(*chunks(data[middle:]))
        heard = letters(voice.text(await voice.finish(wire)))
        # The word that was cut may be heard as two halves, and no other is touched by it.
        assert n_wrong(heard, [word.word for word in read_aloud.words]) <= 4


# 3 ----------------------------------------------------------------------------------------------


@pytest.mark.model
async def test_who_ends_right_after_the_last_sample_gets_the_last_word(
    serve, voice, embedded, read_aloud
):
    last = read_aloud.words[-1]
    async with serve(embedded) as server, voice.dial(server.url) as wire:
        await voice.started(wire)
        await wire.say(*chunks(until(read_aloud, last.end)))
        heard = await voice.finish(wire)
        assert letters(voice.text(heard)).split()[-1] == letters(last.word)
        assert voice.verdict(heard) == voice.finished


# 4 ----------------------------------------------------------------------------------------------


async def test_of_n_plus_one_one_is_refused_until_another_has_left(serve, voice):
    async with (
        serve(max_sessions=2) as server,
        voice.dial(server.url) as first,
        voice.dial(server.url) as second,
    ):
        await voice.started(first)
        await voice.started(second)
        async with voice.dial(server.url) as third:
            heard = await third.hear_all()
            assert voice.verdict(heard) == voice.full[0]
            assert is_closed_as(third, voice.full[1])
        await voice.finish(first)
        async with voice.dial(server.url) as fourth:
            await voice.started(fourth)
            assert server.service.slots.free == 0


# 5 ----------------------------------------------------------------------------------------------


class OwnScripts(ScriptedRecognizer):
    """Every stream says words of its own, by the key term that its client asked for."""

    def __init__(self):
        super().__init__([])

    def open(self, config):
        name = config.keyterms[0].text
        text = " ".join(f"{name}{number}" for number in range(12))
        return ScriptedRecognizer(spoken(text)).open(config)


def asking_for(voice, name: str) -> dict:
    if voice.name == "speechmatics":
        return {"additional_vocab": [{"content": name}]}
    return {"keyterms_prompt": [name]}


async def test_sessions_at_once_hear_their_own_words_and_no_others(serve):
    names = [f"{letter}x{letter}" for letter in "abcdefghijklmnopqrst"]

    async def client(voice, name):
        async with voice.dial(server.url, **asking_for(voice, name)) as wire:
            await voice.started(wire)
            for chunk in chunks(6 * SECOND):
                await wire.say(chunk)
                await asyncio.sleep(0)  # so that all of them take turns
            return letters(voice.text(await voice.finish(wire))).split()

    async with serve(OwnScripts()) as server, asyncio.TaskGroup() as group:
        talking = {
            name: group.create_task(client(VOICES[at % 2], name)) for at, name in enumerate(names)
        }
    for name, task in talking.items():
        assert task.result() == [f"{name}{number}" for number in range(12)]


@pytest.mark.model
async def test_voices_at_once_are_not_mixed_by_the_embedded_recognizer(serve, embedded, recordings):
    """Every session has the words that its recording has alone."""
    playing = [r for r in recordings if r.category == "read_en"][:3]

    async def client(voice, recording):
        async with voice.dial(server.url) as wire:
            await voice.started(wire)
            await wire.say(*chunks(pcm(recording.samples())))
            return letters(voice.text(await voice.finish(wire)))

    async with serve(embedded) as server:
        pairs = [(VOICES[at % 2], recording) for at, recording in enumerate(playing)]
        alone = [await client(*pair) for pair in pairs]
        async with asyncio.TaskGroup() as group:
            together = [group.create_task(client(*pair)) for pair in pairs]
        assert [task.result() for task in together] == alone


# 6 ----------------------------------------------------------------------------------------------

URLS = {
    "speechmatics": "/v2",
    "assemblyai": "/v3/ws?sample_rate=16000&speech_model=universal-streaming-english",
}


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    "dialect", [dialect for dialect in DIALECTS if dialect.times_words], ids=lambda d: d.name
)
def test_hours_of_audio_have_times_without_drift_and_no_growth(dialect):
    """``CROSSFADE_TEST_HOURS=10`` for the whole of it; the clock is accelerated."""
    virtual_time.run(_hours(dialect, HOURS))


async def _hours(dialect, hours: float) -> None:
    script = spoken("Good morning. Welcome aboard.")
    engine = ScriptedRecognizer(script, repeat_ms=10_000)
    voice = next(voice for voice in VOICES if voice.name == dialect.name)
    chunk = bytes(SAMPLE_BYTES_PER_S // 10 if dialect.name == "assemblyai" else SAMPLE_BYTES_PER_S)
    tracemalloc.start()
    marks, n_words, expected = [], 0, 0.0
    settings = DialectSettings(session_s=(hours + 1) * 3600)  # one vendor's sessions last 3 hours
    setup = {"url": URLS[dialect.name], "settings": settings, "recognizer": engine}
    async with session(dialect, **setup) as (socket, _):
        if dialect.name == "speechmatics":
            socket.say(start_message(enable_partials=True))
        for minute in range(1, int(hours * 60) + 1):
            for _ in range(60 * SAMPLE_BYTES_PER_S // len(chunk)):
                socket.say(chunk)
                await asyncio.sleep(len(chunk) / SAMPLE_BYTES_PER_S)
            heard = [message for _, message in socket.heard]
            socket.heard.clear()
            for start_s in voice.word_starts_s(heard):
                assert start_s >= expected, "times go back"
                expected = start_s
                offset_ms = round(start_s * 1000) % 10_000
                assert min(abs(offset_ms - word.start_ms) for word in script) <= 1, "times drift"
                n_words += 1
            if minute % 10 == 0:
                gc.collect()  # empties the interpreter's own stores of used tuples as well
                marks.append(tracemalloc.get_traced_memory()[0])
        await _end(dialect, socket)
    tracemalloc.stop()
    assert n_words >= 4 * (hours * 360 - 2)
    assert marks[-1] - marks[0] < 20_000, f"grew from {marks[0]} to {marks[-1]} bytes"


async def _end(dialect, socket) -> None:
    end = {"message": "EndOfStream", "last_seq_no": 0}
    socket.say(end if dialect.name == "speechmatics" else {"type": "Terminate"})
    async with asyncio.timeout(60):
        while socket.closed is None:  # noqa: ASYNC110 (virtual seconds; a fake has no event for it)
            await asyncio.sleep(0.1)


# 7 ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["connected", "started", "in-speech", "draining"])
async def test_a_client_that_vanishes_holds_nothing(serve, voice, state):
    engine = ScriptedRecognizer(spoken("Good morning. Welcome aboard."))
    async with serve(engine) as server:
        async with voice.dial(server.url) as wire:
            if state != "connected":
                await voice.started(wire)
            if state == "in-speech":
                await wire.say(*chunks(SECOND + SECOND[:6400]))
                await voice.hear_word(wire)
            if state == "draining":
                engine.running.clear()
                await wire.say(*chunks(SECOND))
                await voice.ask_for_end(wire)
                await (await wire.socket.ping())
            wire.socket.transport.abort()
            async with asyncio.timeout(5):
                await server.service.sessions.emptied()
        assert (server.service.slots.taken, engine.n_open) == (0, 0)


# 9 ----------------------------------------------------------------------------------------------


async def test_a_slow_reader_delays_nobody_and_loses_nothing(serve, voice):
    engine = ScriptedRecognizer(spoken("Good morning everybody on board."), repeat_ms=3000)
    async with serve(engine) as server, voice.dial(server.url) as slow:
        await voice.started(slow)
        for _ in range(30):
            await slow.say(*chunks(SECOND))
        async with voice.dial(server.url) as other:  # while the first has read nothing
            await voice.started(other)
            await other.say(*chunks(3 * SECOND))
            assert len(letters(voice.text(await voice.finish(other))).split()) == 5
        heard = letters(voice.text(await voice.finish(slow))).split()
        assert len(heard) == 50


# 10 ---------------------------------------------------------------------------------------------


UNHONOURED = {"speechmatics": "output_locale", "assemblyai": "prompt"}
"""Settings that are the vendors' own; names that nobody knows are not for the log."""


@pytest.mark.parametrize("is_strict", [False, True], ids=["lenient", "strict"])
async def test_what_cannot_be_honoured_is_warned_of_or_refused(serve, voice, is_strict, caplog):
    caplog.set_level("INFO", logger="crossfade.server")
    name = UNHONOURED[voice.name]
    settings = DialectSettings(strict_parameters=is_strict)
    async with (
        serve(dialect=settings) as server,
        voice.dial(server.url, **{name: "yes"}) as wire,
    ):
        if is_strict:
            assert "Error" in str((await wire.hear_all())[-1])
            assert any("ends with" in line and "Error" in line for line in caplog.messages)
        else:
            await voice.started(wire)
            await voice.finish(wire)
            assert any("goes without" in line and name in line for line in caplog.messages)


CHANGES = {
    "speechmatics": {
        "message": "SetRecognitionConfig",
        "transcription_config": {"enable_partials": False, "canary": 1},
    },
    "assemblyai": {"type": "UpdateConfiguration", "prompt": "The canary sings."},
}


@pytest.mark.parametrize("is_strict", [False, True], ids=["lenient", "strict"])
async def test_what_a_change_asks_for_in_vain_is_told_or_refused(serve, voice, is_strict, caplog):
    caplog.set_level("INFO", logger="crossfade.server")
    settings = DialectSettings(strict_parameters=is_strict)
    async with serve(dialect=settings) as server, voice.dial(server.url) as wire:
        await voice.started(wire)
        for _ in range(2):
            await wire.say(CHANGES[voice.name])
        heard = await (wire.hear_all() if is_strict else voice.finish(wire))
        assert (voice.verdict(heard) == voice.finished) == (not is_strict)
        count = f'crossfade_unhonoured_settings_total{{dialect="{voice.name}"}}'
        metrics = server.service.metrics.text().decode()
    assert "canary" not in caplog.text
    if not is_strict:
        assert caplog.text.count("goes without") == 1
        assert f"{count} 1.0" in metrics.splitlines()


async def test_a_name_that_the_vendors_server_ignores_is_ignored(serve):
    async with serve() as server, VOICES[1].dial(server.url, formatted_finals="true") as wire:
        await VOICES[1].started(wire)
        assert VOICES[1].verdict(await VOICES[1].finish(wire)) == "Termination"
