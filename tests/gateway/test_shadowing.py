"""A second backend hears some sessions too; what it says is written down, and hurts nobody."""

import asyncio
import errno
import stat
import threading
from itertools import chain

import pytest

from crossfade.errors import RecognizerError, UpstreamError
from crossfade.gateway import shadow as shadow_room
from crossfade.gateway.failover import FailoverRecognizer
from crossfade.gateway.shadow_files import ShadowFile, ShadowFiles
from crossfade.gateway.shadow_records import (
    Began,
    DamagedRecordError,
    Ended,
    Turn,
    Words,
    read_records,
)
from crossfade.gateway.shadowing import Shadows
from crossfade.model import (
    Audio,
    ContainerAudio,
    Encoding,
    Final,
    Finish,
    RawAudio,
    SessionConfig,
    SilenceEndpointing,
)
from crossfade.recognizers.scripted import ScriptedRecognizer, spoken

SCRIPT = spoken("Good morning, everybody.")
OTHER = spoken("Good mourning every body.")
SAMPLES = RawAudio(encoding=Encoding.PCM_S16LE, sample_rate_hz=16_000)
CONFIG = SessionConfig(
    language="en", audio=SAMPLES, endpointing=SilenceEndpointing(silence_ms=800), max_delay_ms=1500
)
CHUNK = Audio(data=bytes(3200))
N_CHUNKS = 40


class Broken(ScriptedRecognizer):
    """Opens streams that fail."""

    def open(self, config):
        raise UpstreamError("no room", cause="capacity")


def shadowed(tmp_path, second, *, first=None, **more):
    options = {"percent": 100.0} | more
    files = ShadowFiles(tmp_path / "shadow", most_bytes=options.pop("most_bytes", 1_000_000))
    shadows = Shadows("second", second, files, **options)
    first = first or ScriptedRecognizer(SCRIPT)
    return FailoverRecognizer([("first", first)], shadows=shadows)


async def hear(recognizer, *, config=CONFIG, n_chunks=N_CHUNKS):
    stream = recognizer.open(config)
    try:
        async with asyncio.timeout(10), asyncio.TaskGroup() as group:

            async def feed():
                for _ in range(n_chunks):
                    await stream.feed(CHUNK)
                await stream.feed(Finish())

            group.create_task(feed())
            return [event async for event in stream.events()]
    finally:
        await stream.aclose()


async def written(recognizer):
    """Wait until the shadows are written; nothing is recorded any more then."""
    async with asyncio.timeout(10):
        while recognizer.shadow().recording:
            await asyncio.wait(list(recognizer._shadows._alive))
            await asyncio.sleep(0)


def records(tmp_path):
    return [[*read_records(path)] for path in sorted((tmp_path / "shadow").glob("*.jsonl"))]


def words(lines, side):
    return [
        w for line in lines if isinstance(line, Words) and line.side == side for w in line.words
    ]


def texts(events):
    return [word.text for e in events if isinstance(e, Final) for word in e.words]


async def test_both_sides_are_written_down_with_their_lags(tmp_path):
    recognizer = shadowed(tmp_path, ScriptedRecognizer(OTHER))
    events = await hear(recognizer)
    await written(recognizer)
    assert texts(events) == ["Good", "morning", "everybody"]
    [lines] = records(tmp_path)
    began = lines[0]
    assert isinstance(began, Began)
    assert (began.backends, began.language, began.audio) == (
        {"session": "first", "shadow": "second"},
        "en",
        SAMPLES,
    )
    assert [word.text for word in words(lines, "session")] == ["Good", "morning", "everybody"]
    assert [word.text for word in words(lines, "shadow")] == ["Good", "mourning", "every", "body"]
    for word in chain(words(lines, "session"), words(lines, "shadow")):
        assert 0 <= word.partial_lag_ms <= word.final_lag_ms
    assert {line.side for line in lines if isinstance(line, Turn)} == {"session", "shadow"}
    ended = {line.side: line for line in lines if isinstance(line, Ended)}
    assert [(e.audio_ms, e.cause, e.n_lost) for e in ended.values()] == [(4000, None, 0)] * 2
    assert recognizer.shadow().outcomes == {"recorded": 1}


async def test_audio_is_written_only_if_the_operator_says_so(tmp_path):
    for is_kept in (False, True):
        recognizer = shadowed(
            tmp_path, ScriptedRecognizer(OTHER), audio_is_kept=is_kept, most_bytes=10**7
        )
        await hear(recognizer)
        await written(recognizer)
        audio = [*(tmp_path / "shadow").glob("*.audio")]
        assert len(audio) == is_kept
    assert audio[0].stat().st_size == 3200 * N_CHUNKS
    names = {lines[0].audio_file for lines in records(tmp_path)}
    assert names == {None, audio[0].name}


async def test_only_the_owner_can_read_what_was_said(tmp_path):
    recognizer = shadowed(tmp_path, ScriptedRecognizer(OTHER))
    await hear(recognizer)
    await written(recognizer)
    [path] = (tmp_path / "shadow").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) & 0o077 == 0


async def test_a_share_of_the_sessions_is_chosen_by_chance(tmp_path):
    chances = iter([0.0, 0.09, 0.10, 0.5, 0.99])
    second = ScriptedRecognizer(OTHER)
    recognizer = shadowed(tmp_path, second, percent=10.0, chance=chances.__next__)
    for _ in range(5):
        await hear(recognizer, n_chunks=2)
    await written(recognizer)
    assert len(records(tmp_path)) == 2


async def test_a_second_backend_that_stands_still_is_given_up_and_the_session_is_not(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(shadow_room, "MOST_WAITING_BYTES", 40_000)
    second = ScriptedRecognizer(OTHER, queue_bytes=10_000)
    second.running.clear()
    recognizer = shadowed(tmp_path, second)
    assert texts(await hear(recognizer)) == ["Good", "morning", "everybody"]
    await written(recognizer)
    [lines] = records(tmp_path)
    assert words(lines, "session")
    causes = {line.side: line.cause for line in lines if isinstance(line, Ended)}
    assert causes == {"session": None, "shadow": "slow"}
    assert recognizer.shadow().outcomes == {"slow": 1}
    assert second.n_open == 0


@pytest.mark.parametrize(
    ("second", "outcome"),
    [(Broken(OTHER), "failed"), (ScriptedRecognizer(OTHER, fails_at_ms=1000), "fault")],
    ids=["at-the-start", "in-the-middle"],
)
async def test_a_second_backend_that_fails_hurts_nobody(tmp_path, second, outcome):
    recognizer = shadowed(tmp_path, second)
    assert texts(await hear(recognizer)) == ["Good", "morning", "everybody"]
    await written(recognizer)
    assert sum(recognizer.shadow().outcomes.values()) == 1


async def test_a_session_that_fails_is_told_apart_from_one_that_ends(tmp_path):
    first = ScriptedRecognizer(SCRIPT, fails_at_ms=1000)
    recognizer = shadowed(tmp_path, ScriptedRecognizer(OTHER), first=first)
    with pytest.raises(ExceptionGroup) as caught:
        await hear(recognizer)
    assert caught.group_contains(RecognizerError)
    await written(recognizer)
    [lines] = records(tmp_path)
    causes = {line.side: line.cause for line in lines if isinstance(line, Ended)}
    assert causes["session"] in ("failed", "left")


async def test_media_files_have_words_and_no_lags(tmp_path):
    second = ScriptedRecognizer(OTHER)
    recognizer = shadowed(tmp_path, second, first=ScriptedRecognizer(SCRIPT))
    stream = recognizer._shadows.over(
        ScriptedRecognizer(SCRIPT).open(config := _of_media()), config, name="first"
    )
    for _ in range(N_CHUNKS):
        await stream.feed(CHUNK)
    await stream.feed(Finish())
    heard = [event async for event in stream.events()]
    await stream.aclose()
    await written(recognizer)
    assert texts(heard)
    [lines] = records(tmp_path)
    assert {word.final_lag_ms for word in words(lines, "session")} == {None}


def _of_media():
    return SessionConfig(language="en", audio=ContainerAudio(), endpointing=CONFIG.endpointing)


async def test_the_oldest_records_make_room_for_new_ones(tmp_path):
    files = ShadowFiles(tmp_path, most_bytes=10_000)
    for number in range(10):
        (tmp_path / f"2020010{number}T000000Z-old.jsonl").write_bytes(bytes(2000))
    (tmp_path / "mine.txt").write_bytes(bytes(50_000))
    file = files.open("new")
    left = sorted(path.name for path in tmp_path.glob("*.jsonl"))
    assert left[:-1] == [f"2020010{number}T000000Z-old.jsonl" for number in range(6, 10)]
    assert file.write([Ended(side="shadow", audio_ms=0)] * 100) > 0
    file.write_audio(bytes(5000))
    file.close()
    assert sum(p.stat().st_size for p in tmp_path.iterdir() if "new" in p.name) <= 1000
    assert (tmp_path / "mine.txt").exists()


async def test_a_folder_that_cannot_be_written_costs_the_record_alone(tmp_path):
    (tmp_path / "shadow").write_text("not a folder")
    recognizer = shadowed(tmp_path, ScriptedRecognizer(OTHER))
    assert texts(await hear(recognizer)) == ["Good", "morning", "everybody"]
    await written(recognizer)
    assert recognizer.shadow().outcomes == {"no_room": 1}


async def test_nothing_is_missing_that_came_while_the_disk_was_busy(tmp_path, monkeypatch):
    is_busy, is_over = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()
    write = ShadowFile.write_audio

    def slow(file, data):
        loop.call_soon_threadsafe(is_busy.set)
        assert is_over.wait(10)
        write(file, data)

    monkeypatch.setattr(ShadowFile, "write_audio", slow)
    monkeypatch.setattr(shadow_room, "HANDFUL_BYTES", 3200)
    recognizer = shadowed(tmp_path, ScriptedRecognizer(OTHER), audio_is_kept=True, most_bytes=10**7)
    await hear(recognizer)
    async with asyncio.timeout(10):
        await is_busy.wait()
        [shadow] = recognizer._shadows._alive.values()
        await shadow._over.wait()
    is_over.set()
    await written(recognizer)
    [lines] = records(tmp_path)
    assert [word.text for word in words(lines, "shadow")] == ["Good", "mourning", "every", "body"]
    assert {line.side for line in lines[-2:] if isinstance(line, Ended)} == {"session", "shadow"}
    [audio] = (tmp_path / "shadow").glob("*.audio")
    assert audio.stat().st_size == 3200 * N_CHUNKS


async def test_the_last_lines_say_how_many_there_was_no_room_for(tmp_path):
    recognizer = shadowed(tmp_path, ScriptedRecognizer(OTHER), most_bytes=9000)
    await hear(recognizer)
    await written(recognizer)
    [lines] = records(tmp_path)
    n_whole = 1 + 2 + 2  # began; words and the end of a turn, of both sides
    ended = lines[-2:]
    assert {(type(line), line.side) for line in ended} == {(Ended, "session"), (Ended, "shadow")}
    n_lost = n_whole - (len(lines) - 2)
    assert n_lost > 0
    assert [line.n_lost for line in ended] == [n_lost, n_lost]


async def test_a_full_disk_ends_the_shadow_alone(tmp_path, monkeypatch):
    def full(file, records):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(ShadowFile, "write", full)
    monkeypatch.setattr(shadow_room, "HANDFUL_LINES", 1)
    second = ScriptedRecognizer(OTHER)
    recognizer = shadowed(tmp_path, second)
    assert texts(await hear(recognizer)) == ["Good", "morning", "everybody"]
    await written(recognizer)
    assert recognizer.shadow().outcomes == {"no_room": 1}
    assert second.n_open == 0


def test_a_record_that_was_cut_off_is_read_up_to_there(tmp_path):
    path = tmp_path / "cut.jsonl"
    path.write_bytes(b'{"type":"ended","side":"shadow","audio_ms":5}\n{"type":"wor')
    assert [*read_records(path)] == [Ended(side="shadow", audio_ms=5)]
    path.write_bytes(b'{"type":"word\n{"type":"ended","side":"shadow","audio_ms":5}\n')
    with pytest.raises(DamagedRecordError, match="line 1"):
        list(read_records(path))


async def test_shadows_end_with_the_server(tmp_path):
    second = ScriptedRecognizer(OTHER)
    second.running.clear()
    recognizer = shadowed(tmp_path, second)
    stream = recognizer.open(CONFIG)
    await stream.feed(CHUNK)
    await stream.aclose()
    await recognizer.aclose()
    assert second.n_open == 0
    [lines] = records(tmp_path)
    causes = {line.side: line.cause for line in lines if isinstance(line, Ended)}
    assert causes == {"session": "left", "shadow": "cut_off"}
