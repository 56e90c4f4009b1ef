"""Section 21 of the reference, "Start": what opens a session, and what is refused how."""

import uuid

import pytest

from speechmatics_wire import FILE, RAW, SECOND, Message, dial, kinds, of, start_message

pytestmark = pytest.mark.asyncio(loop_scope="module")

FIRST = [
    pytest.param(SECOND, id="audio"),
    pytest.param({"message": "EndOfStream", "last_seq_no": 0}, id="EndOfStream"),
    pytest.param({"message": "EndOfChannel", "channel": "a", "last_seq_no": 0}, id="EndOfChannel"),
    pytest.param({"message": "AddChannelAudio", "channel": "a", "data": ""}, id="AddChannelAudio"),
    pytest.param({"message": "ForceEndOfUtterance"}, id="ForceEndOfUtterance"),
    pytest.param(
        {"message": "SetRecognitionConfig", "transcription_config": {}}, id="SetRecognitionConfig"
    ),
    pytest.param({"message": "GetSpeakers"}, id="GetSpeakers"),
]


def _client(audio_format: Message, *, also: Message | None = None, **config: object) -> Message:
    return start_message(audio_format, **config) | (also or {})


def _raw(encoding: str, sample_rate: int) -> Message:
    return {"type": "raw", "encoding": encoding, "sample_rate": sample_rate}


DEFAULTS = [
    pytest.param("/v2", _client(FILE, model="enhanced"), id="speechmatics-rt"),
    pytest.param("/v2/en", _client(FILE), id="speechmatics-python"),
    pytest.param(
        "/v2/en",
        _client(
            _raw("pcm_f32le", 44_100),
            enable_partials=True,
            max_delay=5,
            operating_point="enhanced",
            streaming_mode=True,
        ),
        id="speechmatics-python-microphone",
    ),
    pytest.param("/v2", _client(FILE), id="javascript"),
    pytest.param(
        "/v2",
        _client(
            RAW,
            operating_point="enhanced",
            diarization="speaker",
            enable_partials=True,
            enable_entities=False,
            max_delay=0.7,
            max_delay_mode="flexible",
            audio_filtering_config={"volume_threshold": 0.0},
            speaker_diarization_config={
                "speaker_sensitivity": 0.5,
                "prefer_current_speaker": False,
                "get_speakers": False,
            },
            conversation_config={"end_of_utterance_silence_trigger": 0.5},
        ),
        id="speechmatics-voice",
    ),
    pytest.param(
        "/v2?sm-app=livekit%2F1.2",
        _client(
            RAW,
            operating_point="enhanced",
            diarization="speaker",
            enable_partials=True,
            max_delay=1.0,
            punctuation_overrides={"permitted_marks": ["all"]},
            speaker_diarization_config={"max_speakers": 50},
            additional_vocab=[],
            conversation_config={"end_of_utterance_silence_trigger": 0.5},
        ),
        id="livekit",
    ),
    pytest.param(
        "/",
        _client(
            _raw("pcm_s16le", 16_000),
            enable_partials=False,
            max_delay=8.0,
            additional_vocab=[],
            diarization="none",
            transcript_filtering_config={"remove_disfluencies": False, "replacements": []},
            also={"translation_config": {"target_languages": [], "enable_partials": False}},
        ),
        id="gstreamer",
    ),
    pytest.param("/", _client(_raw("pcm_s16le", 16_000), enable_entities=True), id="dotnet"),
    pytest.param(
        "/v2",
        _client(_raw("pcm_f32le", 16_000), also={"translation_config": {"target_languages": []}}),
        id="rust",
    ),
    pytest.param(
        "/v2/en",
        _client(_raw("pcm_f32le", 48_000), enable_partials=True, max_delay=2.0),
        id="migration-guide",
    ),
    pytest.param("/v2", _client(RAW, also={"type": "transcription"}), id="documentation"),
]


@pytest.mark.conformance(
    "speechmatics",
    "21.5",
    "first message other than StartRecognition: protocol_error, 1003",
)
@pytest.mark.parametrize("first", FIRST)
async def test_nothing_comes_before_start_recognition(open_server, first):
    async with dial(open_server.url + "/v2") as wire:
        await wire.say(first)
        [error] = await wire.hear_all()
        assert (error["message"], error["type"]) == ("Error", "protocol_error")
        assert error["reason"]
        assert wire.closed == (1003, "protocol_error")


@pytest.mark.conformance("speechmatics", "21.6", "second StartRecognition: protocol_error")
@pytest.mark.parametrize("waits", [True, False], ids=["once-started", "while-starting"])
async def test_a_second_start_recognition_is_an_error(open_server, waits):
    async with dial(open_server.url + "/v2") as wire:
        await wire.say(start_message())
        if waits:
            await wire.hear("RecognitionStarted")
        await wire.say(start_message())
        await wire.hear_all()
        assert wire.heard[-1]["type"] == "protocol_error"
        assert kinds(wire.heard).count("Error") == 1
        assert wire.closed == (1003, "protocol_error")


@pytest.mark.conformance(
    "speechmatics", "21.7", "RecognitionStarted before any transcript; `id` is a UUID"
)
async def test_recognition_started_comes_before_everything_about_audio(open_server):
    async with dial(open_server.url + "/v2") as wire:
        # Too early by the documented order: it waits its turn.
        await wire.say(start_message(enable_partials=True), SECOND, SECOND)
        await wire.finish()
        about_audio = [k for k in kinds(wire.heard) if k not in ("Info", "Warning")]
        assert about_audio[:2] == ["RecognitionStarted", "AudioAdded"]
        [started] = of(wire.heard, "RecognitionStarted")
        assert str(uuid.UUID(started["id"])) == started["id"]
        assert started["id"] == wire.socket.response.headers["Request-Id"]
        assert started["language_pack_info"] == {
            "adapted": False,
            "itn": True,
            "language_description": "English",
            "word_delimiter": " ",
            "writing_direction": "left-to-right",
        }


@pytest.mark.conformance(
    "speechmatics", "21.8", "every default set of §17 is accepted, GStreamer's included"
)
@pytest.mark.parametrize(("path", "start"), DEFAULTS)
async def test_what_clients_send_by_default_opens_a_session(open_server, path, start):
    async with dial(open_server.url + path) as wire:
        await wire.say(start)
        await wire.hear("RecognitionStarted")
        assert len(wire.heard) <= 5, "some clients give up after five messages"
        await wire.finish()
        assert "Error" not in kinds(wire.heard)


@pytest.mark.conformance(
    "speechmatics", "21.8", "every default set of §17 is accepted, GStreamer's included"
)
async def test_gstreamer_asks_for_speakers_before_it_has_started(open_server):
    [gstreamer] = [param.values for param in DEFAULTS if param.id == "gstreamer"]
    path, start = gstreamer
    async with dial(open_server.url + path) as wire:
        await wire.say(start, {"message": "GetSpeakers", "final": True})
        await wire.say(*[bytes(8192)] * 20)
        await wire.finish()
        assert kinds(wire.heard)[-2:] == ["SpeakersResult", "EndOfTranscript"]
        assert of(wire.heard, "SpeakersResult") == [{"message": "SpeakersResult", "speakers": []}]
        for final in of(wire.heard, "AddTranscript"):
            assert final["metadata"]["end_time"] >= final["metadata"]["start_time"]


UNKNOWN = pytest.mark.conformance(
    "speechmatics",
    "21.9",
    "unknown language: invalid_model, 4004; bad encoding: invalid_audio_type",
)


@UNKNOWN
@pytest.mark.parametrize("language", ["de", "cmn", "en_ms"])
async def test_a_language_that_nobody_speaks_here_is_invalid_model(open_server, language):
    async with dial(open_server.url + "/v2") as wire:
        await wire.say(start_message(language=language))
        assert (await wire.hear_all())[-1]["type"] == "invalid_model"
        assert wire.closed == (4004, "invalid_model")


@UNKNOWN
@pytest.mark.parametrize(
    "audio_format",
    [
        {"type": "raw", "encoding": "pcm_s24le", "sample_rate": 16_000},
        {"type": "raw", "encoding": "mulaw", "sample_rate": 0},
        {"type": "raw", "encoding": "mulaw"},
        {"type": "tape"},
    ],
    ids=["encoding", "rate", "no-rate", "type"],
)
async def test_audio_that_nobody_knows_is_invalid_audio_type(open_server, audio_format):
    async with dial(open_server.url + "/v2") as wire:
        await wire.say(start_message(audio_format))
        [error] = await wire.hear_all()
        assert error["type"] == "invalid_audio_type"
        assert "audio_format." in error["reason"]
        assert wire.closed == (1003, "invalid_audio_type")
