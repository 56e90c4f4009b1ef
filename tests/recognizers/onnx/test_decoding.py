"""Decoding with a forced beginning and a draft, and what is read from the rows on the way."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from corpus import Recording
from crossfade.recognizers.onnx.model import CrossKv, Decoding, Moonshine, find_loop
from crossfade.recognizers.onnx.tokens import EOS

CLIP = "ls-61-70968-0000"


@pytest.fixture(scope="module")
def cross_kv(moonshine: Moonshine, recording: Callable[[str], Recording]) -> CrossKv:
    return moonshine.encode_samples(recording(CLIP).samples())


@pytest.fixture(scope="module")
def plain(moonshine: Moonshine, cross_kv: CrossKv) -> Decoding:
    """Greedy, token by token."""
    return moonshine.decode(cross_kv, max_tokens=100)


def assert_nearly_same(found: Sequence[int], expected: Sequence[int]) -> None:
    """Drafts and single steps may differ at near-ties, see ``Moonshine.decode``."""
    assert Levenshtein.distance(found, expected) <= 2


@pytest.mark.model
def test_plain_decoding_costs_a_pass_for_each_token(plain: Decoding) -> None:
    assert len(plain.tokens) > 15
    assert plain.n_steps == len(plain.tokens) + 1  # and one that says that it is the end
    assert plain.n_verified == 0


@pytest.mark.model
def test_every_token_has_a_probability_and_a_row_of_attention(
    plain: Decoding, cross_kv: CrossKv
) -> None:
    assert len(plain.probabilities) == len(plain.tokens)
    assert plain.attention.shape == (4, len(plain.tokens), cross_kv.n_frames)
    assert all(0 < probability <= 1 for probability in plain.probabilities)


@pytest.mark.model
def test_a_right_draft_is_verified_in_few_passes(
    moonshine: Moonshine, cross_kv: CrossKv, plain: Decoding
) -> None:
    decoding = moonshine.decode(cross_kv, draft=plain.tokens[:-3], max_tokens=100)
    assert_nearly_same(decoding.tokens, plain.tokens)
    assert decoding.n_verified > len(plain.tokens) // 2
    assert decoding.n_steps < len(plain.tokens) // 2


@pytest.mark.model
def test_a_wrong_draft_changes_nothing(
    moonshine: Moonshine, cross_kv: CrossKv, plain: Decoding
) -> None:
    wrong = [*plain.tokens[:4], 306, 306, 306, 306]
    decoding = moonshine.decode(cross_kv, draft=wrong, max_tokens=100)
    assert decoding.n_verified == 4
    assert_nearly_same(decoding.tokens, plain.tokens)


@pytest.mark.model
def test_forced_tokens_stay_and_the_rest_follows(
    moonshine: Moonshine, cross_kv: CrossKv, plain: Decoding
) -> None:
    forced = plain.tokens[:6]
    decoding = moonshine.decode(cross_kv, forced=forced, draft=plain.tokens[6:9], max_tokens=100)
    assert decoding.tokens[:6] == forced
    assert_nearly_same(decoding.tokens, plain.tokens)
    assert decoding.probabilities[:6] == (1.0,) * 6


@pytest.mark.model
def test_a_forced_token_stays_however_unlikely_it_is(
    moonshine: Moonshine, cross_kv: CrossKv
) -> None:
    unlikely = moonshine.tokenizer.ids(" zebra")[:1] or (306,)
    assert moonshine.decode(cross_kv, forced=unlikely, max_tokens=1).tokens == unlikely


@pytest.mark.model
def test_the_limit_counts_forced_tokens(
    moonshine: Moonshine, cross_kv: CrossKv, plain: Decoding
) -> None:
    forced = plain.tokens[:5]
    assert len(moonshine.decode(cross_kv, max_tokens=7).tokens) == 7
    assert len(moonshine.decode(cross_kv, forced=forced, max_tokens=7).tokens) == 7
    assert moonshine.decode(cross_kv, forced=forced, max_tokens=2).tokens == forced
    assert len(moonshine.decode(cross_kv, draft=plain.tokens, max_tokens=7).tokens) == 7


@pytest.mark.model
def test_a_bias_moves_every_row(moonshine: Moonshine, cross_kv: CrossKv, plain: Decoding) -> None:
    seen: list[int] = []
    wanted = plain.tokens[-1]

    def bias(row: NDArray[np.float32], tokens: Sequence[int]) -> NDArray[np.float32]:
        seen.append(len(tokens))
        moved = row.copy()
        moved[wanted] += 1000
        return moved

    decoding = moonshine.decode(cross_kv, draft=plain.tokens, max_tokens=5, bias=bias)
    assert decoding.tokens == (wanted,) * 5
    assert decoding.probabilities == pytest.approx((1.0,) * 5)
    assert seen == [0, 1, 2, 3, 4]


@pytest.mark.model
def test_a_whole_sentence_ends_and_half_a_sentence_does_not(
    moonshine: Moonshine, recording: Callable[[str], Recording]
) -> None:
    clip = recording("brooklyn-bridge")
    whole = moonshine.decode(moonshine.encode_samples(clip.samples()), max_tokens=40)
    border = round(clip.words[-2].start * 16_000)  # "How old is the"
    half = moonshine.decode(moonshine.encode_samples(clip.samples()[:border]), max_tokens=40)
    assert whole.terminal_probability > 0.7
    assert half.terminal_probability < whole.terminal_probability


@pytest.mark.model
def test_an_end_without_a_mark_is_worth_less_than_a_full_stop(
    moonshine: Moonshine, cross_kv: CrossKv
) -> None:
    n_words = 3

    def bias(row: NDArray[np.float32], tokens: Sequence[int]) -> NDArray[np.float32]:
        moved = row.copy()
        moved[EOS] += 1000 * (len(tokens) == n_words)
        return moved

    decoding = moonshine.decode(cross_kv, max_tokens=40, bias=bias)
    assert len(decoding.tokens) == n_words
    assert not moonshine.tokenizer.is_punctuation(decoding.tokens[-1])
    assert decoding.terminal_probability == pytest.approx(0.95)


@pytest.mark.model
def test_a_hum_is_music_to_the_model_and_gives_no_tokens(moonshine: Moonshine) -> None:
    time_s = np.arange(5 * 16_000) / 16_000
    hum = sum(np.sin(2 * np.pi * 50 * harmonic * time_s) for harmonic in (1, 2, 3)) / 20
    decoding = moonshine.decode(
        moonshine.encode_samples(np.asarray(hum, np.float32)), max_tokens=60
    )
    assert decoding.tokens == ()
    assert decoding.attention.shape[1] == 0
    assert decoding.terminal_probability == 0


@pytest.mark.model
def test_more_than_half_a_minute_is_refused(moonshine: Moonshine) -> None:
    with pytest.raises(ValueError, match="more than 30 s"):
        moonshine.encode_samples(np.zeros(31 * 16_000, np.float32))


@pytest.mark.parametrize(
    ("tokens", "kept"),
    [
        pytest.param("abcd", None, id="nothing-repeats"),
        pytest.param("xaaa", None, id="three-times-may-be-meant"),
        pytest.param("xaaaa", 2, id="four-times-is-a-loop"),
        pytest.param("xababab", None, id="two-tokens-three-times"),
        pytest.param("xabababab", 3, id="two-tokens-four-times"),
        pytest.param("xabcabcabc", 4, id="three-tokens-three-times"),
        pytest.param("abcabc", None, id="twice-is-a-chorus"),
        pytest.param("xabcabcabcx", None, id="a-loop-that-was-left"),
        pytest.param("abcdefghijkl" * 3, 12, id="twelve-tokens"),
        pytest.param("abcdefghijklm" * 3, None, id="thirteen-tokens-are-not-looked-for"),
        pytest.param("x" + "ab" * 9, 3, id="a-long-loop-is-cut-at-its-beginning"),
        pytest.param("xcabcabcab", 4, id="a-loop-in-the-middle-of-a-round"),
        pytest.param("", None, id="empty"),
    ],
)
def test_loops_are_found_and_one_round_is_left(tokens: str, kept: int | None) -> None:
    assert find_loop([ord(letter) for letter in tokens]) == kept


@pytest.mark.model
def test_a_model_that_goes_round_in_circles_is_stopped(
    moonshine: Moonshine, cross_kv: CrossKv
) -> None:
    circle = [306, 437, 372]

    def bias(row: NDArray[np.float32], tokens: Sequence[int]) -> NDArray[np.float32]:
        moved = row.copy()
        moved[circle[len(tokens) % 3]] += 1000
        return moved

    decoding = moonshine.decode(cross_kv, max_tokens=90, bias=bias)
    assert decoding.tokens == tuple(circle)
    assert len(decoding.probabilities) == decoding.attention.shape[1] == 3
    assert decoding.n_steps < 20


@pytest.mark.model
def test_a_short_sentence_may_repeat_itself(moonshine: Moonshine, cross_kv: CrossKv) -> None:
    (no,) = moonshine.tokenizer.ids(" no")

    def bias(row: NDArray[np.float32], tokens: Sequence[int]) -> NDArray[np.float32]:
        moved = row.copy()
        moved[no if len(tokens) < 4 else EOS] += 1000
        return moved

    assert moonshine.decode(cross_kv, max_tokens=90, bias=bias).tokens == (no,) * 4
