"""Drive a transcriber as if decoding took no time, and read what it said."""

from collections.abc import Iterable, Sequence

import numpy as np

from crossfade.audio import Samples
from crossfade.model import Final, Partial, SessionConfig, StreamEvent, Word
from crossfade.recognizers.onnx.transcriber import Transcriber


def advance(transcriber: Transcriber, *, has_room: bool = False) -> list[StreamEvent]:
    """Run along the audio that was heard; every decode is done the moment it is due."""
    while True:
        transcriber.step(has_room=has_room)
        if transcriber.wanted is None:
            return transcriber.take_events()
        job = transcriber.take_job()
        transcriber.apply(job, job.run())


def transcribe(
    transcriber: Transcriber, chunks: Iterable[Samples], *, has_room: bool = False
) -> list[StreamEvent]:
    """Everything that is said about audio that comes in these chunks and then ends."""
    events: list[StreamEvent] = []
    for chunk in chunks:
        transcriber.hear(chunk)
        events += advance(transcriber, has_room=has_room)
    transcriber.finish()
    events += advance(transcriber)
    assert transcriber.done
    return events


def in_chunks(samples: Samples, n_samples: int) -> Sequence[Samples]:
    return [samples[i : i + n_samples] for i in range(0, samples.size, n_samples)]


def final_words(events: Iterable[StreamEvent]) -> list[Word]:
    return [word for event in events if isinstance(event, Final) for word in event.words]


def text_of(events: Iterable[StreamEvent]) -> str:
    return " ".join(word.text + word.punctuation for word in final_words(events))


def silence(seconds: float) -> Samples:
    """What a quiet room sounds like: noise 80 dB below full scale."""
    noise = np.random.default_rng(0).standard_normal(int(seconds * 16_000))
    return (noise * 1e-4).astype(np.float32)


def check_order(events: Sequence[StreamEvent], config: SessionConfig) -> None:
    """Hold a stream's events against the rules of ``crossfade.model.events``."""
    settled_ms = 0
    through_ms = 0
    for event, following in zip(events, [*events[1:], None], strict=True):
        if isinstance(event, Final):
            assert isinstance(following, Partial), "a final is followed at once by a partial"
            assert event.through_ms >= settled_ms, "what is settled stays settled"
            for word in event.words:
                assert word.start_ms >= settled_ms, "no word begins before what is settled"
                assert word.end_ms > word.start_ms
                settled_ms = word.end_ms
            assert event.through_ms >= settled_ms
            settled_ms = event.through_ms
        elif isinstance(event, Partial):
            assert event.through_ms >= through_ms, "partials look further and further"
            through_ms = event.through_ms
            start_ms = settled_ms
            for word in event.words:
                assert word.start_ms >= start_ms, "an open word begins behind the settled ones"
                start_ms = word.end_ms
