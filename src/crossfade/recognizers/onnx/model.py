"""Moonshine tiny-en: features in, tokens with their probabilities and their places out.

Loaded once and shared by all threads; every call is independent of the others. onnxruntime
releases the GIL while it computes, and computes in the calling thread only, so as many threads
run side by side as there are cores.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from crossfade.audio.pcm import SAMPLE_RATE_HZ, Samples
from crossfade.recognizers.onnx.features import BLOCK_SAMPLES, FeatureCache, Features
from crossfade.recognizers.onnx.files import ModelFiles
from crossfade.recognizers.onnx.runtime import Graph
from crossfade.recognizers.onnx.tokens import BOS, EOS, Tokenizer

Floats = NDArray[np.float32]

MAX_AUDIO_S = 30.0
"""Longest audio of one call. Quality falls beyond 15 s; beyond 49 s onnxruntime fails."""

_N_LAYERS = 6
_CROSS_NAMES = tuple(f"c{kind}{layer}" for layer in range(_N_LAYERS) for kind in "kv")
_CACHE_NAMES = tuple(f"{kind}{layer}" for layer in range(_N_LAYERS) for kind in "kv")
_DECODER_OUTPUTS = ["logits", "xattn", *(f"present_{name}" for name in _CACHE_NAMES)]
_NO_PAST = np.zeros((1, 8, 0, 36), np.float32)
_TERMINALS = (".", "?", "!")

_UNMARKED_END_MAX = 0.95
"""Most that an end without a mark is worth, a turn confidence of 0.5: short commands are often
written without one, and so is speech that breaks off. 400 ms behind their end 19 of 25 commands
have a confidence above 0.4, where 3 had one by marks alone; of 76 pauses in mid-sentence it is 32
instead of 29. Without a limit AUC on labelled ends of turns fell from 0.92 to 0.89."""

_LOOP_MAX_TOKENS = 12
"""Longest phrase that is looked for as the body of a loop."""
_LOOP_EVERY = 8
"""A loop is looked for once in so many tokens: short sentences may repeat themselves as they
like ("no, no, no, no"), and a real loop is still there eight tokens later."""


class Bias(Protocol):
    """Moves the scores of the next token, for words that are expected."""

    def __call__(self, row: Floats, tokens: Sequence[int], /) -> Floats:
        """Give the scores to use.

        Args:
            row: Logits, shape (32768,). Must not be changed in place.
            tokens: All tokens of the hypothesis before this one.
        """


@dataclass(frozen=True, slots=True, eq=False)
class CrossKv:
    """The encoded audio, as the decoder's layers read it.

    Attributes:
        arrays: Keys and values of each layer by name, float32, shape (1, 8, n_frames, 36).
        n_frames: Encoder frames, 24 ms each.
    """

    arrays: dict[str, Floats]
    n_frames: int


@dataclass(frozen=True, slots=True, eq=False)
class Decoding:
    """What the decoder heard.

    Attributes:
        tokens: The forced ones first; no begin and end marks.
        probabilities: The model's probability of each token, given those before it; of the
            forced ones 1.0, since they are not looked up.
        attention: Float32, shape (4, n_tokens, n_frames): where each token looked in the audio,
            by the four heads that follow it best.
        terminal_probability: Probability that a sentence ends after the last word: that a full
            stop, question or exclamation mark follows, or, up to a limit, that nothing does.
        n_steps: Decoder passes it took.
        n_verified: Draft tokens that were right.
    """

    tokens: tuple[int, ...]
    probabilities: tuple[float, ...]
    attention: Floats
    terminal_probability: float
    n_steps: int
    n_verified: int


class Moonshine:
    """The three graphs and the vocabulary.

    Attributes:
        tokenizer: The model's vocabulary.
    """

    def __init__(self, files: ModelFiles) -> None:
        """Load everything; takes 0.2 s.

        Raises:
            ModelError: If a file is missing or damaged.
        """
        self.tokenizer = Tokenizer.from_file(files.tokenizer)
        self._frontend = Graph(files.frontend)
        self._encoder = Graph(files.encoder)
        self._decoder = Graph(files.decoder)
        self._terminals = [id_ for mark in _TERMINALS for id_ in self.tokenizer.ids(mark)]

    @property
    def graphs(self) -> tuple[Graph, ...]:
        """What it computes with."""
        return self._frontend, self._encoder, self._decoder

    def warm_up(self) -> None:
        """Run everything once, so that the first stream finds its memory allocated."""
        hum = np.sin(np.arange(SAMPLE_RATE_HZ, dtype=np.float32) / 20)
        self.decode(self.encode_samples(hum), max_tokens=4)

    def frontend(self, samples: Samples) -> tuple[Floats, Floats, Floats]:
        """Run the convolutions that see only nearby audio.

        Args:
            samples: At least 511, shape (n_samples,).

        Returns:
            Columns [1, 576, n2], and sums and sums of squares [n1] over the channels of each
            frame; see `crossfade.recognizers.onnx.features`.
        """
        columns, sums, squares = self._frontend.run(["A", "s1", "s2"], {"audio": samples[None]})
        return columns, sums[0], squares[0]

    def encode(self, features: Features) -> CrossKv:
        """Run the encoder over a whole buffer.

        Raises:
            ValueError: If the buffer is longer than 30 s.
        """
        if features.columns.shape[2] * BLOCK_SAMPLES > MAX_AUDIO_S * SAMPLE_RATE_HZ:
            raise ValueError(f"more than {MAX_AUDIO_S:g} s of audio in one piece")
        feeds = {
            "A": features.columns,
            "mu": np.array([features.mean], np.float32),
            "rstd": np.array([features.reciprocal_std], np.float32),
        }
        arrays = self._encoder.run(_CROSS_NAMES, feeds)
        return CrossKv(dict(zip(_CROSS_NAMES, arrays, strict=True)), arrays[0].shape[2])

    def encode_samples(self, samples: Samples) -> CrossKv:
        """Encode audio that is there at once.

        Raises:
            ValueError: If it is longer than 30 s or shorter than one frame (56 ms).
        """
        cache = FeatureCache(self)
        cache.append(samples)
        features = cache.features()
        if features is None:
            raise ValueError("too little audio for a single frame")
        return self.encode(features)

    def decode(
        self,
        cross_kv: CrossKv,
        *,
        forced: Sequence[int] = (),
        draft: Sequence[int] = (),
        max_tokens: int,
        bias: Bias | None = None,
    ) -> Decoding:
        """Write down what is in the audio, greedily.

        The forced tokens and the draft go through the decoder in one pass. As far as the draft
        is what the model would have written anyway it is taken; from there on each token costs
        a pass of its own. The result is that of plain greedy decoding except at near-ties:
        activations are quantised per tensor, so a row's numbers depend on those beside it.

        Args:
            cross_kv: The encoded audio.
            forced: Tokens that the hypothesis must begin with.
            draft: What probably follows them: the rest of the last hypothesis.
            max_tokens: Longest hypothesis, the forced tokens included.
            bias: Changes the scores of every row before anything is read from it.
        """
        run = _Run(self._decoder, cross_kv)
        first = self._behind_last_word(forced)
        rows = run.step([BOS, *forced, *draft], first=first)
        heard = _Transcript(bias, forced, rows[: len(forced) - first])
        n_verified = heard.check(rows[len(forced) - first :], draft, max_tokens)
        run.keep(1 + len(forced) + n_verified)
        while not heard.ended and len(heard.tokens) < max_tokens:
            heard.read(run.step(heard.tokens[-1:])[0])
            fresh = heard.tokens[len(forced) :]
            if len(fresh) % _LOOP_EVERY == 0 and (kept := find_loop(fresh)) is not None:
                heard.cut(len(forced) + kept)
                break
        return self._decoding(heard, run, n_verified)

    def _behind_last_word(self, tokens: Sequence[int]) -> int:
        """The place of the marks that follow the last word, or where they would be."""
        place = len(tokens)
        while place and self.tokenizer.is_punctuation(tokens[place - 1]):
            place -= 1
        return place

    def _decoding(self, heard: "_Transcript", run: "_Run", n_verified: int) -> Decoding:
        """Leave out what stands for music, and look up how the last word may end."""
        notes = self.tokenizer.notes(heard.tokens)
        kept = [place for place in range(len(heard.tokens)) if place not in notes]
        words = [i for i in kept if not self.tokenizer.is_punctuation(heard.tokens[i])]
        after_last_word = words[-1] + 1 if words else None
        return Decoding(
            tokens=tuple(heard.tokens[i] for i in kept),
            probabilities=tuple(heard.probabilities[i] for i in kept),
            attention=run.attention()[:, kept],
            terminal_probability=self._end_probability(heard, after_last_word),
            n_steps=run.n_steps,
            n_verified=n_verified,
        )

    def _end_probability(self, heard: "_Transcript", place: int | None) -> float:
        *marks, unmarked = heard.probabilities_at(place, (*self._terminals, EOS))
        marked = sum(marks)
        return max(marked, min(marked + unmarked, _UNMARKED_END_MAX))


class _Run:
    """One hypothesis in the decoder: its self-attention cache and where it has looked."""

    def __init__(self, decoder: Graph, cross_kv: CrossKv) -> None:
        self._decoder = decoder
        self._feeds: dict[str, NDArray[Any]] = dict(cross_kv.arrays)
        self._feeds |= {f"past_{name}": _NO_PAST for name in _CACHE_NAMES}
        self._looked: list[Floats] = []
        self.n_steps = 0

    def step(self, tokens: Sequence[int], *, first: int = 0) -> Floats:
        """Add tokens; gives the logits of what follows each from ``first`` on, (n, 32768)."""
        self._feeds["input_ids"] = np.array([tokens], np.int64)
        self._feeds["first"] = np.array([first], np.int64)
        logits, looked, *cache = self._decoder.run(_DECODER_OUTPUTS, self._feeds)
        for name, values in zip(_CACHE_NAMES, cache, strict=True):
            self._feeds[f"past_{name}"] = values
        self._looked.append(looked[0])
        self.n_steps += 1
        rows: Floats = logits[0]
        return rows

    def keep(self, n_tokens: int) -> None:
        """Forget all but the first tokens of the first step: later ones must not see them."""
        for name in _CACHE_NAMES:
            self._feeds[f"past_{name}"] = self._feeds[f"past_{name}"][:, :, :n_tokens]
        self._looked = [self._looked[0][:, :n_tokens]]

    def attention(self) -> Floats:
        """One row for each token that was predicted, shape (4, n_tokens, n_frames)."""
        return np.concatenate(self._looked, axis=1)


class _Transcript:
    """What was read from the rows so far: each says which token comes at its place."""

    def __init__(self, bias: Bias | None, forced: Sequence[int], rows: Floats) -> None:
        """Begin with the forced tokens; ``rows`` are those of the last few of them."""
        self._bias = bias
        self.tokens = list(forced)
        self.probabilities = [1.0] * len(forced)
        self.ended = False
        self._first = len(forced) - len(rows)
        self._rows = list(rows)

    def read(self, row: Floats) -> int:
        """Take the likeliest token."""
        if self._bias is not None:
            row = self._bias(row, self.tokens)
        self._rows.append(row)
        token = int(row.argmax())
        if token == EOS:
            self.ended = True
        else:
            self.tokens.append(token)
            self.probabilities.append(1 / float(_odds(row).sum()))
        return token

    def probabilities_at(self, place: int | None, tokens: Sequence[int]) -> list[float]:
        """How probable each of these tokens is at a place; 0 where no row was read."""
        if place is None or not self._first <= place < self._first + len(self._rows):
            return [0.0] * len(tokens)
        odds = _odds(self._rows[place - self._first])
        probabilities: list[float] = (odds[list(tokens)] / odds.sum()).tolist()
        return probabilities

    def check(self, rows: Floats, draft: Sequence[int], max_tokens: int) -> int:
        """Read one row more than the draft has right tokens; gives how many those are."""
        n_right = 0
        while len(self.tokens) < max_tokens:
            token = self.read(rows[n_right])
            if self.ended or n_right == len(draft) or token != draft[n_right]:
                break
            n_right += 1
        return n_right

    def cut(self, n_tokens: int) -> None:
        """Drop all but the first tokens."""
        del self.tokens[n_tokens:], self.probabilities[n_tokens:]
        del self._rows[n_tokens + 1 - self._first :]


def _odds(row: Floats) -> Floats:
    """Each token's probability over that of the likeliest: exp of a raw logit overflows."""
    odds: Floats = row - row.max()
    np.exp(odds, out=odds)
    return odds


def find_loop(tokens: Sequence[int]) -> int | None:
    """Find out whether the last tokens go round in a circle, as the model does when it is lost.

    Returns:
        How many tokens to keep so that one round is left, or ``None``: no loop.
    """
    for length in range(1, _LOOP_MAX_TOKENS + 1):
        n_repeated = 0
        while n_repeated + length < len(tokens) and (
            tokens[-1 - n_repeated] == tokens[-1 - n_repeated - length]
        ):
            n_repeated += 1
        rounds = 4 if length <= 2 else 3
        if n_repeated >= length * (rounds - 1):
            return len(tokens) - n_repeated
    return None
