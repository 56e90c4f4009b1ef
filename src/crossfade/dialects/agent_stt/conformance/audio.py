"""Whatever the audio looks like, the words are the same: section 9."""

from crossfade.audio import Resampler, encode
from crossfade.dialects.agent_stt.conformance.session import (
    BYTES_PER_S,
    RAW,
    converse,
    cut,
    dial,
    listened,
    text,
)
from crossfade.dialects.cases import Case, Endpoint, expect
from crossfade.dialects.speechmatics.conformance.common import count
from crossfade.model import Encoding
from crossfade.scoring import normalize, word_errors

SPOKEN_S = 6.4
"""The first sentence of the speech."""

FORMATS = (
    (Encoding.PCM_F32LE, 16_000),
    (Encoding.PCM_S16LE, 8000),
    (Encoding.PCM_F32LE, 8000),
)
MOST_WORDS_CHANGED = 0.2
"""Another rate is another sound to a recognizer: one word in five may differ."""

N_CHUNKS = 200
CHUNK_BYTES = 321
"""Any size is possible; this one ends inside a sample."""


async def _acknowledgements(endpoint: Endpoint) -> None:
    async with dial(endpoint) as wire:
        await wire.start()
        chunk_s = CHUNK_BYTES / BYTES_PER_S if endpoint.paced else None
        await wire.play([bytes(CHUNK_BYTES)] * N_CHUNKS, chunk_s)
        await wire.finish()
        count(wire, N_CHUNKS)


async def _every_format(endpoint: Endpoint) -> None:
    samples = endpoint.speech[: int(SPOKEN_S * 16_000)]
    heard = text((await listened(endpoint, SPOKEN_S)).heard)
    for encoding, rate_hz in FORMATS:
        resampled = samples if rate_hz == 16_000 else Resampler(16_000, rate_hz).push(samples)
        audio_format = RAW | {"encoding": encoding.value, "sample_rate": rate_hz}
        chunks = cut(encode(resampled, encoding), 4096)
        wire = await converse(endpoint, chunks, SPOKEN_S, audio_format)
        rate = word_errors(normalize(heard), normalize(text(wire.heard))).rate
        expect(
            rate <= MOST_WORDS_CHANGED,
            f"the same words in {encoding.value} at {rate_hz} Hz",
            f"{rate:.0%} of the words are different",
        )


CASES = (
    Case(
        key="audio.acknowledged",
        title="N messages of any size: AudioAdded 1 to N, no more, no fewer",
        clause="9",
        run=_acknowledgements,
        audio_s=N_CHUNKS * CHUNK_BYTES / BYTES_PER_S,
    ),
    Case(
        key="audio.formats",
        title="the same words in pcm_s16le and pcm_f32le, at 8 and 16 kHz",
        clause="8.1",
        line="24.8",
        run=_every_format,
        audio_s=SPOKEN_S * (1 + len(FORMATS)),
    ),
)
