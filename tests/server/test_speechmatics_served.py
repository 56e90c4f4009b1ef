"""The Speechmatics dialect behind the real server: how sessions end, and what rules they keep.

The schema of every message and the order of all of them are checked by ``speechmatics_wire``.
"""

import asyncio
import base64
import io
import json
import time

import httpx
import pytest
from msgspec.structs import replace
from speechmatics import rt
from websockets.asyncio.client import connect

from crossfade.dialects import DIALECTS
from crossfade.dialects.base import DialectSettings
from crossfade.recognizers.scripted import ScriptedRecognizer, spoken
from plain_client import http_url
from processes import serving
from sessions_in_virtual_time import session
from speechmatics_wire import RAW, SECOND, dial, start_message
from virtual_time import run

MORNING = spoken("Good morning. Welcome aboard.")
DIALOGUE = [replace(word, speaker="S1" if at < 2 else "S2") for at, word in enumerate(MORNING)]
SPEECHMATICS = next(dialect for dialect in DIALECTS if dialect.name == "speechmatics")
CALL = {"diarization": "channel", "channel_diarization_labels": ["agent", "customer"]}
END = {"message": "EndOfStream", "last_seq_no": 0}


@pytest.fixture
def serve_speechmatics(serve):
    def start(**options):
        return serve(dialects=DIALECTS, **options)

    return start


def url(server, path="/v2"):
    return server.url + path


def of(kind, heard):
    return [message for message in heard if message["message"] == kind]


def text_of(heard, channel=None):
    return "".join(
        message["metadata"]["transcript"]
        for message in of("AddTranscript", heard)
        if message.get("channel") == channel
    )


def channel_audio(channel, data=SECOND):
    encoded = base64.b64encode(data).decode()
    return {"message": "AddChannelAudio", "channel": channel, "data": encoded}


def end_of_channel(channel):
    return {"message": "EndOfChannel", "channel": channel, "last_seq_no": 0}


async def everybody_gone(server):
    async with asyncio.timeout(5):
        await server.service.sessions.emptied()
    assert server.service.slots.taken == 0
    assert server.service.recognizer.n_open == 0


# Errors: their types, reasons and close codes, section 14 ------------------------------------


@pytest.mark.parametrize(
    ("frames", "kind", "code", "reason"),
    [
        pytest.param([END], "protocol_error", 1003, "protocol_error", id="not-the-first"),
        pytest.param([b"audio"], "protocol_error", 1003, "protocol_error", id="audio-first"),
        pytest.param(
            [start_message(), start_message()], "protocol_error", 1003, "protocol_error", id="twice"
        ),
        pytest.param(["{"], "invalid_message", 1003, "invalid_message", id="not-json"),
        pytest.param(
            [start_message(), {"message": "Nonsense"}],
            "invalid_message", 1003, "invalid_message", id="unknown-message",
        ),
        pytest.param(
            [{"message": "StartRecognition", "audio_format": RAW}],
            "invalid_config", 1003, "invalid_config", id="no-configuration",
        ),
        pytest.param(
            [start_message(), {"message": "SetRecognitionConfig",
                               "transcription_config": {"language": "de"}}],
            "invalid_config", 1003, "invalid_config", id="another-language",
        ),
        pytest.param(
            [start_message(audio_format={"type": "raw", "encoding": "g722", "sample_rate": 1})],
            "invalid_audio_type", 1003, "invalid_audio_type", id="no-such-encoding",
        ),
        pytest.param(
            [start_message(language="auto")],
            "invalid_language", 4004, "invalid_language", id="auto",
        ),
        pytest.param(
            [start_message(language="de")], "invalid_model", 4004, "invalid_model", id="no-model"
        ),
        pytest.param(
            [start_message(diarization="channel", channel_diarization_labels=list("abcdefghi"))],
            "invalid_config", 1003, "invalid_config", id="too-many-channels",
        ),
        pytest.param(
            [start_message(**CALL), b"audio"],
            "protocol_error", 1003, "protocol_error", id="audio-of-no-channel",
        ),
        pytest.param(
            [start_message(**CALL), channel_audio("nobody")],
            "protocol_error", 1003, "protocol_error", id="audio-of-an-unknown-channel",
        ),
        pytest.param(
            [start_message(), channel_audio("agent")],
            "protocol_error", 1003, "protocol_error", id="a-channel-where-there-are-none",
        ),
    ],
)  # fmt: skip
async def test_an_error_has_its_type_and_its_close_code(
    serve_speechmatics, frames, kind, code, reason
):
    async with serve_speechmatics() as server:
        async with dial(url(server)) as wire:
            await wire.say(*frames)
            heard = await wire.hear_all()
            assert heard[-1]["type"] == kind
            assert heard[-1]["code"] == code
            assert heard[-1]["reason"]
            assert wire.closed == (code, reason)
            assert of("EndOfTranscript", heard) == []
        await everybody_gone(server)


@pytest.mark.parametrize(
    ("options", "settings", "kind", "code", "reason"),
    [
        pytest.param(
            {"patience": {"start_s": 0.1}}, None, "idle_timeout", 1008, "policy_violation",
            id="never-starts",
        ),
        pytest.param(
            {}, {"idle_s": 0.2}, "idle_timeout", 1008, "policy_violation", id="no-audio"
        ),
        pytest.param(
            {}, {"session_s": 0.2}, "session_timeout", 1008, "policy_violation", id="too-long"
        ),
        pytest.param({"max_sessions": 1}, {}, "quota_exceeded", 4005, "quota_exceeded", id="full"),
    ],
)  # fmt: skip
async def test_limits_end_sessions_in_the_vendors_words(
    serve_speechmatics, options, settings, kind, code, reason
):
    dialect = DialectSettings(**(settings or {}))
    async with serve_speechmatics(dialect=dialect, **options) as server:
        async with dial(url(server)) as holder, dial(url(server)) as wire:
            if "max_sessions" in options:
                await holder.start()
            if settings is not None:
                await wire.say(start_message())
            heard = await wire.hear_all()
            assert heard[-1]["type"] == kind
            assert wire.closed == (code, reason)
        await everybody_gone(server)


async def test_channels_take_a_slot_each(serve_speechmatics):
    async with serve_speechmatics(max_sessions=3) as server:
        async with dial(url(server)) as call, dial(url(server)) as other:
            await call.start(**CALL)
            assert server.service.slots.taken == 2
            assert call.heard[0]["usage"] == 2
            await other.say(start_message(**CALL))
            assert (await other.hear_all())[-1]["type"] == "quota_exceeded"
        await everybody_gone(server)


@pytest.mark.parametrize("config", [{}, CALL], ids=["one", "channels"])
async def test_a_recognizer_that_fails_is_a_job_error(serve_speechmatics, config):
    engine = ScriptedRecognizer(MORNING, fails_at_ms=2000)
    async with serve_speechmatics(engine=engine) as server:
        async with dial(url(server)) as wire:
            await wire.start(**config)
            await wire.say(channel_audio("agent", SECOND * 2) if config else SECOND * 2)
            assert (await wire.hear_all())[-1]["type"] == "job_error"
            assert wire.closed == (4013, "job_error")
        await everybody_gone(server)


async def test_a_bug_of_ours_is_an_unknown_error(serve_speechmatics, caplog):
    class Broken(ScriptedRecognizer):
        def open(self, config):
            raise ZeroDivisionError

    async with serve_speechmatics(engine=Broken([])) as server, dial(url(server)) as wire:
        await wire.say(start_message())
        assert (await wire.hear_all())[-1]["type"] == "unknown_error"
        assert wire.closed == (1011, "internal_error")
    assert "ZeroDivisionError" in caplog.text


async def test_a_server_that_shuts_down_says_the_last_words_and_sends_its_clients_elsewhere(
    serve_speechmatics,
):
    async with serve_speechmatics() as server, dial(url(server)) as wire:
        await wire.start(enable_partials=True)
        await wire.say(SECOND * 3)
        await wire.hear("AudioAdded")
        async with asyncio.timeout(5):
            await server.drain(5)
        heard = await wire.hear_all()
        assert text_of(heard) == "Good morning. Welcome aboard. "
        assert [m["message"] for m in heard[-3:]] == [
            "AddTranscript",
            "AddPartialTranscript",
            "Error",
        ]
        assert heard[-1]["type"] == "job_error"
        assert wire.closed == (4013, "job_error")


async def test_who_had_asked_for_the_end_gets_it_though_the_server_shuts_down(
    serve_speechmatics, recognizer
):
    async with serve_speechmatics() as server, dial(url(server)) as wire:
        await wire.start()
        recognizer.running.clear()
        await wire.say(END)
        await (await wire.socket.ping())
        async with asyncio.TaskGroup() as group:
            group.create_task(server.drain(5))
            await asyncio.sleep(0)
            recognizer.running.set()
            assert (await wire.hear_all())[-1]["message"] == "EndOfTranscript"
        assert wire.closed[0] == 1000


async def test_audio_beyond_the_licensed_length_is_acknowledged_and_not_transcribed(
    serve_speechmatics, recognizer
):
    dialect = DialectSettings(audio_s=1.25)  # "Good morning" ends at 1.2 s
    async with serve_speechmatics(dialect=dialect) as server, dial(url(server)) as wire:
        await wire.start(enable_partials=True)
        recognizer.running.clear()
        await wire.say(*[SECOND[:3200]] * 40)
        await (await wire.socket.ping())
        recognizer.running.set()
        heard = await wire.hear_all()
        assert text_of(heard) == "Good morning. "
        assert [m["seq_no"] for m in of("AudioAdded", heard)] == [*range(1, 41)]
        (warning,) = of("Warning", heard)
        assert (warning["type"], warning["duration_limit"]) == ("duration_limit_exceeded", 1.25)
        assert heard[-1]["message"] == "EndOfTranscript"


def test_the_warnings_before_the_end_for_idleness_come_at_the_vendors_times():
    """An hour, on a clock that jumps."""

    async def main():
        async with session(SPEECHMATICS, url="/v2") as (socket, _):
            socket.say(start_message(), {"message": "ForceEndOfUtterance"})
            await asyncio.sleep(100)
            socket.say(SECOND)
            await asyncio.sleep(100)
            socket.say({"message": "GetSpeakers"})  # only audio counts
        return socket

    socket = run(main())
    assert [
        (at_s - 100, message["type"], message["reason"].split(",")[0])
        for at_s, message in socket.heard
        if message["message"] in ("Warning", "Error")
    ] == [
        (2700, "idle_timeout", "Session will timeout in 15m due to inactivity"),
        (3000, "idle_timeout", "Session will timeout in 10m due to inactivity"),
        (3300, "idle_timeout", "Session will timeout in 5m due to inactivity"),
        (3600, "idle_timeout", "nothing received for 3600 s"),
    ]
    assert socket.closed == (1008, "policy_violation")


def test_a_session_lives_for_48_hours_and_is_warned_before_they_are_over():
    async def main():
        async with session(SPEECHMATICS, url="/v2") as (socket, _):
            socket.say(start_message())
            for _ in range(2 * 48):
                socket.say(SECOND[:320])
                await asyncio.sleep(1800)
        return socket

    socket = run(main())
    told = [(at_s / 60, m["type"]) for at_s, m in socket.heard if m["message"] == "Warning"]
    end_min = 48 * 60
    assert told == [(end_min - before, "session_timeout") for before in (45, 30, 15)]
    assert socket.heard[-1][0] == end_min * 60
    assert socket.heard[-1][1]["type"] == "session_timeout"


# Order, section 6 -----------------------------------------------------------------------------


async def test_whatever_comes_before_recognition_started_is_served_after_it_in_order(
    serve_speechmatics,
):
    """GStreamer sends GetSpeakers right behind StartRecognition; others send audio."""
    engine = ScriptedRecognizer(DIALOGUE)
    engine.running.clear()
    async with serve_speechmatics(engine=engine) as server:
        async with dial(url(server)) as wire:
            await wire.say(
                start_message(diarization="speaker", enable_partials=True),
                {"message": "GetSpeakers", "final": True},
                SECOND * 3,
                {"message": "GetSpeakers", "final": True},
                END,
                SECOND,
                SECOND,
            )
            await (await wire.socket.ping())
            engine.running.set()
            heard = await wire.hear_all()
        assert heard[0]["message"] == "RecognitionStarted"
        assert len(of("AudioAdded", heard)) == 1
        assert [m["type"] for m in of("Warning", heard)] == ["add_audio_after_eos"]
        assert [m["message"] for m in heard[-2:]] == ["SpeakersResult", "EndOfTranscript"]
        assert [s["label"] for s in heard[-2]["speakers"]] == ["S1", "S2"]
        assert len(of("SpeakersResult", heard)) == 1


async def test_a_question_about_speakers_is_answered_at_once_while_no_audio_flows(
    serve_speechmatics,
):
    engine = ScriptedRecognizer(DIALOGUE)
    async with serve_speechmatics(engine=engine) as server, dial(url(server)) as wire:
        await wire.start(diarization="speaker")
        await wire.say(SECOND)
        await wire.hear("AudioAdded")
        for _ in range(2):
            await wire.say({"message": "GetSpeakers"})
            (speaker,) = (await wire.hear("SpeakersResult"))["speakers"]
            assert speaker["label"] == "S1"


async def test_a_question_without_diarization_has_an_empty_answer(serve_speechmatics):
    async with serve_speechmatics() as server, dial(url(server)) as wire:
        await wire.start()
        await wire.say({"message": "GetSpeakers"})
        assert (await wire.hear("SpeakersResult"))["speakers"] == []


async def test_a_speaker_is_known_again_in_another_session(serve_speechmatics):
    async with serve_speechmatics(engine=ScriptedRecognizer(DIALOGUE)) as server:
        async with dial(url(server)) as wire:
            await wire.start(
                diarization="speaker", speaker_diarization_config={"get_speakers": True}
            )
            await wire.say(SECOND * 3)
            (result,) = of("SpeakersResult", await wire.finish())
        enrolled = [
            {"label": "Ann", "speaker_identifiers": result["speakers"][0]["speaker_identifiers"]},
            {"label": "Bob", "speaker_identifiers": ["of another server"]},
        ]
        async with dial(url(server)) as wire:
            await wire.start(
                diarization="speaker", speaker_diarization_config={"speakers": enrolled}
            )
            await wire.say(SECOND * 3)
            heard = await wire.finish()
        labels = [
            item["alternatives"][0]["speaker"]
            for message in of("AddTranscript", heard)
            for item in message["results"]
            if item["type"] == "word"
        ]
        assert labels == ["Ann", "Ann", "S2", "S2"]
        assert [m["type"] for m in of("Warning", heard)] == ["speaker_id"]


async def test_usage_is_told_first_where_sessions_are_limited(serve_speechmatics):
    async with serve_speechmatics(max_sessions=5) as server, dial(url(server)) as wire:
        await wire.start()
        assert wire.heard[0]["type"] == "concurrent_session_usage"
        assert (wire.heard[0]["usage"], wire.heard[0]["quota"]) == (1, 5)


# Channels, section 13.3 -----------------------------------------------------------------------


async def test_a_call_in_two_channels(serve_speechmatics):
    async with serve_speechmatics() as server, dial(url(server)) as wire:
        started = await wire.start(enable_partials=True, **CALL)
        assert started["channels"] == started["channel_ids"] == ["agent", "customer"]
        for _ in range(3):
            await wire.say(channel_audio("agent"))
        await wire.say(channel_audio("customer"), end_of_channel("customer"))
        await wire.say(channel_audio("agent"), end_of_channel("agent"), channel_audio("agent"))
        heard = await wire.hear_all()
        assert text_of(heard, "agent") == "Good morning. Welcome aboard. "
        assert text_of(heard, "customer").strip() in ("Good", "Good.")
        assert [m["seq_no"] for m in of("ChannelAudioAdded", heard) if m["channel"] == "agent"] == [
            1, 2, 3, 4,
        ]  # fmt: skip
        assert of("AudioAdded", heard) == []
        assert len(of("EndOfTranscript", heard)) == 1
        assert wire.closed[0] == 1000
        await everybody_gone(server)


async def test_a_forced_end_in_one_channel_leaves_the_other_alone(serve_speechmatics):
    async with serve_speechmatics() as server, dial(url(server)) as wire:
        await wire.start(**CALL)
        await wire.say(channel_audio("agent", SECOND * 2), channel_audio("customer", SECOND * 2))
        await wire.say({"message": "ForceEndOfUtterance", "channel": "customer"})
        forced = await wire.hear("EndOfUtterance")
        assert (forced["channel"], forced["forced"]) == ("customer", True)
        await wire.say({"message": "ForceEndOfUtterance"})
        both = [await wire.hear("EndOfUtterance") for _ in range(2)]
        assert {message["channel"] for message in both} == {"agent", "customer"}


async def test_the_vendors_own_client_of_several_channels(serve_speechmatics):
    """It sends EndOfChannel for all as soon as the first file ends, and waits for nothing."""
    heard: list[dict] = []
    async with serve_speechmatics() as server:
        async with rt.AsyncMultiChannelClient(api_key="any", url=url(server)) as client:
            for kind in rt.ServerMessageType:
                client.on(kind, heard.append)
            files = {name: io.BytesIO(SECOND * 9) for name in ("agent", "customer")}
            async with asyncio.timeout(20):
                await client.transcribe(
                    files,
                    transcription_config=rt.TranscriptionConfig(language="en", **CALL),
                    audio_format=rt.AudioFormat(
                        encoding=rt.AudioEncoding.PCM_S16LE, sample_rate=16_000, chunk_size=3200
                    ),
                )
        await everybody_gone(server)
    assert of("Error", heard) == []
    assert of("RecognitionStarted", heard)[0]["channels"] == [*files]
    for channel in files:
        numbers = [m["seq_no"] for m in of("ChannelAudioAdded", heard) if m["channel"] == channel]
        assert numbers == [*range(1, len(numbers) + 1)]
        assert numbers


# Endpoints beside the socket ------------------------------------------------------------------


async def test_a_container_tells_how_it_is_and_whom_it_serves(serve_speechmatics):
    async with serve_speechmatics(max_sessions=2) as server, httpx.AsyncClient() as http:

        async def look(path):
            answer = await http.get(http_url(server, path))
            return answer.status_code, answer.json()

        assert await look("/started") == (200, {"started": True})
        assert await look("/live") == (200, {"alive": True})
        assert await look("/ready") == (200, {"ready": True})
        async with (
            dial(url(server), headers={"X-Request-Id": "from a proxy"}) as one,
            dial(url(server)) as other,
        ):
            first, second = await one.start(), await other.start()
            status, body = await look("/session_status")
            assert (status, body["max_sessions"]) == (200, 2)
            assert body["active_sessions"] == [
                {"session_id": first["id"], "request_id": "from a proxy"},
                {"session_id": second["id"]},
            ]
            assert await look("/ready") == (503, {"ready": False})
        await everybody_gone(server)
        assert (await look("/session_status"))[1]["active_sessions"] == []
        status, body = await look("/v1/discovery/features")
        assert body["realtime"]["transcription"][0]["languages"] == ["en"]


# A file at full speed, section 9.5 ------------------------------------------------------------

_HOUR_S = 3600
_SENT_S = 30
_MOST_GROWTH_MB = 100
"""The bound on audio that waits is 64 MiB; the hour has 110."""


async def test_an_hour_at_full_speed_is_read_in_bounded_memory_and_pongs_come_within_a_second(
    tmp_path,
):
    with serving(tmp_path, "--no-auth") as server:
        async with connect(
            f"ws://{server.address}/v2", ping_interval=None, max_queue=None
        ) as socket:
            await socket.send(json.dumps(start_message(max_delay=1)))
            before_mb = server.resident_megabytes()
            most_mb = before_mb
            slowest_s = 0.0
            finished = asyncio.Event()

            async def push() -> None:
                for _ in range(_HOUR_S // _SENT_S):
                    await socket.send(SECOND * _SENT_S)
                await socket.send(json.dumps(END))

            async def ping() -> None:
                nonlocal most_mb, slowest_s
                while not finished.is_set():
                    asked_at = time.monotonic()
                    await (await socket.ping())
                    slowest_s = max(slowest_s, time.monotonic() - asked_at)
                    most_mb = max(most_mb, server.resident_megabytes())
                    await asyncio.sleep(0.05)

            async def hear() -> list[dict]:
                heard = []
                while not heard or heard[-1]["message"] != "EndOfTranscript":
                    heard.append(json.loads(await socket.recv()))
                finished.set()
                return heard

            async with asyncio.timeout(90), asyncio.TaskGroup() as group:
                group.create_task(push())
                group.create_task(ping())
                hearing = group.create_task(hear())
            heard = hearing.result()
    assert [m["seq_no"] for m in of("AudioAdded", heard)] == [*range(1, _HOUR_S // _SENT_S + 1)]
    assert of("AddTranscript", heard)[-1]["metadata"]["end_time"] == _HOUR_S
    assert slowest_s < 1.0
    assert most_mb - before_mb < _MOST_GROWTH_MB
