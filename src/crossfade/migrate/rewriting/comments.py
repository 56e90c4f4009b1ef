"""Comments of the user's, which outlive the code that they stood beside."""

import io
import re
import tokenize
from collections.abc import Iterator

from crossfade.migrate.rewriting.edits import MARK
from crossfade.migrate.rewriting.program import Program

_FOR_TOOLS = re.compile(r"#\s*(noqa|type:|pylint:|pragma:|fmt:|ruff:|isort:|mypy:)")
"""They are about a line that is not there any more."""


def edited(program: Program) -> str:
    """The source with all edits made; comments that these would lose stand before them."""
    text = program.edited()
    lost = {
        said: program.source.count(said) - text.count(said) for _, said in _comments(program.source)
    }
    found = False
    for at, said in _comments(program.source):
        if lost[said] > 0 and not _FOR_TOOLS.match(said) and not said.startswith(MARK):
            lost[said] -= 1
            found |= program.insert_above(at, said)
    return program.edited() if found else text


def _comments(source: str) -> Iterator[tuple[int, str]]:
    """Where each begins, in bytes, and its text."""
    starts = [0]
    for line in source.split("\n"):
        starts.append(starts[-1] + len(line.encode()) + 1)
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT:
                row, column = token.start
                yield starts[row - 1] + len(token.line[:column].encode()), token.string.rstrip()
    except (tokenize.TokenError, SyntaxError):
        return  # a newer Python's text than this one's: its comments are where they were
