"""Moonshine's own streams: the same model as ours, in its makers' C++ program.

Left out is what the load does not ask for and what costs time there: speaker labels, and a copy of
the audio with every transcript. Its library decodes with as many threads as there are cores.
"""

from importlib import metadata
from pathlib import Path
from typing import Any

from crossfade.audio import SAMPLE_RATE_HZ, Samples
from crossfade.bench.peers.engine import MissingEngineError
from crossfade.bench.peers.wire import HeardWord

INTERVAL_S = 0.5
"""Its own default, and ours."""

_NEVER_S = 1e9
_OPTIONS = {"identify_speakers": "false", "return_audio_data": "false"}
_PACKAGE = "moonshine-voice"


class MoonshineVoice:
    """An ``Engine``."""

    interval_s = INTERVAL_S

    def __init__(self, model: Path | None) -> None:
        """Load it.

        Args:
            model: Folder of tiny-en; ``None``: the one in the package, where it has one.

        Raises:
            MissingEngineError: If the package or the model is not here.
        """
        try:
            from moonshine_voice import ModelArch, MoonshineError
            from moonshine_voice.transcriber import Transcriber
            from moonshine_voice.utils import get_assets_path
        except ImportError as exc:
            raise MissingEngineError(
                f"{_PACKAGE} is not installed: pip install 'crossfade[peers]'"
            ) from exc
        folder = model or get_assets_path() / "tiny-en"
        if not (folder / "encoder_model.ort").is_file():
            raise MissingEngineError(
                f"{folder} holds no model; version 0.1.0 has it in its package"
            )
        self._transcriber: Any = Transcriber(folder, ModelArch.TINY, options=_OPTIONS)
        self._error: type[Exception] = MoonshineError
        self.version = metadata.version(_PACKAGE)
        self.model = folder.name

    def open(self) -> "MoonshineStream":
        """See ``Engine.open``."""
        # It is updated by us, when a thread is free, and so never for audio that is old.
        stream = self._transcriber.create_stream(update_interval=_NEVER_S)
        return MoonshineStream(stream, error=self._error)


class MoonshineStream:
    """An ``EngineStream``. Lines that are complete are settled, the last one is open."""

    def __init__(self, stream: Any, *, error: type[Exception]) -> None:
        """Begin; ``error`` is what its library raises."""
        self._stream = stream
        self._error = error
        self._complete: set[int] = set()
        self._open: tuple[HeardWord, ...] = ()
        stream.start()

    def hear(
        self, samples: Samples, *, last: bool
    ) -> tuple[tuple[HeardWord, ...], tuple[HeardWord, ...]]:
        """See ``EngineStream.hear``."""
        if samples.size:
            self._stream.add_audio(samples.tolist(), SAMPLE_RATE_HZ)
        transcript = self._transcript(last=last)
        if transcript is None:
            settled_now = self._open if last else ()
            return settled_now, () if last else self._open
        settled: list[HeardWord] = []
        still_open: list[HeardWord] = []
        for line in transcript.lines:
            if line.line_id in self._complete:
                continue
            if line.is_complete or last:
                self._complete.add(line.line_id)
                settled += _words(line)
            else:
                still_open += _words(line)
        self._open = tuple(still_open)
        return tuple(settled), self._open

    def _transcript(self, *, last: bool) -> Any | None:
        """Ask for all lines; ``None``: it failed, what was said before still stands.

        Version 0.1.0 fails where a line has begun and has no audio yet, mostly in the last call.
        """
        if last:
            return self._stream.stop()  # gives None itself when it fails
        try:
            return self._stream.update_transcription()
        except self._error:
            return None

    def close(self) -> None:
        """See ``EngineStream.close``."""
        self._stream.close()


def _words(line: Any) -> list[HeardWord]:
    """Spread a line's words over its time: this model tells no times of words."""
    texts = line.text.split()
    step_s = line.duration / max(len(texts), 1)
    return [
        HeardWord(text, line.start_time + n * step_s, line.start_time + (n + 1) * step_s)
        for n, text in enumerate(texts)
    ]
