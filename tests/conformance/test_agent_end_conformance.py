"""Section 24 of the reference, "End"; and every way in which a session ends otherwise."""

import time

import pytest
from msgspec.structs import replace
from websockets.exceptions import InvalidStatus

from agent_wire import SECOND, dial, force, kinds, of, start_message, story
from crossfade.dialects.base import DialectSettings
from crossfade.recognizers.play import IDENTIFIER_PREFIX
from crossfade.recognizers.scripted import ScriptedRecognizer, spoken
from speechmatics_wire import Message

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATH = "/v2/agent"
EOS = {"message": "EndOfStream", "last_seq_no": 3}
END = pytest.mark.conformance(
    "agent-stt",
    "24.25",
    "EndOfStream in an open turn: AddSegment, EndOfTurn (vad), EndOfTranscript, < 1 s",
)
RESTART = pytest.mark.conformance(
    "agent-stt", "24.28", "restart: close 1012 without Error; both frameworks reconnect"
)


@END
@pytest.mark.parametrize("mode", ["vad", "external"])
async def test_the_end_brings_what_is_pending(open_server, mode):
    async with dial(open_server.url + PATH) as wire:
        await wire.start(mode=mode)
        await wire.say(SECOND, SECOND, bytes(3200))  # up to 0.1 s behind the last word
        asked = time.monotonic()
        await wire.finish()
        assert time.monotonic() - asked < 1
        # It is for the client to close, and for the server if that does not.
        await wire.hear_all()
        assert wire.closed[0] == 1000
    ends = ["EndOfTurn"] if mode == "vad" else []
    assert story(wire.heard, "SpeechStarted", "SpeechEnded") == [
        *("StartOfTurn", "AddSegment: Good morning. Welcome aboard.", *ends, "EndOfTranscript")
    ]
    if mode == "vad":
        assert kinds(wire.heard)[-4:] == [
            "SpeechEnded",
            "AddSegment",
            "EndOfTurn",
            "EndOfTranscript",
        ]


@END
async def test_a_session_without_words_ends_with_end_of_transcript_alone(open_server):
    for audio in ([], [bytes(3200)], [b""]):
        async with dial(open_server.url + PATH) as wire:
            await wire.start()
            await wire.say(*audio)
            await wire.finish()
        assert story(wire.heard) == ["EndOfTranscript"]
        assert len(of(wire.heard, "AudioAdded")) == len(audio)


@END
async def test_after_the_end_nothing_is_an_error_and_the_number_makes_no_difference(open_server):
    async with dial(open_server.url + PATH) as wire:
        await wire.start(mode="external")
        late = [start_message(), force(1.0), "not json", {"message": "Bogus"}, EOS]
        await wire.say(SECOND, {"message": "EndOfStream"}, *late)
        await wire.hear("EndOfTranscript")
    assert of(wire.heard, "Error", "Warning") == []


def known_speakers() -> ScriptedRecognizer:
    script = [
        *(replace(word, speaker="S1") for word in spoken("Two rooms.")),
        *(replace(word, speaker="S2") for word in spoken("Gladly.", start_ms=1400)),
    ]
    return ScriptedRecognizer(script)


SPEAKERS = [
    {"label": "S1", "speaker_identifiers": [f"{IDENTIFIER_PREFIX}S1"]},
    {"label": "S2", "speaker_identifiers": [f"{IDENTIFIER_PREFIX}S2"]},
]


@pytest.mark.conformance(
    "agent-stt", "24.26", "`get_speakers: true`: one SpeakersResult before EndOfTranscript"
)
async def test_speakers_are_told_once_at_the_end(serve):
    config = {"diarization": "speaker", "speaker_diarization_config": {"get_speakers": True}}
    async with serve(engine=known_speakers()) as server:
        async with dial(server.url + PATH) as wire:
            await wire.start(**config)
            await wire.say({"message": "GetSpeakers"})
            assert (await wire.hear("SpeakersResult"))["speakers"] == []
            await wire.say(SECOND, SECOND, {"message": "GetSpeakers", "final": True})
            await wire.finish()
        assert kinds(wire.heard)[-3:] == ["EndOfTurn", "SpeakersResult", "EndOfTranscript"]
        assert wire.heard[-2]["speakers"] == SPEAKERS
        async with dial(server.url + PATH) as wire:  # without diarization: nobody
            await wire.start(speaker_diarization_config={"get_speakers": True})
            await wire.say(SECOND)
            await wire.finish()
        assert [m["speakers"] for m in of(wire.heard, "SpeakersResult")] == [[]]


@pytest.mark.conformance(
    "agent-stt", "24.26", "`get_speakers: true`: one SpeakersResult before EndOfTranscript"
)
async def test_an_enrolled_speaker_is_called_by_the_name_of_the_client(serve):
    speakers = [{"label": "Ann", "speaker_identifiers": [f"{IDENTIFIER_PREFIX}S1"]}]
    config = {"diarization": "speaker", "speaker_diarization_config": {"speakers": speakers}}
    async with serve(engine=known_speakers()) as server, dial(server.url + PATH) as wire:
        await wire.start(**config)
        await wire.say(SECOND, SECOND)
        await wire.finish()
    assert [m["segment"]["speaker"] for m in of(wire.heard, "AddSegment")] == ["Ann", "S2"]


@pytest.mark.conformance("agent-stt", "24.27", "audio after EndOfStream: one Warning")
async def test_audio_after_the_end_is_warned_of_once(serve):
    engine = ScriptedRecognizer(spoken("Hello."))
    async with serve(engine=engine) as server, dial(server.url + PATH) as wire:
        await wire.start()
        engine.running.clear()  # or it would be over before the audio comes
        await wire.say(SECOND, EOS, bytes(320), bytes(320))
        await (await wire.socket.ping())
        engine.running.set()
        await wire.hear("EndOfTranscript")
    [warning] = of(wire.heard, "Warning")
    assert warning["type"] == "add_audio_after_eos"
    assert len(of(wire.heard, "AudioAdded")) == 1


@RESTART
async def test_a_restart_is_a_close_frame_without_an_error(serve):
    async with serve() as server, dial(server.url + PATH) as wire, dial(server.url + PATH) as idle:
        await wire.start(mode="external")
        await wire.say(SECOND, SECOND)
        while len(of(wire.heard, "AudioAdded")) < 2:
            await wire.next()
        await server.drain(1.0)
        await wire.hear_all()
        assert "EndOfTranscript" not in kinds(wire.heard)
        assert story(wire.heard)[-1] == "AddSegment: Good morning. Welcome aboard."
        assert wire.closed == (1012, "service_restart")
        assert await idle.hear_all() == []
        assert idle.closed == (1012, "service_restart")
        with pytest.raises(InvalidStatus) as caught:
            async with dial(server.url + PATH):
                pass
        assert caught.value.response.status_code == 503


# What is no line of the list by itself: section 15.3.


async def last_words(url: str, *messages: Message | bytes | str) -> tuple[str, int, str]:
    async with dial(url) as wire:
        await wire.say(*messages)
        error = (await wire.hear_all())[-1]
        assert sorted(error) == ["message", "reason", "type"]
        return error["type"], *wire.closed


@pytest.mark.parametrize(
    ("messages", "kind"),
    [
        pytest.param(["{not json"], "invalid_message", id="not-json"),
        pytest.param(["[]"], "invalid_message", id="not-an-object"),
        pytest.param([{"message": "Bogus"}], "invalid_message", id="unknown-message"),
        pytest.param([{"message": "StartRecognition"}], "invalid_message", id="missing-object"),
        pytest.param([SECOND], "protocol_error", id="audio-first"),
        pytest.param([force(1.0)], "protocol_error", id="forced-first"),
        pytest.param([EOS], "protocol_error", id="end-first"),
        pytest.param([start_message(), start_message()], "protocol_error", id="second-start"),
        pytest.param(
            [start_message(), {"message": "AddChannelAudio", "channel": "a", "data": ""}],
            "protocol_error",
            id="channels",
        ),
        pytest.param([start_message(diarization="channel")], "invalid_config", id="bad-value"),
        pytest.param([start_message(emit_sentences="yes")], "invalid_config", id="bad-type"),
    ],
)
async def test_mistakes_of_the_client_are_1003_with_their_type(open_server, messages, kind):
    assert await last_words(open_server.url + PATH, *messages) == (kind, 1003, kind)


@pytest.mark.parametrize("config", [{"emit_sentences": True}, {"language": "de"}, {"model": "x"}])
async def test_only_partials_can_change(open_server, config):
    change = {"message": "SetRecognitionConfig", "transcription_config": config}
    found = await last_words(open_server.url + PATH, start_message(), change)
    assert found == ("invalid_config", 1003, "invalid_config")


@pytest.mark.parametrize(
    ("language", "kind"),
    [("multi", "invalid_language"), ("klingon!", "invalid_language"), ("tlh", "invalid_model")],
)
async def test_a_language_that_there_is_not_is_4004(open_server, language, kind):
    found = await last_words(open_server.url + PATH, start_message(language=language))
    assert found == (kind, 4004, kind)


async def test_a_recognizer_that_fails_is_a_job_error(serve):
    engine = ScriptedRecognizer(spoken("Good morning."), fails_at_ms=1000)
    async with serve(engine=engine) as server:
        found = await last_words(server.url + PATH, start_message(), SECOND)
        assert found == ("job_error", 4013, "job_error")


async def test_who_says_nothing_is_sent_away(serve):
    async with serve(patience={"start_s": 0.2}, dialect=DialectSettings(idle_s=0.2)) as server:
        found = await last_words(server.url + PATH)
        assert found == ("start_recognition_timeout", 1008, "start_recognition_timeout")
        found = await last_words(server.url + PATH, start_message())
        assert found == ("idle_timeout", 1008, "policy_violation")


async def test_what_belongs_to_the_preview_is_warned_of(open_server):
    async with dial(open_server.url + PATH) as wire:
        await wire.start()
        await wire.say({"message": "UpdateSpeakerFocus", "speaker_focus": {"focus_speakers": []}})
        assert "UpdateSpeakerFocus" in (await wire.hear("Warning"))["reason"]
        await wire.finish()
    found = await last_words(
        f"{open_server.url}/v2/agent/agile", start_message(mode=None, model="enhanced")
    )
    assert found == ("invalid_config", 1003, "invalid_config")
