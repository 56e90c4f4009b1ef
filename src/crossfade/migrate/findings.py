"""What is found in programs, and what becomes of it."""

from collections import Counter
from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from crossfade.dialects.base import Dialect
from crossfade.dialects.counterparts import Verdict
from crossfade.dialects.programs import Age, Term
from crossfade.gateway.mapping import Row, table

Kind = Literal["setting", "message", "field", "call", "address", "credential"]
"""A field of the configuration; a kind of message; a field of one; a class, function or method; a
host or path; a header or variable that holds a secret."""

Outcome = Verdict | Literal["unknown"]
"""``unknown``: a setting that no table has; nothing will come of it, so it counts as dropped."""

LOST: frozenset[Outcome] = frozenset({"dropped", "unknown"})

_UNKNOWN = "Not known here: nothing comes of it unless you see to it."
_UNMAPPED = "No other protocol has anything like it."


class Sighting(Struct, frozen=True, kw_only=True):
    """A name of a vendor's in a text."""

    line: int
    """From 1; 0 where the text has no lines."""
    kind: Kind
    name: str
    """As the vendor spells it, with dots where it is nested. Never a value that was set."""
    term: Term | None
    """What it is about; ``None``: no table has it."""
    value: str | None = None
    """What it is set to, where that is written beside it."""

    @property
    def topic(self) -> str | None:
        """What it is about, as far as a topic of the counterparts says."""
        if self.term is None:
            return None
        return self.term.values.get(self.value or "", self.term.topic)


class Generation(Struct, frozen=True, kw_only=True):
    """An API or a library that a file uses."""

    path: str
    line: int
    title: str
    age: Age
    note: str


class Finding(Struct, frozen=True, kw_only=True):
    """A sighting, judged."""

    path: str
    line: int
    kind: Kind
    name: str
    dialect: str
    to: str
    topic: str | None
    verdict: Outcome
    becomes: str | None
    """Its name in the other protocol; ``None``: there is none."""
    text: str


class Unread(Struct, frozen=True, kw_only=True):
    """A file that could not be looked at, or not as thoroughly as others of its kind."""

    path: str
    reason: str


class Report(Struct, frozen=True, kw_only=True):
    """All that was found."""

    n_files: int
    """How many were looked at."""
    generations: tuple[Generation, ...]
    findings: tuple[Finding, ...]
    unread: tuple[Unread, ...] = ()

    @property
    def verdicts(self) -> Mapping[Outcome, int]:
        """How many findings have which verdict."""
        return Counter(finding.verdict for finding in self.findings)

    @property
    def loses(self) -> bool:
        """Whether something comes to nothing."""
        return any(finding.verdict in LOST for finding in self.findings)


class Judge:
    """Knows what becomes of one dialect's words on the way to another."""

    def __init__(self, front: Dialect, behind: Dialect) -> None:
        self._front = front
        self._behind = behind
        rows = table([front, behind])
        self._rows = {row.topic: row for row in rows if row.front == front.name}

    def finding(self, path: str, sighting: Sighting) -> Finding:
        """Say what becomes of a sighting in the file at ``path``."""
        row = self._rows.get(sighting.topic or "")
        verdict, text = _judged(sighting, row)
        return Finding(
            path=path,
            line=sighting.line,
            kind=sighting.kind,
            name=sighting.name,
            dialect=self._front.name,
            to=self._behind.name,
            topic=sighting.topic,
            verdict=verdict,
            becomes=None if row is None or verdict in LOST else row.behind_name,
            text=text,
        )


def _judged(sighting: Sighting, row: Row | None) -> tuple[Outcome, str]:
    term = sighting.term
    if term is None:
        return "unknown", _UNKNOWN
    if term.verdict is not None and (sighting.value or "") not in term.values:
        return term.verdict, term.text
    if row is None:
        return "dropped", _UNMAPPED
    return row.verdict, row.text
