"""The schema of the tests lets a real server's messages through, and nothing else."""

import json
from pathlib import Path

import msgspec
import pytest

from speechmatics_schema import SessionRules, checked

TRANSCRIPTS = Path(__file__).parent / "transcripts" / "speechmatics"
RECORDED = (TRANSCRIPTS / "recorded_speechmatics_rt.jsonl").read_text().splitlines()
SERVER_SAID = [line["server"] for line in map(json.loads, RECORDED) if "server" in line]
WORD = {
    "type": "word",
    "start_time": 0.1,
    "end_time": 0.5,
    "alternatives": [{"content": "Hi", "confidence": 1.0, "language": "en"}],
}
MARK = {
    "type": "punctuation",
    "start_time": 0.5,
    "end_time": 0.5,
    "attaches_to": "previous",
    "is_eos": True,
    "alternatives": [{"content": ".", "confidence": 1.0}],
}
STARTED = {
    "message": "RecognitionStarted",
    "id": "0c3b8a52-5b0e-4b6b-9a39-8f1f6c5b7d11",
    "orchestrator_version": "x",
    "language_pack_info": {
        "adapted": False,
        "itn": True,
        "language_description": "English",
        "word_delimiter": " ",
        "writing_direction": "left-to-right",
    },
}


def transcript(*items, kind="AddTranscript", start=0.0, end=0.5, text="Hi. ", **more):
    return {
        "message": kind,
        "format": "2.9",
        "results": list(items),
        "metadata": {"start_time": start, "end_time": end, "transcript": text},
    } | more


def test_the_vendors_own_messages_keep_it():
    assert len(SERVER_SAID) == 118
    for message in SERVER_SAID:
        checked(json.dumps(message))


@pytest.mark.parametrize(
    "message",
    [
        pytest.param({"message": "AudioAdded", "seq_no": 1.0}, id="float-for-int"),
        pytest.param({"message": "AudioAdded", "seq_no": 0}, id="counting-from-0"),
        pytest.param({"message": "AudioAdded", "seq_no": 1, "note": ""}, id="unknown-field"),
        pytest.param({"message": "LanguageInfo", "language": "en"}, id="unknown-message"),
        pytest.param({"message": "Error", "type": "protocol_error"}, id="no-reason"),
        pytest.param({"message": "Error", "type": "job_error", "reason": ""}, id="empty-reason"),
        pytest.param(
            {"message": "Error", "type": "oops", "reason": "x"}, id="unknown-type-of-error"
        ),
        pytest.param(
            {"message": "Error", "type": "job_error", "reason": "x", "code": None}, id="null"
        ),
        pytest.param(
            {"message": "Warning", "type": "duration_limit_exceeded", "reason": "x"},
            id="a-field-of-this-warning-is-missing",
        ),
        pytest.param(STARTED | {"id": "s1"}, id="no-uuid"),
        pytest.param(STARTED | {"channels": ["a"]}, id="channels-without-channel-ids"),
        pytest.param(STARTED | {"language_pack_info": None}, id="no-language-pack"),
        pytest.param(transcript(WORD, MARK, text="Hi."), id="final-without-delimiter"),
        pytest.param(transcript(WORD, MARK, text="Hi . "), id="mark-apart-from-its-word"),
        pytest.param(transcript(WORD, MARK, forced=False), id="forced-false"),
        pytest.param(transcript(WORD, MARK, end=0.4), id="word-beyond-its-window"),
        pytest.param(transcript(WORD, MARK, start=0.2), id="word-before-its-window"),
        pytest.param(transcript(start=0.6, text=""), id="window-backwards"),
        pytest.param(transcript(WORD | {"end_time": 0.1}, text="Hi "), id="word-of-no-length"),
        pytest.param(transcript(WORD | {"start_time": 0.123}, text="Hi "), id="three-decimals"),
        pytest.param(transcript(WORD, WORD, text="Hi Hi "), id="items-back-in-time"),
        pytest.param(transcript(WORD | {"is_eos": False}, text="Hi "), id="is-eos-of-a-word"),
        pytest.param(transcript(WORD | {"alternatives": []}, text=""), id="no-alternative"),
        pytest.param(transcript(WORD | {"type": "entity"}, text="Hi "), id="entity-without-forms"),
        pytest.param(transcript(WORD, MARK | {"end_time": 0.6}, end=0.6), id="mark-with-length"),
    ],
)
def test_nothing_else_does(message):
    with pytest.raises((msgspec.ValidationError, AssertionError)):
        checked(json.dumps(message))


def test_binary_frames_are_refused():
    with pytest.raises(AssertionError):
        checked(json.dumps(STARTED).encode())


FINAL = transcript(WORD, MARK)
EMPTY = transcript(kind="AddPartialTranscript", start=0.5, end=0.5, text="")


@pytest.mark.parametrize(
    ("session", "keeps_the_order"),
    [
        ([STARTED, FINAL, EMPTY, {"message": "EndOfTranscript"}], True),
        ([FINAL], False),
        ([STARTED, STARTED], False),
        ([STARTED, {"message": "AudioAdded", "seq_no": 2}], False),
        ([STARTED, FINAL, FINAL], False),
        ([STARTED, FINAL, {"message": "EndOfTranscript"}], False),
        ([STARTED, FINAL, EMPTY | {"metadata": FINAL["metadata"] | {"transcript": ""}}], False),
        ([STARTED, FINAL, EMPTY, transcript(start=0.6, end=0.7, text="")], False),
        ([STARTED, {"message": "EndOfTranscript"}, {"message": "EndOfTranscript"}], False),
    ],
)
def test_a_session_keeps_the_order(session, keeps_the_order):
    rules = SessionRules(partials=True)
    frames = [json.dumps(message) for message in session]
    if keeps_the_order:
        for frame in frames:
            rules.hear(frame)
        return
    for frame in frames[:-1]:
        rules.hear(frame)
    with pytest.raises(AssertionError):
        rules.hear(frames[-1])
