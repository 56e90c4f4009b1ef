"""Which pauses are ends of sentences or turns, and what confidence there is worth."""

from pathlib import Path

import pytest

import corpus
from crossfade.bench.in_process import InProcess
from crossfade.bench.recordings import Recording, SpokenWord, read_manifest
from crossfade.bench.turns import NEAR_MS, choose, is_of_use, measure_turns, verdicts
from crossfade.model import TurnEnded
from crossfade.recognizers.endpointing import PAUSE_MS
from crossfade.recognizers.scripted import ScriptedRecognizer, spoken

WORDS = tuple(
    SpokenWord(word, start, start + 0.4)
    for word, start in [("yes", 0.5), ("it", 1.0), ("was", 1.5), ("me", 2.0)]
)


def recording(text="Yes. It was me.", *, words=WORDS, turn_complete=None, category="read"):
    return Recording(
        id="one",
        file="one.flac",
        category=category,
        language="en",
        duration_s=3.0,
        text=text,
        words=words,
        turn_complete=turn_complete,
        folder=Path(),
    )


def pause_after(word, *, confidence=0.7, late_ms=0):
    at_ms = round(1000 * WORDS[word].end) + PAUSE_MS + late_ms
    return TurnEnded(turn=0, at_ms=at_ms, confidence=confidence)


@pytest.mark.parametrize(
    ("text", "word", "complete"),
    [
        ("Yes. It was me.", 0, True),
        ("Yes, it was me.", 0, False),
        ("Yes. It was me.", 2, False),
        ("Yes. It was me.", 3, True),
        ('Yes. It was "me?"', 3, True),
        ("Yes. It was me", 3, False),
    ],
)
def test_a_pause_behind_a_full_stop_is_the_end_of_a_sentence(text, word, complete):
    (verdict,) = verdicts(recording(text), [pause_after(word)])
    assert (verdict.complete, verdict.labelled, verdict.confidence) == (complete, False, 0.7)


def test_the_label_of_a_recording_counts_at_its_end_and_only_there():
    labelled = recording("Yes. It was me.", turn_complete=False)
    first, last = verdicts(labelled, [pause_after(0), pause_after(3)])
    assert (first.labelled, first.complete) == (False, True)
    assert (last.labelled, last.complete) == (True, False)


def test_pauses_that_mean_nothing_for_certain_are_left_out():
    assert [*verdicts(recording("yes it was me"), [pause_after(0), pause_after(3)])] == []
    assert [*verdicts(recording(), [pause_after(3, late_ms=NEAR_MS + 50)])] == []


def test_a_pause_that_seems_to_begin_within_a_word_is_behind_it():
    words = (*WORDS[:3], SpokenWord("me", 1.9, 2.2))
    near_was_but_within_me = TurnEnded(turn=0, at_ms=2000 + PAUSE_MS, confidence=0.7)
    (verdict,) = verdicts(recording(words=words), [near_was_but_within_me])
    assert verdict.complete


def test_a_clip_in_many_file_formats_counts_once():
    once = recording()
    assert choose([recording(category="formats"), once, recording("no marks")]) == [once]


@pytest.mark.parametrize(
    ("of", "useful"),
    [
        pytest.param(recording(), True, id="punctuation"),
        pytest.param(recording("yes it was me"), False, id="no-marks"),
        pytest.param(recording("yes it was me", turn_complete=True), True, id="a-label"),
        pytest.param(recording("Yes. It is me."), False, id="words-are-not-the-text"),
        pytest.param(recording(words=()), False, id="no-times"),
    ],
)
def test_recordings_of_no_use_are_not_heard(of, useful):
    assert is_of_use(of) is useful


def test_a_title_ends_no_sentence():
    of = recording("Mr. It was me.", words=(SpokenWord("mr", 0.5, 0.9), *WORDS[1:]))
    (verdict,) = verdicts(of, [pause_after(0)])
    assert not verdict.complete


async def test_a_confidence_that_is_always_the_same_is_worth_nothing():
    everything = read_manifest(corpus.CARRIED / "manifest.jsonl")
    recordings = [entry for entry in everything if is_of_use(entry)][:2]
    recognizer = ScriptedRecognizer(spoken("Nobody said this."))
    done = []
    found = await measure_turns(
        InProcess(recognizer), recordings, max_delay_ms=2000, advance=lambda: done.append(1)
    )
    assert len(done) == 2
    assert found.all.pauses == found.labelled.pauses + found.sentences.pauses
    assert found.all.auc in (None, 0.5)
