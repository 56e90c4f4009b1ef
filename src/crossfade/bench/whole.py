"""The embedded model on whole utterances: how good it is when nothing has to be early."""

import numpy as np

from crossfade.audio import SAMPLE_RATE_HZ, Samples
from crossfade.recognizers.onnx.files import ModelFiles
from crossfade.recognizers.onnx.model import Moonshine
from crossfade.recognizers.onnx.segment import TOKENS_PER_S

LONGEST_S, SHORTEST_S = 15.0, 8.0
"""What is longer than the first is cut, behind the second, where it is quietest: the model was
trained on short clips and gets worse beyond 15 s."""

_FRAME_SAMPLES = SAMPLE_RATE_HZ // 50
_QUIET_FRAMES = 10  # 0.2 s


class WholeUtterances:
    """Decodes each utterance once, with all of its audio."""

    def __init__(self, files: ModelFiles) -> None:
        """Load the model.

        Raises:
            ModelError: If a file is missing or damaged.
        """
        self._model = Moonshine(files)

    def transcribe(self, samples: Samples) -> str:
        """Write down what is said. Blocks; takes 1-2 % of the audio's length.

        Args:
            samples: Mono float32, shape (n_samples,), 16 kHz.
        """
        return " ".join(self._decode(piece) for piece in cut(samples))

    def _decode(self, samples: Samples) -> str:
        decoding = self._model.decode(
            self._model.encode_samples(samples),
            max_tokens=int(samples.size / SAMPLE_RATE_HZ * TOKENS_PER_S) + 6,
        )
        return self._model.tokenizer.text(decoding.tokens)


def cut(samples: Samples) -> list[Samples]:
    """Cut long audio where it is quietest; every piece is at most ``LONGEST_S`` long."""
    pieces: list[Samples] = []
    longest, shortest = int(LONGEST_S * SAMPLE_RATE_HZ), int(SHORTEST_S * SAMPLE_RATE_HZ)
    while samples.size > longest:
        at = shortest + _quietest(samples[shortest:longest])
        pieces.append(samples[:at])
        samples = samples[at:]
    return [*pieces, samples] if samples.size >= _FRAME_SAMPLES * _QUIET_FRAMES else pieces


def _quietest(samples: Samples) -> int:
    """Find the middle of the quietest 0.2 s."""
    n_frames = samples.size // _FRAME_SAMPLES
    frames = samples[: n_frames * _FRAME_SAMPLES].reshape(n_frames, _FRAME_SAMPLES)
    energy = np.convolve((frames**2).sum(axis=1), np.ones(_QUIET_FRAMES), mode="valid")
    return (int(energy.argmin()) + _QUIET_FRAMES // 2) * _FRAME_SAMPLES
