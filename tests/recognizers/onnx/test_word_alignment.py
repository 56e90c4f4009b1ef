"""Words and their times, on made-up attention and on real speech."""

from collections.abc import Callable, Sequence
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from corpus import Recording
from crossfade.audio import Samples
from crossfade.recognizers.onnx.alignment import FRAME_S, TimedWord, align_words, cut_frames
from crossfade.recognizers.onnx.model import Decoding, Moonshine
from crossfade.recognizers.onnx.tokens import Tokenizer

CLIPS = ["ls-39-121914-0000", "ls-61-70968-0000", "ls-533-1066-0007", "vctk-p226_008"]


def heard(pieces: Sequence[str], probabilities: Sequence[float] | None = None) -> list[TimedWord]:
    """Align tokens that each look at four frames of their own, over flat noise."""
    tokenizer = Tokenizer([b""] * 3 + [piece.encode() for piece in pieces])
    n = len(pieces)
    decoding = Decoding(
        tokens=tuple(range(3, 3 + n)),
        probabilities=tuple(probabilities or [0.9] * n),
        attention=np.tile(np.repeat(np.eye(n, dtype=np.float32), 4, axis=1), (4, 1, 1)),
        terminal_probability=0,
        n_steps=1,
        n_verified=0,
    )
    rng = np.random.default_rng(3)
    return align_words(tokenizer, decoding, rng.standard_normal(4 * n * 384).astype(np.float32))


def spelled(words: Sequence[TimedWord]) -> list[tuple[str, str]]:
    return [(word.text, word.punctuation) for word in words]


def test_tokens_become_words_with_the_marks_that_follow_them() -> None:
    words = heard([" Ever", " tri", "ed", ",", " no", "."])
    assert spelled(words) == [("Ever", ""), ("tried", ","), ("no", ".")]
    assert [(word.first_token, word.end_token) for word in words] == [(0, 1), (1, 4), (4, 6)]


def test_a_word_of_nothing_but_marks_joins_the_word_before_it() -> None:
    words = heard([" well", " \u2014", " yes", " ."])
    assert spelled(words) == [("well", "\u2014"), ("yes", ".")]
    assert [(word.first_token, word.end_token) for word in words] == [(0, 2), (2, 4)]


def test_quotes_and_brackets_are_dropped() -> None:
    assert spelled(heard([' "', "Go", '!"', " (", "he", " said", ")."])) == [
        ("Go", "!"),
        ("he", ""),
        ("said", "."),
    ]


def test_marks_before_the_first_word_are_nobodys() -> None:
    assert spelled(heard([" ...", " and", "so"])) == [("andso", "")]


def test_no_tokens_give_no_words() -> None:
    assert heard([" ", "."]) == []


def test_a_word_is_as_sure_as_its_least_sure_token_that_is_no_mark() -> None:
    words = heard([" un", "sure", "?", " sure"], [0.9, 0.4, 0.1, 0.8])
    assert [word.confidence for word in words] == [0.4, 0.8]


def test_words_lie_where_their_tokens_looked() -> None:
    words = heard([" a", " bb", "b", " c", " d", " e", " f"])
    expected = [0, 1, 3, 4, 5, 6]
    starts = [word.start_s for word in words]
    np.testing.assert_allclose(starts, np.array(expected) * 4 * FRAME_S, atol=0.006)


def test_words_end_where_the_sound_does() -> None:
    tokenizer = Tokenizer([b""] * 3 + [b" one", b" two", b" three"])
    attention = np.tile(np.repeat(np.eye(3, dtype=np.float32), 50, axis=1), (4, 1, 1))
    decoding = Decoding((3, 4, 5), (0.9,) * 3, attention, 0, 1, 0)
    rng = np.random.default_rng(0)
    samples = rng.standard_normal(3 * 50 * 384).astype(np.float32) / 1000
    for start_s, end_s in [(0.3, 0.7), (1.5, 2.2), (2.6, 3.0)]:
        samples[int(start_s * 16_000) : int(end_s * 16_000)] *= 300
    words = align_words(tokenizer, decoding, samples)
    starts = [word.start_s for word in words]
    ends = [word.end_s for word in words]
    np.testing.assert_allclose(starts, [0.28, 1.48, 2.58], atol=0.021)
    np.testing.assert_allclose(ends, [0.73, 2.23, 3.03], atol=0.021)


def test_more_tokens_than_frames_still_get_times_in_order() -> None:
    pieces = [b" a"] * 40
    attention = np.full((4, 40, 10), 0.1, np.float32)
    decoding = Decoding(tuple(range(3, 43)), (0.5,) * 40, attention, 0, 1, 0)
    samples = np.zeros(4000, np.float32)
    words = align_words(Tokenizer([b""] * 3 + pieces), decoding, samples)
    assert len(words) == 40
    assert_in_order(words)


@given(
    n_tokens=st.integers(1, 4),
    n_frames=st.integers(1, 8),
    seed=st.integers(0, 2**32 - 1),
)
def test_no_cut_of_the_frames_has_a_better_score(n_tokens: int, n_frames: int, seed: int) -> None:
    n_tokens = min(n_tokens, n_frames)
    scores = np.random.default_rng(seed).standard_normal((n_tokens, n_frames)).astype(np.float32)

    def score(borders: Sequence[int]) -> float:
        spans = pairwise(borders)
        return float(sum(scores[i, a:b].sum() for i, (a, b) in enumerate(spans)))

    found = cut_frames(scores).tolist()
    best = max(
        score([0, *inner, n_frames]) for inner in combinations(range(1, n_frames), n_tokens - 1)
    )
    assert found[0] == 0
    assert found[-1] == n_frames
    assert all(a < b for a, b in pairwise(found))
    assert score(found) == pytest.approx(best, abs=1e-4)


@pytest.mark.model
def test_times_on_real_speech_are_close_to_the_forced_alignment(
    moonshine: Moonshine, recording: Callable[[str], Recording]
) -> None:
    errors_s: list[float] = []
    for clip in map(recording, CLIPS):
        words = transcribed(moonshine, clip.samples())
        assert_in_order(words)
        assert words[-1].end_s <= clip.duration_s + 0.05
        reference = [plain(word.word) for word in clip.words]
        for block in Levenshtein.opcodes(reference, [plain(word.text) for word in words]):
            if block.tag == "equal":
                pairs = zip(
                    clip.words[block.src_start : block.src_end],
                    words[block.dest_start : block.dest_end],
                    strict=True,
                )
                for said, word in pairs:
                    errors_s += [abs(said.start - word.start_s), abs(said.end - word.end_s)]
    assert len(errors_s) > 100
    assert np.mean(errors_s) < 0.070
    assert np.median(errors_s) < 0.045


def transcribed(model: Moonshine, samples: Samples) -> list[TimedWord]:
    decoding = model.decode(model.encode_samples(samples), max_tokens=120)
    return align_words(model.tokenizer, decoding, samples)


def plain(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum() or letter == "'")


def assert_in_order(words: Sequence[TimedWord]) -> None:
    floor_s = 0.0
    for word in words:
        assert word.start_s >= floor_s - 1e-9
        assert word.end_s - word.start_s >= 0.04 - 1e-9
        floor_s = word.end_s
