"""Words written in another way, as a client's rules say.

A rule is plain, for a whole word, or a regular expression between slashes. Those are ECMAScript's,
so its own engine runs them: QuickJS, one small interpreter a session, with limits on time, memory
and stack. What is matched comes from strangers, and so does the expression: one that takes too long
is stopped, and not used again.
"""

import json
import logging
import re
import time
from collections.abc import Iterable
from functools import lru_cache

import quickjs

from crossfade.errors import ConfigError

logger = logging.getLogger("crossfade.text")

_EXPRESSION = re.compile(r"/(?P<source>.+)/(?P<flags>[dgimsuvy]*)", re.DOTALL)

_MAX_SOURCE_CHARS = 50_000
"""All expressions of a session together: compiling is not under the time limit."""
_TIME_S = 0.02
"""One word through all expressions takes some microseconds. The clock is the process's CPU time."""
_MEMORY_BYTES = 8 * 1024 * 1024
_STACK_BYTES = 128 * 1024
"""Fits into the smallest stack of a thread, 512 KiB on macOS."""
_SHARE_S = 0.005
_SPARE_S = 0.04
"""For each new word, and once: a session whose expressions take more than that tries none any more.
Some thousands of plain ones keep within it; all of them together keep others waiting."""
_KNOWN_WORDS = 1024
"""Whose replacements are remembered: the words of a partial come again with the next."""

# Text goes in and out as JSON: the binding cuts at a NUL and fails at half of a surrogate pair.
_PROGRAM = """
const rules = [];
let at = 0;
function add(json) {
  const [source, flags, to] = JSON.parse(json);
  rules.push({from: new RegExp(source, flags), to, slow: false});
}
function apply(json) {
  const word = JSON.parse(json);
  for (at = 0; at < rules.length; at++) {
    const {from, to, slow} = rules[at];
    from.lastIndex = 0;
    if (slow || !from.test(word)) continue;
    from.lastIndex = 0;
    return JSON.stringify(word.replace(from, to));
  }
  return json;
}
function giveUp() { rules[at].slow = true; return at; }
"""


class Replacements:
    """The rules of one session. Not safe between threads.

    For each word the plain rules come first, then the expressions in their order; the first that
    matches is used and no other touches the word. An expression replaces all its matches.

    Args:
        rules: What is written, and what is to be written, in the client's order. The first is a
            word, case and all, or ``/expression/``, perhaps with flags behind it. The second is
            literal for a word; for an expression ``$1``, ``$&``, ``$<name>`` insert what matched.
        field: Where they stand in its configuration, for complaints.

    Raises:
        ConfigError: If an expression is malformed, or all together are too long.
    """

    def __init__(self, rules: Iterable[tuple[str, str]], *, field: str = "replacements") -> None:
        self._plain: dict[str, str] = {}
        expressions: list[tuple[int, re.Match[str], str]] = []
        for number, (written, to) in enumerate(rules):
            if expression := _EXPRESSION.fullmatch(written):
                expressions.append((number, expression, to))
            else:
                self._plain.setdefault(written, to)
        if sum(len(found["source"]) for _, found, _ in expressions) > _MAX_SOURCE_CHARS:
            raise ConfigError(
                f"{field}: more than {_MAX_SOURCE_CHARS} characters of regular expressions",
                field="replacements",
            )
        self._express = (
            lru_cache(_KNOWN_WORDS)(_Engine(expressions, field).apply) if expressions else None
        )

    def __bool__(self) -> bool:
        return bool(self._plain) or self._express is not None

    def apply(self, word: str) -> str:
        """Write a word as the rules say; it may become empty."""
        plain = self._plain.get(word)
        if plain is not None:
            return plain
        return word if self._express is None else self._express(word)


class _Engine:
    """The expressions, compiled, in an interpreter of their own."""

    def __init__(self, expressions: Iterable[tuple[int, re.Match[str], str]], field: str) -> None:
        context = quickjs.Context()
        context.set_memory_limit(_MEMORY_BYTES)
        context.set_max_stack_size(_STACK_BYTES)
        context.set_time_limit(_TIME_S)
        context.eval(_PROGRAM)
        self._apply = context.get("apply")
        self._give_up = context.get("giveUp")
        self._owed_s = 0.0
        add = context.get("add")
        for number, found, to in expressions:
            flags = found["flags"] if "g" in found["flags"] else found["flags"] + "g"
            try:
                add(json.dumps([found["source"], flags, to]))
            except quickjs.JSException as exc:
                raise ConfigError(
                    f"{field}[{number}].from: {_complaint(exc)}", field="replacements"
                ) from exc

    def apply(self, word: str) -> str:
        if self._owed_s > _SPARE_S:
            return word
        began_s = time.thread_time()
        try:
            written: str = json.loads(self._apply(json.dumps(word)))
        except quickjs.JSException:
            logger.warning(
                "expression %d of a session's replacements took too much time or memory;"
                " it is not used any more",
                self._give_up(),
            )
            return word
        finally:
            self._pay(time.thread_time() - began_s)
        return _whole(written)

    def _pay(self, took_s: float) -> None:
        self._owed_s = max(0.0, self._owed_s + took_s - _SHARE_S)
        if self._owed_s > _SPARE_S:
            logger.warning("a session's replacements take too much time; no expression is used")


def _complaint(error: quickjs.JSException) -> str:
    """The engine's first line, ``SyntaxError: ...``, without its stack."""
    return str(error).partition("\n")[0]


def _whole(text: str) -> str:
    """Text that can be sent: an expression may have torn a surrogate pair apart."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
