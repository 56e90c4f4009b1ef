"""Edits to a text: spans of its bytes, and what to write over them. And what marks look like."""

from collections.abc import Sequence

Edit = tuple[int, int, str]
"""Bytes of the source from, to, and what to write over them."""

INDENT = "    "
MARK = "# TODO(crossfade): "
_MARK_WIDTH = 76


def mark_lines(what: str, why: str) -> str:
    """The comment that marks a place; long ones go on in further lines, which are indented."""
    words, lines = f"{what}: {why}".split(), [MARK.rstrip()]
    for word in words:
        if len(lines[-1]) + len(word) + 1 > _MARK_WIDTH:
            lines.append("#  ")
        lines[-1] += f" {word}"
    return "\n".join(lines)


def indented(text: str, by: str) -> str:
    """Every line that is not empty moved to the right."""
    return "\n".join(by + line if line else line for line in text.split("\n"))


def outermost(edits: Sequence[Edit]) -> list[Edit]:
    """Without those inside of others; insertions stand before what is replaced at their place.

    Of two that replace the same span the later one counts: it was made of the earlier.
    """
    replacing = {(start, end): text for start, end, text in edits if start != end}
    widest = sorted(
        ((*span, text) for span, text in replacing.items()), key=lambda e: (e[0], -e[1])
    )
    kept: list[Edit] = []
    for edit in widest:
        if not kept or edit[0] >= kept[-1][1]:
            kept.append(edit)
    inserted = [
        edit
        for edit in edits
        if edit[0] == edit[1] and not any(start < edit[0] < end for start, end, _ in kept)
    ]
    return sorted([*inserted, *kept], key=lambda edit: (edit[0], edit[0] != edit[1]))
