"""From words to segments and turns, event by event."""

import msgspec
import pytest

from agent_schema import SessionRules
from agent_wire import story
from crossfade.dialects.agent_stt.server import AgentServer
from crossfade.dialects.base import DialectSettings, Goodbye, Handshake
from crossfade.dialects.speechmatics.errors import InvalidConfigError
from crossfade.model import (
    Final,
    Partial,
    SessionEnded,
    SessionStarted,
    Silence,
    TurnEnded,
    VoiceStarted,
    VoiceStopped,
    Word,
)

STARTED = SessionStarted(
    session_id="0c3b8a52-5b0e-4b6b-9a39-8f1f6c5b7d11", language="en", started_at=1_785_570_600
)
RAW = {"type": "raw", "encoding": "pcm_s16le", "sample_rate": 16_000}


class Client:
    """What one client hears of a session, checked against the rules."""

    def __init__(self, mode, settings=None, **config):
        self.server = AgentServer(settings or DialectSettings())
        self.server.open(Handshake(path="/v2/agent"))
        config = {"language": "en", "enable_partials": True} | config
        start = {
            "message": "StartRecognition",
            "audio_format": RAW,
            "transcription_config": config,
            "turn_config": {"turn_detection_mode": mode},
        }
        self.commands = self.server.receive(msgspec.json.encode(start).decode())
        self.rules = SessionRules(mode=mode)
        self.hear(STARTED)

    def hear(self, *events):
        """The messages, as ``story`` tells them."""
        said = [frame for event in events for frame in self.server.send(event)]
        heard = [self.rules.hear(frame) for frame in said if not isinstance(frame, Goodbye)]
        return story(heard)

    @property
    def last(self):
        return self.rules.heard[-1]


@pytest.fixture(params=["vad", "external"])
def client(request):
    return Client(request.param)


@pytest.fixture
def vad():
    return Client("vad")


@pytest.fixture
def external():
    return Client("external")


def words(text, start_ms=1000, *, speaker=None):
    """200 ms each; a mark at the end is one of its own."""
    spoken = []
    for n, written in enumerate(text.split()):
        bare = written.rstrip(".,?!")
        spoken.append(
            Word(
                text=bare,
                punctuation=written[len(bare) :],
                start_ms=start_ms + 200 * n,
                end_ms=start_ms + 200 * (n + 1),
                confidence=0.9,
                speaker=speaker,
            )
        )
    return tuple(spoken)


def partial(text="", through_ms=3000, turn=0, **more):
    return Partial(turn=turn, words=words(text, **more), through_ms=through_ms)


def preview(text):
    return msgspec.structs.replace(partial(text), is_preview=True)


def final(text="", through_ms=3000, turn=0, forced=False, **more):
    return Final(turn=turn, words=words(text, **more), through_ms=through_ms, forced=forced)


def ended(at_ms=3000, turn=0, forced=False):
    return TurnEnded(turn=turn, at_ms=at_ms, confidence=0.9, forced=forced)


OVER = SessionEnded(audio_ms=5000, session_ms=5000)


# When a turn begins


def test_one_word_in_one_hypothesis_is_not_a_turn_yet(client):
    assert client.hear(partial("Hm")) == []
    assert client.hear(partial()) == []
    assert client.hear(partial("Hm")) == []
    assert client.hear(partial("Good")) == []


def test_a_word_that_was_there_before_or_has_another_behind_it_begins_one(client):
    assert client.hear(partial("Good"), partial("Good")) == [
        "StartOfTurn",
        "AddPartialSegment: Good",
    ]


def test_two_words_begin_a_turn_at_once(client):
    assert client.hear(partial("Good day")) == ["StartOfTurn", "AddPartialSegment: Good day"]


def test_a_preview_shows_words_of_a_turn_and_begins_none(client):
    assert client.hear(preview("Good day")) == []
    assert client.hear(preview("Good"), partial("Good")) == [], "it was not there before"
    client.hear(partial("Good day"))
    assert client.hear(preview("Good day to you")) == ["AddPartialSegment: Good day to you"]


def test_a_final_word_begins_a_turn(client):
    assert client.hear(final("Yes."), partial()) == ["StartOfTurn", "AddPartialSegment: Yes."]


def test_a_turn_begins_where_its_first_segment_does_although_its_words_have_moved(client):
    client.hear(partial("Good day"))
    client.hear(final("Good day.", start_ms=1130), partial(), ended(forced=True))
    assert client.rules.heard[-2]["metadata"] == {"start_time": 1.0, "end_time": 1.53}
    assert client.last["metadata"] == {"end_time": 1.53}


def test_a_word_that_reaches_into_the_last_turn_begins_behind_it(client):
    client.hear(final("Yes."), partial(), ended(forced=True))
    client.hear(partial("And then", start_ms=1150))
    assert client.last["metadata"]["start_time"] == 1.2


# ... when it ends


@pytest.mark.parametrize(
    "end",
    [
        pytest.param([final(), partial()], id="final"),
        pytest.param([Silence(start_ms=1500, end_ms=2500)], id="silence"),
        pytest.param([final(forced=True), partial(), ended(forced=True)], id="forced"),
        pytest.param([OVER], id="over"),
    ],
)
def test_a_turn_whose_words_vanish_ends_where_it_began(client, end):
    client.hear(partial("Hm hm"), partial())
    said = client.hear(*end)
    assert said[0] == "EndOfTurn"
    assert client.rules.heard[-len(said)]["metadata"] == {"end_time": 1.0}


def test_an_empty_hypothesis_alone_ends_nothing(client):
    assert client.hear(partial("Hm hm"))
    assert client.hear(partial(), partial("Hm hm")) == []


def test_words_behind_a_forced_end_begin_the_next_turn_after_it(external):
    external.hear(partial("One two three"))
    said = external.hear(
        final("One two.", forced=True),
        partial("three", start_ms=1400, turn=1),
        ended(forced=True),
    )
    assert said == [
        *("AddSegment: One two.", "EndOfTurn"),
        *("StartOfTurn", "AddPartialSegment: three"),
    ]


def test_a_forced_end_without_a_turn_says_nothing(external):
    assert external.hear(final(forced=True), partial(), ended(forced=True)) == []


def test_music_does_not_keep_a_turn_open_for_ever(vad):
    vad.hear(final("Play it."), partial(through_ms=3000))
    assert vad.hear(partial(through_ms=3300)) == []
    assert vad.hear(partial(through_ms=3400)) == ["AddSegment: Play it.", "EndOfTurn"]
    assert vad.hear(ended(at_ms=9000)) == []


def test_nothing_but_the_client_ends_a_turn_that_is_its_own(external):
    external.hear(final("Play it."), partial(through_ms=3000))
    assert external.hear(partial(through_ms=60_000)) == []
    assert external.hear(Silence(start_ms=3000, end_ms=60_000)) == []
    assert external.hear(OVER) == ["AddSegment: Play it.", "EndOfTranscript"]


def test_voices_are_told_as_they_are(vad):
    assert vad.hear(VoiceStarted(at_ms=288), VoiceStopped(at_ms=512)) == [
        "SpeechStarted",
        "SpeechEnded",
    ]
    assert vad.last["metadata"] == {"end_time": 0.51}


# Segments


def test_an_unchanged_partial_is_not_repeated(client):
    client.hear(partial("Good day"))
    assert client.hear(partial("Good day", through_ms=3500)) == []
    assert client.hear(final("Good"), partial("day", start_ms=1200)) == []
    assert client.hear(partial("days", start_ms=1200)) == ["AddPartialSegment: Good days"]


def test_a_speaker_who_is_not_known_changes_nothing():
    client = Client("vad", diarization="speaker", enable_partials=False)
    said = client.hear(
        final("One"),
        partial(),
        final("two", start_ms=1200, speaker="S1"),
        partial(),
        final("three", start_ms=1400),
        partial(),
        final("four", start_ms=1600, speaker="S2"),
        partial(),
        ended(),
    )
    assert said == [
        *("StartOfTurn", "AddSegment: One two three", "AddSegment: four", "EndOfTurn"),
    ]
    labels = [m["segment"]["speaker"] for m in client.rules.heard if "segment" in m]
    assert labels == ["S1", "S2"]


def test_the_last_sentence_is_held_for_a_second_where_the_service_ends_turns():
    client = Client("vad", emit_sentences=True, enable_partials=False)
    assert client.hear(final("Yes. Tomorrow."), partial("at", through_ms=1500)) == [
        "StartOfTurn",
        "AddSegment: Yes.",
    ]
    assert client.hear(partial("at", through_ms=2300)) == []
    assert client.hear(partial("at", through_ms=2400)) == ["AddSegment: Tomorrow."]


def test_a_turn_that_was_only_hesitation_has_no_segment():
    removes = {"transcript_filtering_config": {"remove_disfluencies": True}}
    client = Client("vad", **removes)
    assert client.hear(partial("Um, uh"), final("Um, uh."), partial(), ended()) == []


def test_replacements_hold_in_segments_and_partials():
    rules = {"transcript_filtering_config": {"replacements": [{"from": "day", "to": "night"}]}}
    client = Client("external", **rules)
    said = client.hear(partial("Good day"), final("Good day."), partial(), OVER)
    assert "AddPartialSegment: Good night" in said
    assert "AddSegment: Good night." in said


def test_unknown_fields_of_a_change_are_noted_once_or_refused():
    config = {"enable_partials": False, "canary": 1}
    frame = msgspec.json.encode({"message": "SetRecognitionConfig", "transcription_config": config})
    client = Client("vad")
    known = client.server.notes
    for _ in range(2):
        assert client.server.receive(frame.decode()) == []
    assert client.hear(partial("Good day")) == ["StartOfTurn"]
    (note,) = client.server.notes[len(known) :]
    assert note == "unknown fields in SetRecognitionConfig: no effect"
    strict = Client("vad", DialectSettings(strict_parameters=True))
    with pytest.raises(InvalidConfigError, match="Additional property canary is not allowed"):
        strict.server.receive(frame.decode())


def test_partials_are_what_the_operator_says_for_clients_that_do_not():
    settings = DialectSettings(partials_default=True)
    assert Client("vad", settings, enable_partials=None).hear(partial("Good day")) == [
        "StartOfTurn",
        "AddPartialSegment: Good day",
    ]
    assert Client("vad", settings, enable_partials=False).hear(partial("Good day")) == [
        "StartOfTurn"
    ]
    assert Client("vad", enable_partials=None).hear(partial("Good day")) == ["StartOfTurn"]


def test_languages_without_spaces_are_joined_without_them():
    client = Client("vad", language="ja")
    assert client.rules.heard[0]["language_pack_info"]["word_delimiter"] == ""
    said = client.hear(final("東京 駅。"), partial(), ended())
    assert "AddSegment: 東京駅。" in said
