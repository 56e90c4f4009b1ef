"""Turn confidence as a rule, and the bar that it is held to."""

import pytest

import corpus
from crossfade.bench.in_process import InProcess
from crossfade.bench.recordings import read_manifest
from crossfade.bench.turn_curve import SILENCE_MS, curve, measure_turn_curve
from crossfade.bench.turns import Verdict
from crossfade.recognizers.onnx import EmbeddedRecognizer

THRESHOLD = 0.4
"""The default of the clients that choose by confidence."""


def verdicts(*pairs):
    return [Verdict(confidence, complete, labelled=False) for confidence, complete in pairs]


def test_each_threshold_is_judged_by_what_lies_above_it():
    points = curve(verdicts((0.95, True), (0.45, True), (0.45, False), (0.4, True), (0.1, False)))
    above = {point.threshold: (point.believed, point.right, point.found) for point in points}
    assert above[0.9] == (1, 1.0, 0.333)
    assert above[0.4] == (3, 0.667, 0.667)
    assert above[0.1] == (4, 0.75, 1.0)


def test_nothing_heard_is_no_share_of_anything():
    assert {(point.right, point.found) for point in curve([])} == {(None, None)}
    (point,) = (point for point in curve(verdicts((0.2, False))) if point.threshold == THRESHOLD)
    assert (point.believed, point.right, point.found) == (0, None, None)


@pytest.mark.model
@pytest.mark.speech
async def test_four_silences_of_five_that_are_taken_for_an_end_are_one(model_files, shared_speech):
    recordings = read_manifest(corpus.SHARED / "manifest.jsonl")
    recognizer = EmbeddedRecognizer(model_files)
    await recognizer.start()
    try:
        measured = await measure_turn_curve(InProcess(recognizer), recordings, max_delay_ms=1000)
    finally:
        await recognizer.aclose()
    (point,) = (point for point in measured.points if point.threshold == THRESHOLD)
    assert measured.silence_ms == SILENCE_MS
    assert measured.silences > 50
    assert point.right >= 0.8, point
    assert point.found >= 0.6, "believing nothing is no rule"
