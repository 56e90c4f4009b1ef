"""One segment: the audio of a stretch of speech, and which of its words are settled.

The model hears the whole buffer again at every decode, so a hypothesis may change anywhere. What
was settled may not: its tokens are a forced prefix of every later decode, and its audio is dropped
once the buffer grows long. Positions are milliseconds of the session; a segment knows no clock.

Not thread-safe: the event loop owns it, and lends it to a worker thread for one ``decode``.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from msgspec import structs

from crossfade.audio.pcm import SAMPLE_RATE_HZ, Samples
from crossfade.audio.volume import PIECE_MS, mean_volume, volumes
from crossfade.model import Word
from crossfade.recognizers.endpointing import TERMINAL_MARKS
from crossfade.recognizers.onnx.alignment import align_words
from crossfade.recognizers.onnx.features import FeatureCache
from crossfade.recognizers.onnx.hypothesis import (
    HeardWord,
    Hypothesis,
    common_prefix,
    mean_confidence,
    middle_ms,
    not_before,
    placed,
)
from crossfade.recognizers.onnx.model import Bias, Decoding, Moonshine
from crossfade.recognizers.onnx.terms import Terms

SAMPLES_PER_MS = SAMPLE_RATE_HZ // 1000
BLOCK_SAMPLES = 192
"""Audio is dropped in multiples of this, so that the cached front end stays exact."""

TOKENS_PER_S = 6.5
"""More than anyone speaks; a hypothesis that is longer has run away."""

# When a word is settled. Agreement counted in seconds of audio instead of in hypotheses keeps the
# streamed word error rate at the offline one whatever the decoding rate.
STABLE_SHARE = 0.4  # of max_delay
STABLE_MIN_MS, STABLE_MAX_MS = 500, 1500
GUARD_MS, GUARD_HASTY_MS = 400, 300  # a word this close to the edge may still be cut in half
HASTY_DELAY_MS = 1000
STABLE_SLACK_MS = 60  # hypotheses come every few 32 ms windows, never exactly on time

# What makes a word sure where finals are wanted early: the less it can be cut in half, the less
# confidence will do. Where a word is shown once those before it are settled, at max_delay 900, half
# of the words are seen 301 to 329 ms after their end; with 0.95 and 200 ms alone it was 351 to 405,
# for 4 % more decodes and as many errors (14.6 instead of 14.4 %). Four times six streams of 60 s
# on the audio's clock; errors with the decodes at three places.
SURE = ((0.8, 200), (0.95, 100))  # so much confidence, so long before the edge

# A word that is still open when it is nearly max_delay old is settled by a decode of its own. On 12
# digit strings 9-12 instead of 27 % errors at max_delay 2000, since such words are no longer
# settled up to 350 ms early; words over max_delay 0.5 to 1 instead of 7.5 %.
DUE_MS = 100  # so long before it is too old
DUE_TOO_MS = 350  # and with it those that would be next
# Where finals are wanted early, those that would be due at once: at max_delay 1000 17.2 instead of
# 17.6 % errors for 3 % more decoding, since words are settled 56 ms later at the most. Measured on
# 219 recordings; begun 176 ms later, so that all decodes fall elsewhere, 12.3 and not 12.7 % of the
# 210 without meetings.
DUE_TOO_HASTY_MS = 110

# When and where the head of the buffer is dropped. The model was trained on short clips and gets
# worse beyond 15 s; below 12 s the lost context costs 1 to 2 points.
LONG_MS = 12_000
KEEP_MS = 2_000
REST_MAX_MS = 9_000
REST_BEST_S = 4.8
HARD_LIMIT_MS = 25_000

# A short utterance is heard once more on its own before its words are settled, at a fixed peak and
# with silence around it: 24.2 instead of 28.1 % errors on commands of 1 to 6 words, nothing else
# changed by more than a word or two. It costs one encoding of at most 4 s, about 8 ms.
SHORT_MS = 3_000
PAD_MS = 500
PEAK = 0.5

# Settled words are forced on every later decode, and where they were misheard the model may take
# all that follows for more of the same ("nay, nay, bull, bull" for a number of nines and fours). So
# where it doubts what it hears it is asked once more without them. Measured on 200 recordings
# without crosstalk, each begun at three places: 405 instead of 416 errors at max_delay 2000, 468
# instead of 473 at 1000; one decode in 30 asks, one in 300 finds something clearer.
ASTRAY_WORDS = 2
ASTRAY_CONFIDENCE = 0.5  # mean of the open words
CLEARER_BY = 0.2
CLEARER_MAX_WORDS = (
    3  # by which the two may differ: a loop, or a voice that is dropped, is not clear
)


class Segment:
    """The buffer of one stretch of speech."""

    def __init__(
        self, model: Moonshine, *, start: int, floor_ms: int, volume_wanted: bool = False
    ) -> None:
        """Open an empty segment.

        Args:
            model: The shared model.
            start: Position of its first sample.
            floor_ms: No word of it begins before this.
            volume_wanted: Its words are to tell how loud they were.
        """
        self.start = start
        self._model = model
        self._features = FeatureCache(model)
        self._floor_ms = floor_ms
        self._volume_wanted = volume_wanted
        self._settled: tuple[int, ...] = ()
        self._last: tuple[int, ...] = ()
        self._history: deque[tuple[int, tuple[int, ...]]] = deque()
        self.oldest_open_ms: int | None = None
        """End of the first word that is not settled, as last heard; ``None``: all are."""

    @property
    def end(self) -> int:
        """Position behind its last sample."""
        return self.start + self._features.n_samples

    @property
    def floor_ms(self) -> int:
        """End of the last settled word; no later one begins before it."""
        return self._floor_ms

    def is_short(self, through: int) -> bool:
        """Tell whether the buffer up to ``through`` is heard afresh for its last words."""
        n_samples = min(through, self.end) - self.start
        return not self._settled and n_samples <= SHORT_MS * SAMPLES_PER_MS

    def append(self, samples: Samples) -> None:
        """Add audio, shape (n_samples,), that follows directly."""
        self._features.append(samples)

    def decode(
        self,
        *,
        through: int,
        last: bool = False,
        glimpse: bool = False,
        bias: Bias | None = None,
    ) -> Hypothesis:
        """Hear the buffer up to position ``through``. Runs in a worker thread; takes 10-50 ms.

        Args:
            through: Position behind the last sample to hear.
            last: All words will be settled: a short buffer is heard afresh.
            glimpse: No later decode may be another one because of this.
            bias: Changes the model's scores.
        """
        hypothesis = self._decode(through, last, glimpse, bias)
        return self._with_volumes(hypothesis) if self._volume_wanted else hypothesis

    def _decode(self, through: int, last: bool, glimpse: bool, bias: Bias | None) -> Hypothesis:
        n_samples = min(through, self.end) - self.start
        if last and self.is_short(through):
            return self._decode_short(self._features.audio[:n_samples], bias)
        cache = self._features
        features = cache.glimpse(n_samples) if glimpse else cache.features(n_samples)
        if features is None:
            return Hypothesis((), (), through // SAMPLES_PER_MS, 0.0)
        audio = self._features.audio[:n_samples]
        cross_kv = self._model.encode(features)
        decoding = self._model.decode(
            cross_kv,
            forced=self._settled,
            draft=self._last[len(self._settled) :],
            max_tokens=_max_tokens(n_samples),
            bias=bias,
        )
        hypothesis = self._hypothesis(decoding, audio)
        if glimpse or not self._is_astray(hypothesis):
            return hypothesis
        free = self._model.decode(
            cross_kv, draft=self._settled, max_tokens=_max_tokens(n_samples), bias=bias
        )
        return self._clearer(hypothesis, self._hypothesis(free, audio))

    def _is_astray(self, hypothesis: Hypothesis) -> bool:
        """Tell whether words that were settled wrongly may be leading the model astray."""
        heard = [h.word for h in hypothesis.words if h.first_token >= len(self._settled)]
        return (
            bool(self._settled)
            and len(heard) >= ASTRAY_WORDS
            and mean_confidence(heard) < ASTRAY_CONFIDENCE
        )

    def _clearer(self, bound: Hypothesis, free: Hypothesis) -> Hypothesis:
        """Choose between what was heard with the settled words forced, and without.

        Where the free one is chosen, its own beginning is the context of what follows from now on.
        What was settled stays settled: nobody is told of that beginning.
        """
        n_told = sum(middle_ms(h.word) < self._floor_ms for h in free.words)
        rest = [h.word for h in free.words[n_told:]]
        open_words = [h.word for h in bound.words if h.first_token >= len(self._settled)]
        if (
            not rest
            or abs(len(free.words) - len(bound.words)) > CLEARER_MAX_WORDS
            or mean_confidence(rest) < mean_confidence(open_words) + CLEARER_BY
        ):
            return bound
        self._settled = free.tokens[: free.words[n_told - 1].end_token] if n_told else ()
        self._last = free.tokens
        self._history.clear()
        return free

    def _decode_short(self, samples: Samples, bias: Bias | None) -> Hypothesis:
        """Hear a short utterance as the model likes it: at a fixed level, with room around it."""
        pad = np.zeros(PAD_MS * SAMPLES_PER_MS, np.float32)
        gain = PEAK / max(float(np.abs(samples).max()), 1e-4)
        padded = np.concatenate((pad, samples * np.float32(gain), pad))
        decoding = self._model.decode(
            self._model.encode_samples(padded), max_tokens=_max_tokens(padded.size), bias=bias
        )
        return self._hypothesis(decoding, padded, pad_ms=PAD_MS)

    def _hypothesis(self, decoding: Decoding, heard: Samples, *, pad_ms: int = 0) -> Hypothesis:
        """Give words their places; ``heard`` is what was decoded, with ``pad_ms`` at both ends."""
        start_ms = self.start // SAMPLES_PER_MS - pad_ms
        through_ms = start_ms + heard.size // SAMPLES_PER_MS - pad_ms
        timed = align_words(self._model.tokenizer, decoding, heard)
        return Hypothesis(
            tokens=tuple(decoding.tokens),
            words=tuple(placed(word, start_ms, through_ms) for word in timed),
            through_ms=through_ms,
            terminal_probability=decoding.terminal_probability,
        )

    def _with_volumes(self, hypothesis: Hypothesis) -> Hypothesis:
        pieces = volumes(self._features.audio)
        start_ms = self.start // SAMPLES_PER_MS

        def measured(heard: HeardWord) -> HeardWord:
            first = (heard.word.start_ms - start_ms) // PIECE_MS
            behind = max((heard.word.end_ms - start_ms) // PIECE_MS, first + 1)
            volume = round(mean_volume(pieces[max(first, 0) : behind]), 1)
            return replace(heard, word=structs.replace(heard.word, volume=volume))

        return replace(hypothesis, words=tuple(map(measured, hypothesis.words)))

    def still_open(self, hypothesis: Hypothesis) -> tuple[Word, ...]:
        """Tell the words that are not settled, settle none, and remember nothing."""
        return tuple(heard.word for heard in self._fresh(hypothesis))

    def settle(
        self,
        hypothesis: Hypothesis,
        *,
        max_delay_ms: int,
        early: bool = False,
        terms: Terms | None = None,
    ) -> tuple[tuple[Word, ...], tuple[Word, ...]]:
        """Take the words that will not change any more.

        Args:
            hypothesis: The newest.
            max_delay_ms: Longest wait between a word's end and its final.
            early: A word that is sure need not wait for agreement.
            terms: Key terms, which are settled as a whole.

        Returns:
            The newly settled words, and those that are still open.
        """
        fresh = self._fresh(hypothesis)
        now_ms = hypothesis.through_ms
        stable = self._stable(hypothesis, max_delay_ms)
        hasty = max_delay_ms <= HASTY_DELAY_MS
        guard_ms = GUARD_HASTY_MS if hasty else GUARD_MS
        due_too_ms = DUE_TOO_HASTY_MS if hasty else DUE_TOO_MS
        due_ms = now_ms - max_delay_ms + min(due_too_ms, max_delay_ms // 6)
        count = 0
        for heard in fresh:
            word = heard.word
            is_last = heard is fresh[-1]  # it may be cut in half, and its mark invented
            agreed = heard.end_token <= stable and word.end_ms < now_ms - guard_ms
            known = not is_last and (agreed or (early and _is_sure(word, now_ms)))
            if not (known or word.end_ms < due_ms):
                break
            count += 1
        return self._take(hypothesis, fresh, _border(fresh, count, terms))

    def settle_until(
        self, hypothesis: Hypothesis, until_ms: int, *, terms: Terms | None = None
    ) -> tuple[tuple[Word, ...], tuple[Word, ...]]:
        """Take every word that ends at or before ``until_ms``; returns settled and open words."""
        fresh = self._fresh(hypothesis)
        count = next((i for i, h in enumerate(fresh) if h.word.end_ms > until_ms), len(fresh))
        return self._take(hypothesis, fresh, _border(fresh, count, terms))

    def settle_all(self, hypothesis: Hypothesis) -> tuple[Word, ...]:
        """Take every word: the segment is closed."""
        fresh = self._fresh(hypothesis)
        return self._take(hypothesis, fresh, len(fresh))[0]

    def trim(self, hypothesis: Hypothesis) -> None:
        """Drop the head of a long buffer, at the best border between settled words."""
        now_ms = self.end // SAMPLES_PER_MS
        if now_ms - self.start // SAMPLES_PER_MS <= LONG_MS:
            return
        settled = [h for h in hypothesis.words if h.end_token <= len(self._settled)]
        cuts: list[tuple[float, int, int]] = []
        for before, after in pairwise(settled):
            rest_ms = now_ms - after.word.start_ms
            if KEEP_MS <= rest_ms <= REST_MAX_MS:
                middle_ms = (before.word.end_ms + after.word.start_ms) // 2
                cuts.append((_border_score(before, after, rest_ms), middle_ms, before.end_token))
        if cuts:
            _, at_ms, n_tokens = max(cuts)
            self._drop_head(at_ms, n_tokens)
        elif now_ms - self.start // SAMPLES_PER_MS > HARD_LIMIT_MS:
            # A safety net, never reached with speech: nothing was settled for 25 s.
            self._drop_head(now_ms - KEEP_MS, len(self._settled))

    def _fresh(self, hypothesis: Hypothesis) -> list[HeardWord]:
        """The words behind the settled ones, kept from reaching back into them."""
        fresh: list[HeardWord] = []
        floor_ms = self._floor_ms
        for heard in hypothesis.words:
            if heard.first_token < len(self._settled):
                continue
            word = not_before(heard.word, floor_ms)
            floor_ms = word.end_ms
            fresh.append(HeardWord(word, heard.first_token, heard.end_token))
        return fresh

    def _stable(self, hypothesis: Hypothesis, max_delay_ms: int) -> int:
        """Count the leading tokens on which all hypotheses of the last while agree."""
        span_ms = min(STABLE_MAX_MS, max(STABLE_MIN_MS, int(STABLE_SHARE * max_delay_ms)))
        horizon_ms = hypothesis.through_ms - span_ms + STABLE_SLACK_MS
        # Keep one hypothesis that is old enough, and everything younger.
        while len(self._history) > 1 and self._history[1][0] <= horizon_ms:
            self._history.popleft()
        old_enough = bool(self._history) and self._history[0][0] <= horizon_ms
        agreed = min(
            (common_prefix(hypothesis.tokens, tokens) for _, tokens in self._history), default=0
        )
        self._history.append((hypothesis.through_ms, hypothesis.tokens))
        return agreed if old_enough else 0

    def _take(
        self, hypothesis: Hypothesis, fresh: Sequence[HeardWord], count: int
    ) -> tuple[tuple[Word, ...], tuple[Word, ...]]:
        self._last = hypothesis.tokens
        self.oldest_open_ms = fresh[count].word.end_ms if count < len(fresh) else None
        if count:
            self._settled = hypothesis.tokens[: fresh[count - 1].end_token]
            self._floor_ms = fresh[count - 1].word.end_ms
        return tuple(h.word for h in fresh[:count]), tuple(h.word for h in fresh[count:])

    def _drop_head(self, at_ms: int, n_tokens: int) -> None:
        blocks = (at_ms * SAMPLES_PER_MS - self.start) // BLOCK_SAMPLES
        self._features.drop_head(blocks)
        self.start += blocks * BLOCK_SAMPLES
        dropped = self._last[:n_tokens]
        self._settled = self._settled[n_tokens:]
        self._last = self._last[n_tokens:]
        self._history = deque(
            (at, tokens[n_tokens:]) for at, tokens in self._history if tokens[:n_tokens] == dropped
        )


def _border(fresh: Sequence[HeardWord], count: int, terms: Terms | None) -> int:
    """Move the border between settled and open words out of a key term."""
    return count if terms is None else terms.border([heard.word for heard in fresh], count)


def _max_tokens(n_samples: int) -> int:
    return int(n_samples / SAMPLE_RATE_HZ * TOKENS_PER_S) + 6


def _border_score(before: HeardWord, after: HeardWord, rest_ms: int) -> float:
    """How good a place for a cut is: a long gap, a sentence's end, a rest of about 5 s."""
    gap_s = (after.word.start_ms - before.word.end_ms) / 1000
    ends_sentence = before.word.punctuation[-1:] in TERMINAL_MARKS
    return 4 * gap_s - 0.05 * abs(rest_ms / 1000 - REST_BEST_S) + 0.5 * ends_sentence


def _is_sure(word: Word, now_ms: int) -> bool:
    return any(
        word.confidence >= confidence and word.end_ms < now_ms - guard_ms
        for confidence, guard_ms in SURE
    )
