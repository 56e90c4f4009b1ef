"""What is played: recordings, each with what was said in it, where anybody knows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from crossfade.bench.recordings import MaterialError, Recording

_TEXT_SUFFIX = ".txt"


@dataclass(frozen=True)
class Clip:
    """One recording."""

    recording: Recording
    has_reference: bool
    """Somebody wrote down what is said in it; an empty text then means that nothing is."""

    @property
    def stamp(self) -> str:
        """Changes when the file does; empty while there is none."""
        try:
            found = self.recording.path.stat()
        except OSError:
            return ""
        return f"{found.st_size}-{found.st_mtime_ns}"

    def fresh(self) -> Recording:
        """The recording without the samples that it may have kept: one at a time is enough."""
        return msgspec.structs.replace(self.recording)


def listed(recordings: Sequence[Recording]) -> list[Clip]:
    """Take what a manifest lists."""
    return [Clip(recording, has_reference=True) for recording in recordings]


def from_files(paths: Sequence[Path], references: Path | None, *, language: str) -> list[Clip]:
    """Take audio files and their references.

    Args:
        paths: Any media.
        references: A text file, if there is one recording; else a folder with a text of the
            same name for each recording that has one.
        language: What is spoken in them.

    Raises:
        MaterialError: If a reference cannot be read, or is for nobody.
    """
    texts = {} if references is None else _texts(paths, references)
    names = _names(paths)
    return [_clip(path, names[path], texts.get(path), language) for path in paths]


def _clip(path: Path, name: str, text: str | None, language: str) -> Clip:
    recording = Recording(
        id=name,
        file=path.name,
        category="",
        language=language,
        duration_s=0.0,
        text=text or "",
        folder=path.parent,
    )
    return Clip(recording, has_reference=text is not None)


def _names(paths: Iterable[Path]) -> Mapping[Path, str]:
    """File names; where two are alike, with their folders."""
    seen: dict[str, list[Path]] = {}
    for path in paths:
        seen.setdefault(path.name, []).append(path)
    return {
        path: name if len(alike) == 1 else str(path)
        for name, alike in seen.items()
        for path in alike
    }


def _texts(paths: Sequence[Path], references: Path) -> dict[Path, str]:
    if references.is_dir():
        places = {path: references / f"{path.stem}{_TEXT_SUFFIX}" for path in paths}
        found = {path: _read(place) for path, place in places.items() if place.is_file()}
        if not found:
            raise MaterialError(f"{references} has no NAME{_TEXT_SUFFIX} for any recording")
        return found
    if len(paths) > 1:
        raise MaterialError(
            f"{references} is one text; several recordings need a folder with a text for each"
        )
    return {paths[0]: _read(references)}


def _read(path: Path) -> str:
    try:
        return " ".join(path.read_text(encoding="utf-8-sig").split())
    except OSError as error:
        raise MaterialError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise MaterialError(f"{path} is not text in UTF-8") from error
