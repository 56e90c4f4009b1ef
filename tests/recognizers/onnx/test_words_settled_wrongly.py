"""Words that were misheard and settled are not to spoil what follows them."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from msgspec import structs

from corpus import CARRIED, load
from crossfade.model import Word
from crossfade.recognizers.onnx.hypothesis import HeardWord
from crossfade.recognizers.onnx.model import Decoding, Moonshine
from crossfade.recognizers.onnx.segment import SAMPLES_PER_MS, Segment

pytestmark = pytest.mark.model

SETTLED_MS = 2500
MISHEARD = "in my house and never"


class Doubting(Moonshine):
    """The model, sure of nothing that follows words it was made to begin with."""

    confidence_led = 0.2
    confidence_free = 0.9

    def __init__(self, moonshine: Moonshine) -> None:
        vars(self).update(vars(moonshine))
        self.n_free = 0

    def decode(self, *args, forced: Sequence[int] = (), **kwargs) -> Decoding:
        decoding = super().decode(*args, forced=forced, **kwargs)
        self.n_free += not forced
        confidence = self.confidence_led if forced else self.confidence_free
        return replace(decoding, probabilities=(confidence,) * len(decoding.tokens))


@pytest.fixture
def model(moonshine) -> Doubting:
    return Doubting(moonshine)


@pytest.fixture
def segment(model) -> Segment:
    """Seconds of a sentence of which the beginning was misheard, and settled."""
    sentence = next(each for each in load(CARRIED) if each.duration_s > 6)
    samples = sentence.samples()
    segment = Segment(model, start=0, floor_ms=0)
    segment.append(samples[: 3000 * SAMPLES_PER_MS])
    heard = segment.decode(through=segment.end)
    misheard = tuple(model.tokenizer.ids(f" {word}")[0] for word in MISHEARD.split())
    word = structs.replace(heard.words[0].word, text=MISHEARD, start_ms=0, end_ms=SETTLED_MS)
    segment.settle_until(
        replace(heard, tokens=misheard, words=(HeardWord(word, 0, len(misheard)),)), SETTLED_MS
    )
    segment.append(samples[3000 * SAMPLES_PER_MS : 6000 * SAMPLES_PER_MS])
    model.n_free = 0
    return segment


def texts(words: Sequence[Word]) -> list[str]:
    return [word.text for word in words]


def test_where_the_model_doubts_what_follows_it_is_heard_without_them(model, segment):
    alone = Segment(model, start=0, floor_ms=0)
    alone.append(segment._features.audio)
    unspoilt = alone.decode(through=alone.end).words
    free = segment.decode(through=segment.end)
    expected = [h.word.text for h in unspoilt if (h.word.start_ms + h.word.end_ms) / 2 > SETTLED_MS]
    assert texts(segment.still_open(free)) == expected
    assert expected


def test_every_word_is_settled_once_all_the_same(model, segment):
    heard = segment.decode(through=segment.end)
    opened = texts(segment.still_open(heard))
    settled, still_open = segment.settle(heard, max_delay_ms=700)
    assert settled
    again = segment.decode(through=segment.end)
    assert texts(settled) + texts(segment.settle_all(again)) == opened
    assert texts(still_open) == opened[len(settled) :]


def test_what_was_heard_without_them_is_what_later_decodes_begin_with(model, segment):
    segment.decode(through=segment.end)
    model.confidence_led = 0.9
    model.n_free = 0
    segment.decode(through=segment.end)
    assert model.n_free == 0
    assert MISHEARD not in model.tokenizer.text(segment.decode(through=segment.end).tokens)


@pytest.mark.parametrize("by", [0.0, 0.1])
def test_what_is_hardly_clearer_changes_nothing(model, segment, by):
    model.confidence_free = model.confidence_led + by
    bound = segment.decode(through=segment.end)
    assert model.n_free == 1
    assert model.tokenizer.text(bound.tokens).startswith(MISHEARD)


def test_a_glimpse_asks_no_second_time(model, segment):
    segment.decode(through=segment.end, glimpse=True)
    assert model.n_free == 0


def test_a_model_that_is_sure_is_not_asked_again(model, segment):
    model.confidence_led = 0.6
    segment.decode(through=segment.end)
    assert model.n_free == 0
