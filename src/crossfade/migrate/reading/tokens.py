"""JavaScript, TypeScript and JSON as tokens, and the objects that are written in them.

No parser of these languages: strings, names and braces are enough to know what belongs together.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from msgspec import Struct

from crossfade.migrate.reading.objects import Entry, Object

_TOKEN = re.compile(
    r"""
    (?P<comment>//[^\n]*|/\*.*?\*/)
  | (?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)
  | (?P<name>[A-Za-z_$][\w$]*)
  | (?P<number>-?\d[\w.]*)
  | (?P<mark>[=!]==?|=>|[^\s\w])
    """,
    re.VERBOSE | re.DOTALL,
)
_HOLE = re.compile(r"\$\{[^}]*\}")
_LITERAL_NAMES = frozenset({"true", "false"})
_PAIRS = {"}": "{", "]": "[", ")": "("}


class Token(Struct, frozen=True):
    """One token; comments are none."""

    kind: str
    """``string``, ``name``, ``number`` or ``mark``."""
    text: str
    """Of a string without its quotes, with ``{}`` for what is put into it."""
    line: int


@dataclass
class _Frame:
    opened: str
    entries: list[Entry] = field(default_factory=list)
    key: Token | None = None
    value: str | None = None
    objects: list[Object] = field(default_factory=list)

    def close_entry(self) -> None:
        """What was said of the last name is complete."""
        if self.key is not None:
            entry = Entry(
                name=self.key.text,
                line=self.key.line,
                value=self.value,
                objects=tuple(self.objects),
            )
            self.entries.append(entry)
        self.key, self.value, self.objects = None, None, []


def tokens(text: str) -> list[Token]:
    """Cut a text into tokens; never fails."""
    found = []
    line, at = 1, 0
    for match in _TOKEN.finditer(text):
        line += text.count("\n", at, match.start())
        at = match.start()
        kind = match.lastgroup or "mark"
        if kind == "string":
            found.append(Token(kind, _HOLE.sub("{}", match[0][1:-1]), line))
        elif kind != "comment":
            found.append(Token(kind, match[0], line))
    return found


def objects(cut: Sequence[Token]) -> Iterator[Object]:
    """Every object that is not a part of another one's value."""
    frames = [_Frame("")]
    for n, token in enumerate(cut):
        before = cut[n - 1].text if n else ""
        after = cut[n + 1].text if n + 1 < len(cut) else ""
        frame = frames[-1]
        if token.kind == "mark" and token.text in "{[(":
            frames.append(_Frame(token.text))
        elif token.kind == "mark" and token.text in _PAIRS:
            yield from _close(frames, token.text)
        elif token.kind == "mark" and token.text in ",;" and frame.opened == "{":
            frame.close_entry()
        elif frame.opened == "{" and token.kind in {"string", "name"} and before in {"{", ","}:
            if after in {":", ",", "}"}:
                frame.close_entry()
                frame.key = token
        elif frame.key is not None and before == ":" and after in {",", "}"}:
            frame.value = _value(token)


def _close(frames: list[_Frame], mark: str) -> Iterator[Object]:
    if len(frames) == 1 or frames[-1].opened != _PAIRS[mark]:
        return  # not what it seemed to be: a brace in a regular expression, say
    frame = frames.pop()
    if frame.opened != "{":
        # What stands in a list or in parentheses belongs to the name before them.
        if frame.objects and frames[-1].key is None and frames[-1].opened != "(":
            yield from frame.objects
        else:
            yield from _hand_up(frames, frame.objects)
        return
    frame.close_entry()
    if frame.entries:
        yield from _hand_up(frames, [Object(entries=tuple(frame.entries))])


def _hand_up(frames: list[_Frame], made: list[Object]) -> Iterator[Object]:
    above = frames[-1]
    if above.key is not None or above.opened in {"[", "("}:
        above.objects += made
    else:
        yield from made


def _value(token: Token) -> str | None:
    if token.kind == "name" and token.text not in _LITERAL_NAMES:
        return None
    return None if "{}" in token.text else token.text
