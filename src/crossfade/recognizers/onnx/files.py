"""Where the model's files are, whether they are sound, and how they get there.

No weights are in the repository. The first command that needs the model fetches and converts it
(see ``install``) into a directory that appears whole or not at all; from then on everything works
without a network. A manifest beside the files knows their sizes, checked at every start, and
their digests, checked on demand: hashing 42 MB takes longer than finding them.
"""

import fcntl
import importlib.util
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import platformdirs
from msgspec import Struct

from crossfade.errors import ModelError
from crossfade.recognizers.onnx.datawheel import DataWheel
from crossfade.recognizers.onnx.fetch import sha256_of

ENVIRONMENT = "CROSSFADE_MODEL_DIR"
"""Names the directory of the model; wins over the data wheel and the cache."""

_FORMAT = 2
"""Raised whenever the converted files change: an older cache is then left alone and not used."""
_NAME = "moonshine-tiny-en"
_PACKAGE = "crossfade_model_moonshine_tiny_en"
_MANIFEST = "manifest.json"
_FILES = ("frontend.onnx", "encoder.onnx", "decoder.onnx", "tokenizer.bin", "silero_vad_v6.onnx")
_SPEAKERS = "speakers.onnx"
"""Only in a model for which speaker labels were wanted."""
_LICENSES = Path(__file__).parent / "licenses"
_SPEAKERS_LICENSES = Path(__file__).parent / "speakers" / "licenses"

_LOCK_LIMIT_S = 1800.0
_LOCK_POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A directory with everything that the embedded recognizer loads."""

    directory: Path

    @property
    def frontend(self) -> Path:
        """The convolutions that see only nearby audio."""
        return self.directory / "frontend.onnx"

    @property
    def encoder(self) -> Path:
        """The rest of the encoder."""
        return self.directory / "encoder.onnx"

    @property
    def decoder(self) -> Path:
        """The decoder."""
        return self.directory / "decoder.onnx"

    @property
    def tokenizer(self) -> Path:
        """The vocabulary."""
        return self.directory / "tokenizer.bin"

    @property
    def vad(self) -> Path:
        """The network that tells speech from everything else."""
        return self.directory / "silero_vad_v6.onnx"

    @property
    def speakers(self) -> Path:
        """The network that tells voices apart; is there only if ``has_speakers``."""
        return self.directory / _SPEAKERS

    @property
    def has_speakers(self) -> bool:
        """Whether speakers can be told apart: see ``prepare_speakers``. Reads the manifest."""
        manifest = _read_manifest(self.directory)
        return manifest is not None and _SPEAKERS in manifest.files


class _FileRecord(Struct, frozen=True):
    bytes: int
    sha256: str


class _Manifest(Struct, frozen=True):
    format: int
    model: str
    files: dict[str, _FileRecord]


def locate(model_dir: Path | None = None) -> ModelFiles | None:
    """Find the model.

    Looks into the first of these that is there: ``model_dir``, the directory that the
    environment names, an installed data wheel, the user's cache. A directory that the user
    names is the only one looked into.

    Returns:
        ``None`` if it is nowhere yet.

    Raises:
        ModelError: If it is there but damaged.
    """
    found = (_inspect(place) for place in _places(model_dir))
    return next((files for files in found if files is not None), None)


def prepare(
    *,
    model_dir: Path | None = None,
    wheel: Path | None = None,
    report: Callable[[str, float], None] = lambda _step, _done: None,
) -> ModelFiles:
    """Find the model, or fetch, convert and check it first.

    Several processes may do this at once: one works, the others find its result. A process that
    is killed leaves nothing that could be mistaken for the model. A damaged copy is replaced.

    Args:
        model_dir: Where it is or shall be; ``None``: see ``locate``, and the user's cache.
        wheel: The model's wheel if it is on disk already.
        report: Told what is being done and how much of everything is done, 0.0 to 1.0.

    Raises:
        ModelError: If it cannot be had; the sentence says what to do.
    """
    *elsewhere, target = _places(model_dir)
    for place in elsewhere:
        if files := _inspect(place):
            return files
    if files := _sound(target):
        return files
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _lock(target):
            return _sound(target) or _build(target, wheel, report)
    except OSError as exc:
        raise ModelError(
            f"the model cannot be written to {target} ({exc.strerror}); name another directory "
            f"by --model-dir or {ENVIRONMENT}"
        ) from exc


def prepare_speakers(
    files: ModelFiles,
    *,
    wheel: Path | None = None,
    report: Callable[[str, float], None] = lambda _step, _done: None,
) -> None:
    """Make sure that a model can tell speakers apart: fetch, convert and check what it lacks.

    The rest of the model stays as it is, also while other processes use it and if this fails.

    Args:
        files: A sound model.
        wheel: The model's wheel if it is on disk; the encoder's may lie beside it.
        report: As for ``prepare``.

    Raises:
        ModelError: If it cannot be had; the sentence says what to do.
    """
    if files.has_speakers:
        return
    from crossfade.recognizers.onnx import install  # needs onnx, see _build

    try:
        with _lock(files.directory):
            if not files.has_speakers:
                install.build_speakers(files, wheel=wheel, report=report)
    except OSError as exc:
        raise ModelError(
            f"the speaker encoder cannot be written to {files.directory} ({exc.strerror})"
        ) from exc


def verify(files: ModelFiles) -> list[str]:
    """Compare every file with its digest.

    Returns:
        What is wrong, a sentence each; empty if nothing is.
    """
    manifest = _read_manifest(files.directory)
    if manifest is None:
        return [f"{_MANIFEST} is missing or damaged"]
    problems = _wrong_sizes(files.directory, manifest)
    return problems or [
        f"{name} is damaged: wrong SHA-256"
        for name, record in manifest.files.items()
        if sha256_of(files.directory / name) != record.sha256
    ]


def export_wheel(files: ModelFiles, destination: Path) -> Path:
    """Pack the model as a wheel, for images and for machines without a network.

    Args:
        files: A sound model.
        destination: A directory, or the wheel's path; its name is not free, pip reads it.

    Returns:
        The wheel's path.

    Raises:
        ModelError: If the files are damaged, or the destination has another name.
    """
    if problems := verify(files):
        raise ModelError(_sentence(files.directory, problems))
    with_speakers = files.has_speakers
    wheel = DataWheel(
        package=_PACKAGE,
        version=str(_FORMAT),
        summary="Moonshine tiny-en, converted for Crossfade, and what listens beside it",
        license="MIT AND Apache-2.0" if with_speakers else "MIT",
    )
    path = destination / wheel.filename if destination.is_dir() else destination
    if path.name != wheel.filename:
        raise ModelError(f"pip installs this wheel only by the name {wheel.filename}")
    names = [*_FILES, _MANIFEST, *([_SPEAKERS] if with_speakers else [])]
    folders = [_LICENSES, *([_SPEAKERS_LICENSES] if with_speakers else [])]
    wheel.write(
        path,
        data=[files.directory / name for name in names],
        licenses=[text for folder in folders for text in sorted(folder.glob("*.txt"))],
    )
    return path


def write_manifest(files: ModelFiles) -> None:
    """Record the files as they are now. The old record stays until the new one is complete."""
    records = {
        name: _FileRecord(path.stat().st_size, sha256_of(path))
        for name in _names(files)
        for path in [files.directory / name]
    }
    manifest = msgspec.json.encode(_Manifest(_FORMAT, _NAME, records))
    partial = files.directory.with_name(f".{files.directory.name}.{_MANIFEST}")
    partial.write_bytes(msgspec.json.format(manifest))
    partial.replace(files.directory / _MANIFEST)


def _names(files: ModelFiles) -> list[str]:
    """The model's files that are there or have to be."""
    return [*_FILES, *([_SPEAKERS] if files.speakers.is_file() else [])]


def _places(model_dir: Path | None) -> list[Path]:
    """Where the model may be, best first; the last one is where it would be put."""
    named = model_dir or os.environ.get(ENVIRONMENT)
    if named:
        return [Path(named)]
    spec = importlib.util.find_spec(_PACKAGE)
    installed = map(Path, (spec and spec.submodule_search_locations) or ())
    return [*installed, _cache() / "models" / f"{_NAME}-{_FORMAT}"]


def _cache() -> Path:
    try:
        return Path(platformdirs.user_cache_dir("crossfade"))
    except RuntimeError:  # a user of a container, whom nobody has given a home
        return Path("/var/cache/crossfade")


def _inspect(directory: Path) -> ModelFiles | None:
    """Look into one directory.

    Raises:
        ModelError: If the model is there but damaged.
    """
    manifest = _read_manifest(directory)
    if manifest is None:
        return None
    if problems := _wrong_sizes(directory, manifest):
        raise ModelError(_sentence(directory, problems))
    return ModelFiles(directory)


def _sound(directory: Path) -> ModelFiles | None:
    """Like ``_inspect``, but a damaged model is as good as none."""
    try:
        return _inspect(directory)
    except ModelError:
        return None


def _read_manifest(directory: Path) -> _Manifest | None:
    try:
        manifest = msgspec.json.decode((directory / _MANIFEST).read_bytes(), type=_Manifest)
    except (OSError, msgspec.DecodeError):
        return None
    whole = set(manifest.files) - {_SPEAKERS} == set(_FILES)
    return manifest if manifest.format == _FORMAT and whole else None


def _wrong_sizes(directory: Path, manifest: _Manifest) -> list[str]:
    problems = []
    for name, record in manifest.files.items():
        path = directory / name
        n_bytes = path.stat().st_size if path.is_file() else None
        if n_bytes is None:
            problems.append(f"{name} is missing")
        elif n_bytes != record.bytes:
            problems.append(f"{name} is damaged: {n_bytes} bytes instead of {record.bytes}")
    return problems


def _sentence(directory: Path, problems: list[str]) -> str:
    return (
        f"the model in {directory} is damaged ({'; '.join(problems)}); "
        "`crossfade models pull` puts it right"
    )


@contextmanager
def _lock(target: Path) -> Iterator[None]:
    """Keep other processes from building the same directory. Let go when the process dies."""
    with (target.parent / f".{target.name}.lock").open("w") as file:
        deadline = time.monotonic() + _LOCK_LIMIT_S
        while not _try_lock(file.fileno()):
            if time.monotonic() > deadline:
                raise ModelError(f"another process has been at work on {target} for too long")
            time.sleep(_LOCK_POLL_S)
        yield


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _build(target: Path, wheel: Path | None, report: Callable[[str, float], None]) -> ModelFiles:
    """Build beside the target, then move into place. The caller holds the lock."""
    # Imported here: it needs onnx, which takes 0.2 s to import and which nothing else needs.
    from crossfade.recognizers.onnx import install

    _refuse_strangers(target)
    prefix = f".{target.name}.new-"
    for abandoned in target.parent.glob(f"{prefix}*"):  # by processes that were killed
        shutil.rmtree(abandoned, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=prefix, dir=target.parent) as scratch:
        # One level further down, because a temporary directory is its owner's alone to read.
        new = Path(scratch) / "model"
        new.mkdir()
        install.build(ModelFiles(new), wheel=wheel, report=report)
        if target.exists():  # damaged
            target.rename(Path(scratch) / "old")
        new.rename(target)
    return ModelFiles(target)


def _refuse_strangers(target: Path) -> None:
    """Make sure that a directory that is about to be replaced holds nothing but the model.

    Raises:
        ModelError: If there is anything else in it: that is not ours to move.
    """
    found = {path.name for path in target.iterdir()} if target.exists() else set()
    if found - {*_FILES, _SPEAKERS, _MANIFEST}:
        raise ModelError(f"{target} holds other files too; name an empty directory for the model")
