"""What a gateway does on the way: audio, acknowledgements, forced ends, settings, credentials."""

import asyncio
import logging
from itertools import pairwise

import numpy as np
import pytest

from crossfade.audio import encode
from crossfade.errors import AudioError, ConfigError, UpstreamError
from crossfade.gateway import Backend, UpstreamRecognizer
from crossfade.gateway.backend import vendor_url
from crossfade.gateway.upstream import NO_RETRY
from crossfade.model import (
    Audio,
    AudioAccepted,
    AudioIgnored,
    ConfidenceEndpointing,
    ContainerAudio,
    Encoding,
    Final,
    Finish,
    ForceTurn,
    KeyTerm,
    NoEndpointing,
    Partial,
    RawAudio,
    Reconfigure,
    ReportSpeakers,
    SessionConfig,
    SilenceEndpointing,
    Speaker,
    SpeakerLabels,
    SpeakersIgnored,
    SpeakersKnown,
    TurnEnded,
    Word,
)
from crossfade.recognizers.scripted import ScriptedRecognizer, spoken
from crossfade.server.keys import Keyring
from crossfade.server.run import running_server
from gateways import BY_NAME, backend
from media_bytes import wav

SCRIPT = [*spoken("Good morning."), *spoken("Welcome aboard.", start_ms=3000)]
EITHER = pytest.mark.parametrize("behind", list(BY_NAME))
WORD_BY_WORD = pytest.mark.parametrize(
    "behind", [name for name, dialect in BY_NAME.items() if dialect.times_words]
)
"""Protocols that carry words, and not only text; the other has a file of its own."""
RATE_HZ = 16_000
SAMPLES = RawAudio(encoding=Encoding.PCM_S16LE, sample_rate_hz=RATE_HZ)


class Heard(ScriptedRecognizer):
    """Notes what it was asked for and what audio came."""

    def __init__(self, script=SCRIPT):
        super().__init__(script)
        self.configs = []
        self.changes = []
        self.data = b""

    def open(self, config):
        self.configs.append(config)
        stream = super().open(config)
        feed = stream.feed

        async def noted(command):
            if isinstance(command, Audio):
                self.data += command.data
            elif isinstance(command, Reconfigure):
                self.changes.append(command)
            await feed(command)

        stream.feed = noted
        return stream


def config(**more):
    fields = {"language": "en", "audio": SAMPLES, "endpointing": SilenceEndpointing(silence_ms=800)}
    return SessionConfig(**(fields | more))


async def told(recognizer, wanted, commands):
    """Everything that one stream says to these commands."""
    stream = recognizer.open(wanted)
    try:
        async with asyncio.timeout(15), asyncio.TaskGroup() as group:

            async def feed():
                for command in commands:
                    await stream.feed(command)

            group.create_task(feed())
            return [event async for event in stream.events()]
    finally:
        await stream.aclose()


@pytest.fixture
async def far(tmp_path):
    engine = Heard()
    async with running_server(engine, data_dir=tmp_path) as server:
        yield engine, server


def finals(events):
    return [word.text for event in events if isinstance(event, Final) for word in event.words]


@EITHER
@pytest.mark.parametrize("n_bytes", [3200, 641, 64_000])
async def test_each_chunk_of_the_client_is_acknowledged_once_however_it_was_cut(
    far, behind, n_bytes
):
    _, server = far
    data = bytes(32 * 4000)
    pieces = [data[at : at + n_bytes] for at in range(0, len(data), n_bytes)]
    recognizer = UpstreamRecognizer(backend(behind, server.url))
    events = await told(recognizer, config(), [*(Audio(data=d) for d in pieces), Finish()])
    numbers = [event.number for event in events if isinstance(event, AudioAccepted)]
    assert numbers == list(range(1, len(pieces) + 1))
    for one, other in pairwise(events):
        assert not isinstance(one, Final) or isinstance(other, Partial)
    assert isinstance(events[-1], Partial)
    assert isinstance(events[-2], Final)


@EITHER
async def test_float_samples_arrive_as_the_far_protocol_can_carry_them(far, behind):
    engine, server = far
    samples = np.linspace(-1.5, 1.5, RATE_HZ, dtype=np.float32)
    audio = RawAudio(encoding=Encoding.PCM_F32LE, sample_rate_hz=RATE_HZ)
    recognizer = UpstreamRecognizer(backend(behind, server.url))
    await told(recognizer, config(audio=audio), [Audio(data=samples.tobytes()), Finish()])
    arrived = engine.configs[0].audio
    if arrived.encoding is Encoding.PCM_F32LE:
        assert engine.data == samples.tobytes()
    else:
        assert behind == "assemblyai"
        n_bytes = len(engine.data) // 2 * 2
        heard = np.frombuffer(engine.data[:n_bytes], np.int16) / 32767
        assert np.allclose(heard, np.clip(samples, -1, 1)[: len(heard)], atol=2e-4)


@WORD_BY_WORD
async def test_telephone_samples_pass_as_they_are(far, behind):
    engine, server = far
    audio = RawAudio(encoding=Encoding.MULAW, sample_rate_hz=8000)
    data = bytes(range(256)) * 100
    recognizer = UpstreamRecognizer(backend(behind, server.url))
    await told(recognizer, config(audio=audio), [Audio(data=data), Finish()])
    assert engine.configs[0].audio == audio
    assert engine.data == data


@EITHER
async def test_a_media_file_is_decoded_here(far, behind):
    engine, server = far
    samples = np.sin(np.arange(RATE_HZ * 2) / 20).astype(np.float32) / 2
    recognizer = UpstreamRecognizer(backend(behind, server.url))
    data = wav(encode(samples, Encoding.PCM_S16LE), rate_hz=RATE_HZ)
    pieces = [Audio(data=data[at : at + 5000]) for at in range(0, len(data), 5000)]
    events = await told(recognizer, config(audio=ContainerAudio()), [*pieces, Finish()])
    assert engine.configs[0].audio == SAMPLES
    assert engine.data == encode(samples, Encoding.PCM_S16LE)
    assert finals(events) == ["Good", "morning"]


async def test_bytes_that_are_no_media_are_the_clients_own_fault(far):
    _, server = far
    recognizer = UpstreamRecognizer(backend("assemblyai", server.url))
    commands = [Audio(data=b"no media at all " * 1000), Finish()]
    with pytest.raises(ExceptionGroup) as caught:
        await told(recognizer, config(audio=ContainerAudio()), commands)
    assert caught.group_contains(AudioError)


@EITHER
@pytest.mark.parametrize("at_ms", [0, 1000, 1300, 2500], ids=lambda ms: f"{ms}ms")
async def test_a_forced_end_is_answered_exactly_once_also_if_nothing_was_said(far, behind, at_ms):
    _, server = far
    recognizer = UpstreamRecognizer(backend(behind, server.url))
    stream = recognizer.open(config(endpointing=NoEndpointing()))
    ended = []
    try:
        async with asyncio.timeout(15):
            for _ in range(0, at_ms, 50):
                await stream.feed(Audio(data=bytes(1600)))
            await stream.feed(ForceTurn())
            async for event in stream.events():
                if isinstance(event, TurnEnded):
                    ended.append(event)
                    await stream.feed(Audio(data=bytes(32 * 5000 - 32 * at_ms)))
                    await stream.feed(Finish())
    finally:
        await stream.aclose()
    assert [event.forced for event in ended] == [True]


@EITHER
async def test_turns_that_nobody_wants_ended_are_joined(far, behind):
    _, server = far
    recognizer = UpstreamRecognizer(backend(behind, server.url))
    commands = [Audio(data=bytes(32 * 6000)), Finish()]
    events = await told(recognizer, config(endpointing=NoEndpointing()), commands)
    assert finals(events) == ["Good", "morning", "Welcome", "aboard"]
    assert {event.turn for event in events if isinstance(event, Final | Partial)} == {0}
    assert not any(isinstance(event, TurnEnded) for event in events)


@EITHER
async def test_too_many_key_terms_are_cut_and_counted_but_never_named(far, behind, caplog):
    engine, server = far
    terms = tuple(KeyTerm(text=f"Secretword{n}") for n in range(1200))
    long = KeyTerm(text="x" * 60)
    recognizer = UpstreamRecognizer(backend(behind, server.url))
    with caplog.at_level(logging.INFO):
        await told(recognizer, config(keyterms=(long, *terms)), [Finish()])
    most = 100 if behind == "assemblyai" else 1000
    heard = [term.text for term in engine.configs[0].keyterms]
    assert len(heard) == most
    assert (long.text in heard) == (behind != "assemblyai")
    assert f"keyterms: degraded, {1201 - most} of 1201 are dropped" in caplog.text
    assert "Secretword" not in caplog.text


@WORD_BY_WORD
async def test_a_change_of_settings_reaches_the_far_side(far, behind):
    engine, server = far
    recognizer = UpstreamRecognizer(backend(behind, server.url))
    change = Reconfigure(endpointing=SilenceEndpointing(silence_ms=1200), max_delay_ms=2000)
    await told(recognizer, config(), [Audio(data=bytes(3200)), change, Finish()])
    [arrived] = engine.changes
    policy = arrived.endpointing
    is_plain = isinstance(policy, SilenceEndpointing)
    assert (policy.silence_ms if is_plain else policy.max_silence_ms) == 1200
    assert (arrived.max_delay_ms == 2000) == (behind == "speechmatics")


@WORD_BY_WORD
async def test_only_the_longest_silence_is_left_of_confidence_over_a_protocol_without(far, behind):
    engine, server = far
    wanted = ConfidenceEndpointing(min_silence_ms=400, max_silence_ms=1280, threshold=0.4)
    recognizer = UpstreamRecognizer(backend(behind, server.url))
    await told(recognizer, config(endpointing=wanted), [Finish()])
    arrived = engine.configs[0].endpointing
    expected = wanted if behind == "assemblyai" else SilenceEndpointing(silence_ms=1280)
    assert arrived == expected


@EITHER
async def test_a_question_about_speakers_is_always_answered(far, behind):
    _, server = far
    recognizer = UpstreamRecognizer(backend(behind, server.url))
    known = Speaker(label="Ann", identifiers=("print",))
    wanted = config(speaker_labels=SpeakerLabels(known=(known,)))
    asked = [ReportSpeakers(), ReportSpeakers(at_end=True)]
    events = await told(recognizer, wanted, [*asked, Audio(data=bytes(3200)), Finish()])
    answers = [event for event in events if isinstance(event, SpeakersKnown)]
    assert [answer.at_end for answer in answers] == [False, True]
    assert isinstance(events[-1], SpeakersKnown)
    if behind == "assemblyai":
        assert events[0] == SpeakersIgnored(labels=("Ann",))


@WORD_BY_WORD
async def test_speakers_have_our_names_whatever_the_far_protocol_calls_them(tmp_path, behind):
    script = [
        Word(text=text, start_ms=at, end_ms=at + 300, confidence=0.9, speaker=speaker)
        for text, at, speaker in [("Hello", 500, "S1"), ("there", 1000, "S2"), ("hm", 1500, None)]
    ]
    async with running_server(ScriptedRecognizer(script), data_dir=tmp_path) as server:
        recognizer = UpstreamRecognizer(backend(behind, server.url))
        commands = [Audio(data=bytes(32 * 4000)), Finish()]
        events = await told(recognizer, config(speaker_labels=SpeakerLabels()), commands)
    words = [word for event in events if isinstance(event, Final) for word in event.words]
    assert [word.speaker for word in words] == ["S1", "S2", None]


async def test_audio_after_the_end_is_ignored_in_so_many_words(far):
    _, server = far
    recognizer = UpstreamRecognizer(backend("speechmatics", server.url))
    commands = [Audio(data=bytes(3200)), Finish(), Audio(data=bytes(3200))]
    events = await told(recognizer, config(), commands)
    assert sum(isinstance(event, AudioIgnored) for event in events) == 1


def test_a_language_that_the_far_protocol_cannot_name_is_refused_with_the_list():
    recognizer = UpstreamRecognizer(backend("assemblyai", "ws://127.0.0.1:1"))
    with pytest.raises(ConfigError, match=r"cy is none of af, ar,") as caught:
        recognizer.open(config(language="cy"))
    assert caught.value.field == "language"


@EITHER
@pytest.mark.parametrize("ttl_s", [None, 60], ids=["key", "token"])
async def test_the_backend_gets_its_own_key_or_a_temporary_one(tmp_path, behind, ttl_s):
    keyring = Keyring(tmp_path / "keys.json", run_keys=["upstream-key"])
    async with running_server(Heard(), data_dir=tmp_path, keyring=keyring) as server:
        reached = backend(behind, server.url, key="upstream-key", token_ttl_s=ttl_s)
        commands = [Audio(data=bytes(32 * 2000)), Finish()]
        events = await told(UpstreamRecognizer(reached), config(), commands)
    assert finals(events) == ["Good", "morning"]


@EITHER
async def test_a_wrong_key_is_told_by_its_cause_and_never_shown(tmp_path, behind, caplog):
    keyring = Keyring(tmp_path / "keys.json", run_keys=["upstream-key"])
    async with running_server(Heard(), data_dir=tmp_path, keyring=keyring) as server:
        reached = backend(behind, server.url, key="wrong-key-4711")
        with caplog.at_level(logging.INFO), pytest.raises(ExceptionGroup) as caught:
            await told(UpstreamRecognizer(reached), config(), [Audio(data=bytes(3200))])
    [error] = [e for e in caught.value.exceptions if isinstance(e, UpstreamError)][:1]
    assert error.cause == "credential"
    assert "far does not accept this server's key" in str(error)
    assert "4711" not in caplog.text + str(error) + repr(reached)


@EITHER
async def test_a_server_that_is_not_there_is_told_by_its_cause(behind, unused_tcp_port):
    reached = backend(behind, f"ws://127.0.0.1:{unused_tcp_port}")
    with pytest.raises(ExceptionGroup) as caught:
        await told(UpstreamRecognizer(reached), config(), [Audio(data=bytes(3200))])
    error = caught.value.exceptions[0]
    assert isinstance(error, UpstreamError)
    assert error.cause == "gone"


@EITHER
async def test_a_far_side_that_is_full_is_told_by_its_cause(tmp_path, behind):
    async with running_server(Heard(), data_dir=tmp_path) as server:
        server.service.slots.total = 0
        reached = backend(behind, server.url)
        with pytest.raises(ExceptionGroup) as caught:
            await told(
                UpstreamRecognizer(reached, reconnect=NO_RETRY), config(), [Audio(data=bytes(3200))]
            )
    assert caught.value.exceptions[0].cause == "capacity"


def test_the_vendors_own_addresses_are_those_of_the_references():
    first = {name: vendor_url(dialect, None) for name, dialect in BY_NAME.items()}
    assert first == {
        "assemblyai": "wss://streaming.assemblyai.com/v3/ws",
        "speechmatics": "wss://eu2.rt.speechmatics.com/v2",
        "agent-stt": "wss://eu2.rt.speechmatics.com/v2/agent",
    }
    assert vendor_url(BY_NAME["assemblyai"], "eu") == "wss://streaming.eu.assemblyai.com/v3/ws"
    with pytest.raises(ConfigError, match="regions of"):
        vendor_url(BY_NAME["assemblyai"], "mars")


@EITHER
def test_headers_and_query_are_those_of_the_references(behind):
    dialect = BY_NAME[behind]
    request = dialect.client().request(vendor_url(dialect, None), key="K", config=config())
    if behind == "assemblyai":
        assert request.headers == {"Authorization": "K"}
        assert request.url.startswith("wss://streaming.assemblyai.com/v3/ws?sample_rate=16000&")
    else:
        assert request.headers == {"Authorization": "Bearer K"}
        path = "/v2" if behind == "speechmatics" else "/v2/agent"
        assert request.url == f"wss://eu2.rt.speechmatics.com{path}"


async def test_a_far_side_that_falls_behind_stops_our_client_too(far):
    engine, server = far
    engine.running.clear()
    recognizer = UpstreamRecognizer(backend("speechmatics", server.url))
    stream = recognizer.open(config())
    n_taken = 0

    async def feed():
        nonlocal n_taken
        while True:
            await stream.feed(Audio(data=bytes(3200)))
            n_taken += 1
            assert isinstance(await anext(stream.events()), AudioAccepted)

    try:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(feed(), 1.5)
    finally:
        await stream.aclose()
    assert n_taken == 100, "ten seconds ahead of what was acknowledged, and no more"


async def test_audio_that_is_heard_again_catches_up_with_a_vendor_who_wants_real_time(far):
    """Paced as vendors want it: without that, a session would stay behind for good."""
    _, server = far
    reached = Backend(
        name="far", dialect=BY_NAME["assemblyai"], url=server.url, key=None, session_s=None
    )
    assert BY_NAME["assemblyai"].client().audio_rules().paced
    clock = asyncio.get_running_loop().time
    took_s = {}
    for behind_s in (0.0, 3.0):
        stream = UpstreamRecognizer(reached).open_behind(config(), behind_s=behind_s)
        try:
            async with asyncio.timeout(15):
                await stream.feed(Audio(data=bytes(3200)))  # connected
                began_s = clock()
                await stream.feed(Audio(data=bytes(32 * 2000)))
                took_s[behind_s] = clock() - began_s
        finally:
            await stream.aclose()
    assert took_s[3.0] < 0.75 * took_s[0.0]
