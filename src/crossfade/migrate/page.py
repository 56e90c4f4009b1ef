"""The tables in ``docs/migrate.md``, made from the dialects' tables of programs.

``python -m crossfade.migrate.page docs/migrate.md`` writes them anew, between their marks.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from crossfade.dialects import DIALECTS
from crossfade.dialects.base import Dialect
from crossfade.dialects.programs import Term
from crossfade.migrate.checking import readable
from crossfade.migrate.findings import Finding, Judge, Kind, Sighting

BEGIN = "<!-- tables: python -m crossfade.migrate.page docs/migrate.md -->\n"
END = "<!-- end of tables -->\n"


def tables(dialects: Sequence[Dialect]) -> str:
    """Every setting and message of each protocol, and what becomes of it in the other."""
    known = readable(dialects)
    return "".join(
        "\n".join(_section(front, behind))
        for front in known
        for behind in known
        if front is not behind
    )


def with_tables(page: str, dialects: Sequence[Dialect]) -> str:
    """The page with its tables written anew."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + tables(dialects) + END + after


def _section(front: Dialect, behind: Dialect) -> Iterator[str]:
    if front.programs is None:
        return
    api, judge = front.programs().apis[0], Judge(front, behind)
    yield f"\n### From {front.title} to {behind.title}\n"
    kinds: tuple[tuple[str, Kind, Mapping[str, Term]], ...] = (
        ("setting", "setting", api.settings),
        ("message", "message", api.messages),
    )
    for heading, kind, terms in kinds:
        yield f"| {heading} | verdict | there | how |\n|---|---|---|---|"
        for sighting in _sightings(kind, terms):
            yield _row(sighting, judge.finding("", sighting))
        yield ""


def _sightings(kind: Kind, terms: Mapping[str, Term]) -> Iterator[Sighting]:
    """One for each name, and one for each value that is about something else."""
    for name, term in terms.items():
        yield Sighting(line=0, kind=kind, name=name, term=term)
        told: set[str] = set()
        for value, topic in term.values.items():
            if topic not in told:
                told.add(topic)
                yield Sighting(line=0, kind=kind, name=name, term=term, value=value)


def _row(sighting: Sighting, finding: Finding) -> str:
    value = f": {sighting.value}" if sighting.value else ""
    there = f"`{finding.becomes}`" if finding.becomes else ""
    return f"| `{finding.name}{value}` | **{finding.verdict}** | {there} | {finding.text} |"


def _main(path: Path) -> None:
    page = path.read_text(encoding="utf-8")
    path.write_text(with_tables(page, DIALECTS), encoding="utf-8")


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
