"""The page ``docs/mapping.md``, made from the dialects' tables.

``python -m crossfade.gateway.page > docs/mapping.md`` writes it anew.
"""

import sys
from collections.abc import Sequence

from crossfade.dialects import DIALECTS
from crossfade.dialects.base import Dialect
from crossfade.dialects.counterparts import Counterpart
from crossfade.gateway.mapping import TOPICS

_HEAD = """\
# What corresponds to what

<!-- Made from the dialects' counterparts.py by `python -m crossfade.gateway.page`. -->

What becomes of every setting and message when a client of one protocol is served by a backend that
speaks another. `GET /v1/mapping` gives the same rows as JSON.

* **kept**: the same, at both ends.
* **adapted**: the same by other means; the text says which.
* **degraded**: less than was asked for; the text says what is lost.
* **dropped**: nothing comes of it.

A column holds what becomes of the topic *on the way to* that protocol. What a client asks for goes
to the backend, so its protocol's column holds. Topics marked with ← go to the client: for those it
is the column of the client's protocol. A client of the same protocol as its backend goes through
the same model, so the same column holds for it.
"""


def page(dialects: Sequence[Dialect]) -> str:
    """Return ``docs/mapping.md``."""
    return _HEAD + "".join(_section(group, dialects) for group in _groups())


def _groups() -> list[str]:
    return list(dict.fromkeys(topic.group for topic in TOPICS))


def _section(group: str, dialects: Sequence[Dialect]) -> str:
    columns = [{c.topic: c for c in dialect.counterparts} for dialect in dialects]
    heads = " | ".join(f"{dialect.title} | to {dialect.title}" for dialect in dialects)
    lines = [
        f"\n## {group.capitalize()}\n",
        f"| | {heads} |",
        "|---" * (2 * len(dialects) + 1) + "|",
    ]
    for topic in TOPICS:
        if topic.group == group:
            cells = " | ".join(_cells(column[topic.key]) for column in columns)
            mark = " ←" if topic.is_told else ""
            lines.append(f"| {topic.title}{mark} | {cells} |")
    return "\n".join(lines) + "\n"


def _cells(counterpart: Counterpart) -> str:
    names = "none" if counterpart.name is None else f"`{counterpart.name}`"
    return f"{names} | **{counterpart.verdict}**: {counterpart.text}"


if __name__ == "__main__":
    sys.stdout.write(page(DIALECTS))
