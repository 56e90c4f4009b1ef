"""The embedded recognizer: one model and one pool of threads for all streams."""

import asyncio
import os

import numpy as np

from crossfade.audio.decoder import open_decoder
from crossfade.audio.pcm import SAMPLE_RATE_HZ
from crossfade.errors import ConfigError, ModelError, RecognizerError
from crossfade.model import SessionConfig
from crossfade.recognizers.base import RecognizerInfo
from crossfade.recognizers.onnx.files import ModelFiles, locate
from crossfade.recognizers.onnx.model import Moonshine
from crossfade.recognizers.onnx.scheduler import Scheduler
from crossfade.recognizers.onnx.stream import EmbeddedStream
from crossfade.recognizers.onnx.transcriber import Transcriber
from crossfade.recognizers.onnx.vad import SpeechDetector, VadState

INFO = RecognizerInfo(name="moonshine-tiny-en", version="0.1.0", languages=frozenset({"en"}))


class EmbeddedRecognizer:
    """Moonshine tiny-en on onnxruntime, CPU only. A ``Recognizer``."""

    def __init__(self, files: ModelFiles | None = None, *, n_threads: int | None = None) -> None:
        """Remember what to load; nothing is loaded before ``start``.

        Args:
            files: The model's files; ``None``: wherever ``locate`` finds them.
            n_threads: Worker threads; ``None``: one a core. One is the right number for a core:
                onnxruntime's own threads are slower as soon as the other cores have work too.
        """
        self._files = files
        self._n_threads = n_threads or os.cpu_count() or 1
        self._loaded: tuple[Moonshine, SpeechDetector, Scheduler] | None = None

    @property
    def info(self) -> RecognizerInfo:
        """See ``Recognizer.info``."""
        return INFO

    @property
    def n_threads(self) -> int:
        """Worker threads that decode."""
        return self._n_threads

    @property
    def partial_wait_s(self) -> float:
        """Smoothed wait of partials for a thread, in seconds: above 1 the machine is full."""
        return self._loaded[2].partial_wait_s if self._loaded else 0.0

    async def start(self) -> None:
        """See ``Recognizer.start``. Takes about half a second."""
        if self._loaded is None:
            model, detector = await asyncio.to_thread(self._load)
            self._loaded = (model, detector, Scheduler(self._n_threads))

    def open(self, config: SessionConfig) -> EmbeddedStream:
        """See ``Recognizer.open``."""
        if self._loaded is None:
            raise RecognizerError("the recognizer has not been started")
        if config.language not in INFO.languages:
            raise ConfigError(
                f"language {config.language!r} is not available here: this recognizer speaks "
                f"{', '.join(sorted(INFO.languages))}",
                field="language",
            )
        model, detector, scheduler = self._loaded
        decoder = open_decoder(config.audio)
        transcriber = Transcriber(model, VadState(detector), config)
        return EmbeddedStream(transcriber, decoder, scheduler, config.audio)

    async def aclose(self) -> None:
        """See ``Recognizer.aclose``."""
        if self._loaded is not None:
            scheduler, self._loaded = self._loaded[2], None
            await asyncio.to_thread(scheduler.close)

    def _load(self) -> tuple[Moonshine, SpeechDetector]:
        files = self._files or locate()
        if files is None:
            raise ModelError("the model is not installed; run: crossfade models pull")
        model = Moonshine(files)
        detector = SpeechDetector(files.vad)
        # onnxruntime allocates and packs at a graph's first run.
        model.warm_up()
        detector.open().probabilities(np.zeros(SAMPLE_RATE_HZ, np.float32))
        return model, detector
