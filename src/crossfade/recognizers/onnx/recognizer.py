"""The embedded recognizer: one model and one pool of threads for all streams."""

import asyncio
import os
import weakref
from dataclasses import dataclass

import numpy as np

from crossfade.audio.decoder import open_decoder
from crossfade.audio.pcm import SAMPLE_RATE_HZ
from crossfade.audio.volume import GatedDecoder
from crossfade.errors import ConfigError, ModelError, RecognizerError
from crossfade.model import SessionConfig, SpeakerLabels
from crossfade.recognizers.base import RecognizerInfo
from crossfade.recognizers.load import Load
from crossfade.recognizers.onnx.ear import Ear
from crossfade.recognizers.onnx.files import ModelFiles, locate
from crossfade.recognizers.onnx.model import Moonshine
from crossfade.recognizers.onnx.runtime import Graph
from crossfade.recognizers.onnx.scheduler import Scheduler
from crossfade.recognizers.onnx.speakers.encoder import SpeakerEncoder
from crossfade.recognizers.onnx.speakers.tracker import SpeakerTracker
from crossfade.recognizers.onnx.stream import EmbeddedStream
from crossfade.recognizers.onnx.transcriber import Transcriber
from crossfade.recognizers.onnx.vad import SpeechDetector, VadState

LANGUAGES = frozenset({"en"})


@dataclass(frozen=True, slots=True)
class _Loaded:
    """What all streams share."""

    model: Moonshine
    detector: SpeechDetector
    encoder: SpeakerEncoder | None
    """``None``: its file is not there, and speakers are not told apart."""
    scheduler: Scheduler

    @property
    def graphs(self) -> tuple[Graph, ...]:
        """All networks."""
        speakers = () if self.encoder is None else (self.encoder.graph,)
        return *self.model.graphs, self.detector.graph, *speakers


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
        self._loaded: _Loaded | None = None
        self._streams: weakref.WeakSet[EmbeddedStream] = weakref.WeakSet()

    @property
    def info(self) -> RecognizerInfo:
        """See ``Recognizer.info``."""
        return RecognizerInfo(
            name="moonshine-tiny-en",
            version="0.1.0",
            languages=LANGUAGES,
            has_keyterms=True,
            has_speaker_labels=self._loaded is not None and self._loaded.encoder is not None,
        )

    @property
    def n_threads(self) -> int:
        """Worker threads that decode."""
        return self._n_threads

    @property
    def model(self) -> Moonshine:
        """The model that all streams share, to be measured.

        Raises:
            RecognizerError: If it has not been started.
        """
        if self._loaded is None:
            raise RecognizerError("the recognizer has not been started")
        return self._loaded.model

    def load(self) -> Load | None:
        """See ``Loaded.load``."""
        if self._loaded is None:
            return None
        inbox_s = sum(stream.inbox_s for stream in self._streams)
        model_cpu_s = sum(graph.cpu_s for graph in self._loaded.graphs)
        return self._loaded.scheduler.load(inbox_s=inbox_s, model_cpu_s=model_cpu_s)

    async def start(self) -> None:
        """See ``Recognizer.start``. Takes about half a second."""
        if self._loaded is None:
            self._loaded = await asyncio.to_thread(self._load)

    def open(self, config: SessionConfig) -> EmbeddedStream:
        """See ``Recognizer.open``."""
        if self._loaded is None:
            raise RecognizerError("the recognizer has not been started")
        if config.language not in LANGUAGES:
            raise ConfigError(
                f"language {config.language!r} is not available here: this recognizer speaks "
                f"{', '.join(sorted(LANGUAGES))}",
                field="language",
            )
        loaded = self._loaded
        decoder = GatedDecoder(open_decoder(config.audio), threshold=config.volume_threshold)
        transcriber = Transcriber(
            loaded.model,
            VadState(loaded.detector),
            config,
            speakers=_tracker(loaded.encoder, config.speaker_labels),
        )
        stream = EmbeddedStream(transcriber, decoder, loaded.scheduler, config.audio)
        self._streams.add(stream)
        return stream

    async def aclose(self) -> None:
        """See ``Recognizer.aclose``."""
        if self._loaded is not None:
            scheduler, self._loaded = self._loaded.scheduler, None
            await asyncio.to_thread(scheduler.close)

    def _load(self) -> _Loaded:
        files = self._files or locate()
        if files is None:
            raise ModelError("the model is not installed; run: crossfade models pull")
        model = Moonshine(files)
        detector = SpeechDetector(files.vad)
        # onnxruntime allocates and packs at a graph's first run.
        model.warm_up()
        Ear(VadState(detector)).hear(np.zeros(SAMPLE_RATE_HZ, np.float32))
        encoder = SpeakerEncoder(files.speakers) if files.has_speakers else None
        if encoder is not None:
            encoder.warm_up()
        return _Loaded(model, detector, encoder, Scheduler(self._n_threads))


def _tracker(encoder: SpeakerEncoder | None, labels: SpeakerLabels | None) -> SpeakerTracker | None:
    if encoder is None or labels is None:
        return None
    return SpeakerTracker(
        encoder,
        max_speakers=labels.max_speakers,
        sensitivity=labels.sensitivity,
        known=labels.known,
    )
