"""Speech pushed over a socket at full speed: short runs, and faults that must be found."""

import asyncio

import pytest

import corpus
from crossfade.bench.material import suitable
from crossfade.bench.playing import session_config
from crossfade.bench.pushed import GROWTH_LIMIT_MB, Pushed, hear_in_process, judge, push
from crossfade.bench.recordings import read_manifest
from crossfade.bench.sockets import OverSockets
from crossfade.bench.unbroken import UnbrokenSpeech
from crossfade.dialects import DIALECTS
from crossfade.errors import UpstreamError
from crossfade.recognizers.scripted import ScriptedRecognizer, spoken
from crossfade.server.run import ServerConfig, running_server

CONFIG = session_config(max_delay_ms=2000)


@pytest.fixture(scope="module")
def speech():
    """A quarter of a minute, or a little more."""
    return UnbrokenSpeech(suitable(read_manifest(corpus.CARRIED / "manifest.jsonl")), seconds=15)


def engine(text="Good morning, ladies and gentlemen.", **more):
    return ScriptedRecognizer(spoken(text), repeat_ms=4000, **more)


def server(tmp_path, recognizer):
    config = ServerConfig(data_dir=tmp_path, port=0, no_auth=True, max_sessions=4)
    return running_server(recognizer, data_dir=tmp_path, config=config)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
async def test_pushed_words_are_those_of_the_same_audio_in_process(tmp_path, speech, dialect):
    async with asyncio.timeout(60), server(tmp_path, engine()) as running:
        target = OverSockets(url=running.url, spoken=dialect, key=None, chunk_ms=100)
        pushed = await push(target, speech, CONFIG)
        expected = await hear_in_process(engine(), target, speech, CONFIG)
    assert pushed.words == expected
    assert len(pushed.words) >= 15
    assert len(pushed.pongs_ms) >= 1
    assert 0 < pushed.wall_s < speech.seconds
    report = judge(pushed, expected, target=target, seconds=speech.seconds, max_delay_ms=2000)
    assert (report.words, report.different_words) == (len(expected), 0)


async def test_a_session_that_fails_is_an_error(tmp_path, speech):
    async with asyncio.timeout(60), server(tmp_path, engine(fails_at_ms=2000)) as running:
        target = OverSockets(url=running.url, spoken=DIALECTS[0], key=None, chunk_ms=100)
        with pytest.raises(ExceptionGroup) as failed:
            await push(target, speech, CONFIG)
    assert failed.group_contains(UpstreamError)


async def test_a_server_that_is_not_there_is_an_error(speech, unused_tcp_port):
    url = f"ws://127.0.0.1:{unused_tcp_port}"
    target = OverSockets(url=url, spoken=DIALECTS[0], key=None, chunk_ms=100)
    with pytest.raises(UpstreamError, match="no connection"):
        await push(target, speech, CONFIG)


@pytest.mark.parametrize(
    ("words", "pong_ms", "growth_mb", "broken"),
    [
        pytest.param("a b c", 1000.0, GROWTH_LIMIT_MB, None, id="at-the-limits"),
        pytest.param("a b c", 1000.1, 0.0, "a pong took over 1000 ms", id="a-slow-pong"),
        pytest.param("a c", 1.0, 0.0, "1 words are others", id="a-word-is-missing"),
        pytest.param("a B c", 1.0, 0.0, "1 words are others", id="a-capital"),
        pytest.param("a b c", 1.0, GROWTH_LIMIT_MB + 1, "the session added over", id="memory"),
    ],
)
def test_what_is_not_as_it_should_be_breaks_a_limit(words, pong_ms, growth_mb, broken):
    pushed = Pushed(
        words=words.split(),
        pongs_ms=[0.5, pong_ms, 0.5],
        wall_s=6.0,
        peaks_mb=(100.0, 100.0 + growth_mb),
    )
    target = OverSockets(url="ws://h", spoken=DIALECTS[0], key=None, chunk_ms=100)
    report = judge(pushed, ["a", "b", "c"], target=target, seconds=60.0, max_delay_ms=2000)
    assert report.realtime_factor == 0.1
    assert (report.pongs, report.worst_pong_ms) == (3, round(pong_ms, 1))
    assert (report.peak_resident_mb, report.growth_mb) == (100 + growth_mb, growth_mb)
    assert len(report.limits_broken) == (broken is not None)
    assert broken is None or report.limits_broken[0].startswith(broken)


def test_silence_from_a_server_that_should_have_spoken_breaks_a_limit():
    target = OverSockets(url="ws://h", spoken=DIALECTS[0], key=None, chunk_ms=100)
    pushed = Pushed(pongs_ms=[1.0])
    report = judge(pushed, [], target=target, seconds=60.0, max_delay_ms=2000)
    assert report.limits_broken == ("no word was heard",)
    assert (report.peak_resident_mb, report.growth_mb) == (None, None)
