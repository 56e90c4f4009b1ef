"""Files → a report: every file is read once for each vendor whose programs are known."""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

from crossfade.dialects.base import Dialect
from crossfade.dialects.programs import Programs
from crossfade.errors import CrossfadeError
from crossfade.migrate.findings import (
    Finding,
    Generation,
    Judge,
    Report,
    Sighting,
    Unread,
)
from crossfade.migrate.reading import lines
from crossfade.migrate.reading.evidence import Use, may_use
from crossfade.migrate.walking import MAX_FILE_BYTES, files

_PYTHON = frozenset({".py", ".pyw"})


class MissingReaderError(CrossfadeError):
    """Python programs are read with a package that is not installed."""

    def __init__(self) -> None:
        super().__init__("reading Python programs needs libcst: pip install 'crossfade[migrate]'")


def check(
    paths: Sequence[Path], dialects: Sequence[Dialect], *, to: Dialect | None = None
) -> Report:
    """Read programs and configurations, and say what becomes of all that they use of a vendor.

    Args:
        paths: Files, and folders with files in them.
        dialects: Those that programs may speak, and may be led to.
        to: Where they are to be led; programs that speak it already are left out. ``None``: away
            from what they speak, to the first other dialect.

    Raises:
        MissingReaderError: If there is a Python program among them, and no ``libcst``.
        OSError: If a path that was named cannot be read.
    """
    pairs = list(_pairs(dialects, to))
    generations: list[Generation] = []
    findings: list[Finding] = []
    unread: list[Unread] = []
    n_files = 0
    for path in files(paths):
        n_files += 1
        text = _text(path)
        if isinstance(text, Unread):
            unread.append(text)
            continue
        reading = _Reading(path, text)
        for front, programs, behind in pairs:
            uses, sightings = reading.of(programs)
            generations += _generations(str(path), uses)
            judge = Judge(front, behind)
            findings += [judge.finding(str(path), sighting) for sighting in _once(sightings)]
        unread += reading.problems
    return Report(
        n_files=n_files,
        generations=tuple(generations),
        findings=tuple(findings),
        unread=tuple(unread),
    )


def reads_python() -> bool:
    """Whether what Python programs are read with is installed."""
    return find_spec("libcst") is not None


def readable(dialects: Sequence[Dialect]) -> list[Dialect]:
    """The dialects whose programs are known: what is in them can be told."""
    return [dialect for dialect in led_to(dialects) if dialect.programs]


def led_to(dialects: Sequence[Dialect]) -> list[Dialect]:
    """The dialects that programs can be led to: the mapping knows what becomes of each setting."""
    return [dialect for dialect in dialects if dialect.counterparts]


def _pairs(
    dialects: Sequence[Dialect], to: Dialect | None
) -> Iterator[tuple[Dialect, Programs, Dialect]]:
    known = readable(dialects)
    for front in known:
        others = [other for other in known if other is not front]
        behind = to or (others[0] if others else None)
        if front.programs is not None and behind is not None and behind is not front:
            yield front, front.programs(), behind


_Reader = Callable[[Programs], tuple[list[Use], list[Sighting]]]


class _Reading:
    """One file, read by each table of programs in turn; taken apart only if it may be worth it."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._text = text
        self.problems: list[Unread] = []

    def of(self, programs: Programs) -> tuple[list[Use], list[Sighting]]:
        """Tell what it uses of one vendor."""
        return self._read(programs) if may_use(programs, self._text) else ([], [])

    @cached_property
    def _read(self) -> _Reader:
        if self._path.suffix not in _PYTHON:
            return self._by_lines
        if not reads_python():
            raise MissingReaderError
        from crossfade.migrate.reading import python, source

        try:
            parsed = source.Source(self._text)
        except source.UnreadableError as error:
            reason = f"{error}; read line by line"
            self.problems.append(Unread(path=str(self._path), reason=reason))
            return self._by_lines
        return lambda programs: python.read(parsed, programs)

    def _by_lines(self, programs: Programs) -> tuple[list[Use], list[Sighting]]:
        return lines.read(self._text, self._path.name, programs)


def _text(path: Path) -> str | Unread:
    if path.stat().st_size > MAX_FILE_BYTES:
        return Unread(path=str(path), reason=f"longer than {MAX_FILE_BYTES} bytes")
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        return Unread(path=str(path), reason="not UTF-8")


def _generations(path: str, uses: Sequence[Use]) -> Iterator[Generation]:
    for use in uses:
        what = use.what
        yield Generation(path=path, line=use.line, title=what.title, age=what.age, note=what.note)


def _once(sightings: Sequence[Sighting]) -> Iterator[Sighting]:
    """In the order of the lines; the same thing on one line is told once."""
    told: set[tuple[int, str, str]] = set()
    for sighting in sorted(sightings, key=lambda item: item.line):
        mark = (sighting.line, sighting.kind, sighting.name)
        if mark not in told:
            told.add(mark)
            yield sighting
