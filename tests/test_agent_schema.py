"""The rules that sessions of Agent STT are held to can be broken, each of them."""

import json

import pytest

from agent_schema import SessionRules, checked

STARTED = {
    "message": "RecognitionStarted",
    "id": "5b1f0a3e-6a0e-4f0c-9a53-9b9a5a0f2c77",
    "orchestrator_version": "1",
    "language_pack_info": {
        "adapted": False,
        "itn": True,
        "language_description": "English",
        "word_delimiter": " ",
        "writing_direction": "left-to-right",
    },
}


def said(kind, start=None, end=None, text=None, **fields):
    times = {"start_time": start, "end_time": end}
    metadata = {name: time for name, time in times.items() if time is not None}
    message = {"message": kind} | ({"metadata": metadata} if metadata else {}) | fields
    return message | ({"segment": {"transcript": text}} if text is not None else {})


START, END = said("StartOfTurn", 1.0), said("EndOfTurn", None, 2.0)
SEGMENT, PARTIAL = said("AddSegment", 1.0, 2.0, "Yes."), said("AddPartialSegment", 1.0, 2.0, "Yes")
OVER = said("EndOfTranscript")


def hears(*messages, **options):
    rules = SessionRules(**options)
    for message in messages:
        rules.hear(json.dumps(message))


def test_a_session_in_order_is_accepted():
    hears(
        *(STARTED, said("AudioAdded", seq_no=1), said("SpeechStarted", 1.1), START, PARTIAL),
        *(said("SpeechEnded", None, 2.1), SEGMENT, END),
        *(said("StartOfTurn", 3.0), said("EndOfTurn", None, 3.0), OVER),
    )


@pytest.mark.parametrize(
    "messages",
    [
        pytest.param([START], id="before-the-start"),
        pytest.param([STARTED, STARTED], id="started-twice"),
        pytest.param([STARTED, said("AudioAdded", seq_no=2)], id="a-number-left-out"),
        pytest.param([STARTED, SEGMENT], id="a-segment-without-a-turn"),
        pytest.param([STARTED, START, START], id="turns-nest"),
        pytest.param([STARTED, END], id="an-end-without-a-start"),
        pytest.param([STARTED, START, SEGMENT, SEGMENT], id="segments-overlap"),
        pytest.param(
            [STARTED, START, said("AddSegment", 1.1, 2.0, "Yes.")], id="not-where-the-turn-began"
        ),
        pytest.param(
            [STARTED, START, SEGMENT, said("EndOfTurn", None, 2.1)], id="not-where-its-words-ended"
        ),
        pytest.param([STARTED, START, SEGMENT, END, PARTIAL], id="a-partial-after-the-end"),
        pytest.param([STARTED, said("SpeechEnded", None, 1.0)], id="speech-ends-first"),
        pytest.param([STARTED, OVER, said("AudioAdded", seq_no=1)], id="after-the-end"),
    ],
)
def test_each_rule_can_be_broken(messages):
    with pytest.raises(AssertionError):
        hears(*messages)


def test_what_was_not_asked_for_is_not_accepted():
    with pytest.raises(AssertionError):
        hears(STARTED, START, PARTIAL, partials=False)
    with pytest.raises(AssertionError):
        hears(STARTED, said("SpeechStarted", 1.0), mode="external")


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(said("AddSegment", 1.0, 2.0, ""), id="no-text"),
        pytest.param(said("AddSegment", 1.0, 2.0, " Yes."), id="an-outer-space"),
        pytest.param(said("AddSegment", 1.0, 2.0) | {"segment": {"transcript": None}}, id="null"),
        pytest.param(SEGMENT | {"segment": {"transcript": "Yes.", "speaker": ""}}, id="nobody"),
        pytest.param(said("AddSegment", 1.0, None, "Yes."), id="one-time"),
        pytest.param(said("EndOfTurn", 1.0, 2.0), id="a-start-time-at-the-end"),
        pytest.param(said("StartOfTurn", 1.0, 2.0), id="an-end-time-at-the-start"),
        pytest.param(said("Error", type="quota_exceeded", reason="x"), id="no-room-in-band"),
        pytest.param(said("Warning", type=None, reason="x"), id="a-null-type"),
    ],
)
def test_a_frame_of_another_shape_is_not_accepted(message):
    with pytest.raises(Exception, match=r"."):
        checked(json.dumps(message))
