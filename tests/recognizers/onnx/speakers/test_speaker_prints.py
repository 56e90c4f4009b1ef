"""A voice as text, and a speaker who is known from another session."""

import base64

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossfade.model import Speaker
from crossfade.recognizers.onnx.speakers.prints import read_print, write_print
from crossfade.recognizers.onnx.speakers.voices import Voices


def voice(*loud: int) -> np.ndarray:
    """A direction of length 1."""
    numbers = np.zeros(256, np.float32)
    numbers[list(loud)] = 1.0
    return numbers / np.linalg.norm(numbers)


ANN, BOB, EVE = voice(1, 2), voice(3, 4), voice(5)
LONG_MS = 1600


def changed(text: str, change) -> str:
    return base64.b64encode(change(base64.b64decode(text))).decode()


def test_what_was_written_can_be_read():
    text = write_print(ANN)
    assert base64.b64decode(text, validate=True)
    read = read_print(text)
    assert read is not None
    assert float(read @ ANN) == pytest.approx(1.0, abs=1e-4)
    assert float(np.linalg.norm(read)) == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "not base64 at all", "é", "b3BhcXVlLWlkLTE=",
        changed(write_print(ANN), lambda data: data[:-1]),
        changed(write_print(ANN), lambda data: data + b"\0"),
        changed(write_print(ANN), lambda data: b"another" + data),
        changed(write_print(ANN), lambda data: data[:18] + bytes(512)),
        changed(write_print(ANN), lambda data: data[:18] + b"\xff\x7f" * 256),
        changed(write_print(ANN), lambda data: data[:18] + b"\x00\x7c" * 256),
    ],
)  # fmt: skip
def test_what_is_no_print_of_ours_is_nothing(text):
    assert read_print(text) is None


@given(st.text() | st.binary().map(lambda data: base64.b64encode(data).decode()))
def test_any_text_is_a_print_or_nothing(text):
    read_print(text)


def test_known_speakers_bear_their_labels_and_do_not_count_as_found():
    known = (Speaker(label="Ann", identifiers=(write_print(ANN),)),)
    voices = Voices(known=known, max_speakers=2)
    assert voices.heard() == ()
    assert [voices.label(voices.assign(each, LONG_MS)) for each in (BOB, ANN, EVE)] == [
        "S1",
        "Ann",
        "S2",
    ]
    assert voices.n_speakers == 2
    ann, *found = voices.heard()
    assert ann == known[0]
    assert [speaker.label for speaker in found] == ["S1", "S2"]


def test_who_was_found_can_be_known_again():
    first = Voices()
    for each in (ANN, BOB, ANN):
        first.assign(each, LONG_MS)
    ann, bob = first.heard()
    again = Voices(known=(Speaker(label="B", identifiers=bob.identifiers),
                          Speaker(label="A", identifiers=ann.identifiers)))  # fmt: skip
    assert [again.label(again.assign(each, LONG_MS)) for each in (ANN, BOB, EVE)] == [
        "A",
        "B",
        "S1",
    ]


def test_several_prints_of_one_speaker_are_one_picture():
    known = (Speaker(label="Ann", identifiers=(write_print(voice(1)), write_print(voice(2)))),)
    voices = Voices(known=known)
    assert voices.label(voices.assign(ANN, LONG_MS)) == "Ann"


def test_prints_that_cannot_be_read_are_left_out_and_named():
    known = (
        Speaker(label="Ann", identifiers=(write_print(ANN), "alien")),
        Speaker(label="Bob", identifiers=("alien",)),
        Speaker(label="Eve", identifiers=(write_print(EVE),)),
    )
    voices = Voices(known=known)
    assert voices.unreadable == ("Ann", "Bob")
    assert [voices.label(voices.assign(each, LONG_MS)) for each in (ANN, BOB, EVE)] == [
        "Ann",
        "S1",
        "Eve",
    ]
