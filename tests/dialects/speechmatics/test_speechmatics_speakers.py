"""GetSpeakers, section 13.2: each question has its answer."""

import pytest

from crossfade.model import (
    Finish,
    ReportSpeakers,
    SessionEnded,
    SessionStarted,
    Speaker,
    SpeakerLabels,
    SpeakersIgnored,
    SpeakersKnown,
    Start,
)

STARTED = SessionStarted(
    session_id="0c3b8a52-5b0e-4b6b-9a39-8f1f6c5b7d11", language="en", started_at=1_785_570_600
)
ENDED = SessionEnded(audio_ms=1000, session_ms=1100)
ANN = Speaker(label="S1", identifiers=("cHJpbnQ=",))
NAMELESS = Speaker(label="S2")
RESULT = {
    "message": "SpeakersResult",
    "speakers": [{"label": "S1", "speaker_identifiers": ["cHJpbnQ="]}],
}
NOBODY = {"message": "SpeakersResult", "speakers": []}


def ask(**fields):
    return {"message": "GetSpeakers", **fields}


def kinds(said):
    return [message["message"] for message in said]


@pytest.mark.parametrize(
    ("message", "at_end"), [(ask(), False), (ask(final=False), False), (ask(final=True), True)]
)
def test_a_question_goes_to_the_recognizer(connect, message, at_end):
    assert connect().say(message) == [ReportSpeakers(at_end=at_end)]


def test_each_question_has_an_answer_of_its_own_at_once(connect):
    connection = connect(diarization="speaker")
    for _ in range(2):
        connection.say(ask())
        assert connection.hear(SpeakersKnown(speakers=(ANN, NAMELESS))) == [RESULT]
    assert connection.hear(SpeakersKnown(speakers=(ANN,))) == []  # nobody has asked
    assert kinds(connection.hear(ENDED)) == ["EndOfTranscript"]


def test_questions_about_the_end_have_one_answer_just_before_it(connect):
    connection = connect(diarization="speaker")
    connection.say(ask(final=True))
    connection.say(ask(final=True))
    assert connection.hear(SpeakersKnown(speakers=(ANN,), at_end=True)) == []
    assert connection.hear(ENDED) == [RESULT, {"message": "EndOfTranscript"}]


def test_the_configuration_can_ask_too_and_then_there_is_still_one_answer(connection):
    config = {"diarization": "speaker", "speaker_diarization_config": {"get_speakers": True}}
    start, asked = connection.start(**config)
    assert isinstance(start, Start)
    assert asked == ReportSpeakers(at_end=True)
    connection.say(ask(final=True))
    connection.hear(STARTED)
    assert kinds(connection.hear(SpeakersKnown(speakers=(), at_end=True), ENDED)) == [
        "SpeakersResult",
        "EndOfTranscript",
    ]


def test_a_recognizer_that_does_not_answer_makes_nobody_wait_for_ever(connect):
    connection = connect()
    connection.say(ask())
    connection.say(ask())
    connection.say(ask(final=True))
    assert connection.hear(ENDED) == [NOBODY] * 3 + [{"message": "EndOfTranscript"}]


def test_a_question_right_behind_start_recognition_waits_for_recognition_started(connection):
    connection.start()
    assert connection.say(ask(final=True)) == [ReportSpeakers(at_end=True)]
    assert kinds(connection.hear(STARTED)) == ["RecognitionStarted", "Info"]


def test_a_question_after_end_of_stream_is_still_answered(connect):
    connection = connect()
    assert connection.say({"message": "EndOfStream"}) == [Finish()]
    assert connection.say(ask()) == [ReportSpeakers()]
    assert kinds(connection.hear(ENDED)) == ["SpeakersResult", "EndOfTranscript"]


def test_enrolled_speakers_reach_the_recognizer(connection):
    speakers = [{"label": "Ann", "speaker_identifiers": ["eA==", "eQ=="]}]
    (start,) = connection.start(
        diarization="speaker",
        speaker_diarization_config={"speakers": speakers, "max_speakers": 3},
    )
    assert start.config.speaker_labels == SpeakerLabels(
        max_speakers=3, known=(Speaker(label="Ann", identifiers=("eA==", "eQ==")),)
    )


def test_identifiers_that_cannot_be_read_are_warned_of(connect):
    (warning,) = connect().hear(SpeakersIgnored(labels=("Ann", "Bob")))
    assert (warning["message"], warning["type"]) == ("Warning", "speaker_id")
    assert "Ann, Bob" in warning["reason"]
