"""Hold an endpoint against the references of the protocols: run their conformance cases.

    endpoint = RemoteEndpoint(url="ws://127.0.0.1:8765", key=KEY, speech=samples)
    for dialect in spoken_at(endpoint.url, DIALECTS):
        for outcome in await examine(endpoint, plan(cases_of(dialect)).cases):
            print(outcome.case.key, outcome.state)

Knows no protocol by name: the cases are the dialects' own.
"""

import asyncio
import re
import time
from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Literal
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from crossfade.dialects.base import Dialect
from crossfade.dialects.cases import (
    KEYED,
    Case,
    Endpoint,
    HungUpError,
    TurnedAwayError,
    UnmetError,
    UntestableError,
)
from crossfade.errors import UpstreamError

State = Literal["passed", "failed", "skipped"]

_LIMIT_S = 60.0
"""Beside its audio, a case takes no longer, whatever the endpoint does."""


class Outcome(Struct, frozen=True, kw_only=True):
    """How one case went."""

    case: Case
    state: State
    expected: str | None = None
    """What the reference asks for, of a case that failed."""
    came: str | None = None
    """What was there instead."""
    why: str | None = None
    """Of a case that was skipped."""
    seconds: float = 0.0


class Plan(Struct, frozen=True, kw_only=True):
    """Which cases will run, and why the others will not."""

    cases: tuple[Case, ...]
    skipped: tuple[Outcome, ...] = ()

    @property
    def audio_s(self) -> float:
        """The most audio that they send, all together."""
        return sum(case.audio_s for case in self.cases)


def cases_of(dialect: Dialect) -> tuple[Case, ...]:
    """The conformance cases of a protocol; none if it has none."""
    return () if dialect.conformance is None else tuple(dialect.conformance())


def spoken_at(url: str, dialects: Iterable[Dialect]) -> list[Dialect]:
    """Which protocols to look for at an address.

    Those whose vendor has this host, else all, for a server of ours speaks every one of them; of
    these the one that has this path, if there is one. Only such as have cases.
    """
    everyone = list(dialects)
    parts = urlsplit(url)
    there = [dialect for dialect in everyone if parts.hostname in _hosts(dialect)] or everyone
    patterns = sorted(
        ((path, dialect) for dialect in there for path in dialect.paths),
        key=lambda pair: pair[0].count("{}"),  # who has the very path comes first
    )
    if parts.path.strip("/"):
        there = [dialect for path, dialect in patterns if _fits(path, parts.path)][:1] or there
    return [dialect for dialect in there if dialect.conformance is not None]


def plan(
    cases: Iterable[Case],
    *,
    only: Sequence[str] = (),
    skip: Sequence[str] = (),
    has_key: bool = True,
    budget_s: float = float("inf"),
) -> Plan:
    """Choose what to run.

    Args:
        cases: What there is.
        only: Patterns as in a shell, of keys or needs; without any, everything.
        skip: What of that to leave out.
        has_key: There is a key to show.
        budget_s: The most audio to send; what is over it is left out, in order.
    """
    chosen: list[Case] = []
    skipped: list[Outcome] = []
    for case in cases:
        if only and not _named(case, only):
            continue
        left_s = budget_s - sum(other.audio_s for other in chosen)
        why = _reason(case, skip, has_key=has_key, left_s=left_s)
        if why is None:
            chosen.append(case)
        else:
            skipped.append(Outcome(case=case, state="skipped", why=why))
    return Plan(cases=tuple(chosen), skipped=tuple(skipped))


async def examine(
    endpoint: Endpoint,
    cases: Iterable[Case],
    *,
    at_once: int = 1,
    tell: Callable[[Outcome], None] | None = None,
) -> list[Outcome]:
    """Run cases.

    Args:
        endpoint: Whom to look at.
        cases: What to look for.
        at_once: So many cases run side by side.
        tell: Called with each outcome when it is there.

    Returns:
        How they went, in their order.
    """
    slots = asyncio.Semaphore(at_once)

    async def one(case: Case) -> Outcome:
        async with slots:
            outcome = await run_case(endpoint, case)
        if tell is not None:
            tell(outcome)
        return outcome

    return await asyncio.gather(*map(one, cases))


async def run_case(endpoint: Endpoint, case: Case) -> Outcome:
    """Run one case, whatever the endpoint does."""
    started = time.monotonic()
    limit_s = case.audio_s + _LIMIT_S
    outcome = Outcome(case=case, state="passed")
    try:
        async with asyncio.timeout(limit_s):
            await case.run(endpoint)
    # A case may run tasks of its own, whose errors come in groups.
    except* UntestableError as group:
        outcome = Outcome(case=case, state="skipped", why=str(_first(group)))
    except* (UnmetError, HungUpError, TurnedAwayError, UpstreamError, TimeoutError) as group:
        expected, came = _judged(_first(group), limit_s)
        outcome = Outcome(
            case=case,
            state="failed",
            expected=_without_key(expected, endpoint.key),
            came=_without_key(came, endpoint.key),
        )
    return replace(outcome, seconds=time.monotonic() - started)


def _judged(error: BaseException, limit_s: float) -> tuple[str, str]:
    """What was expected and what came, of whatever ended a case."""
    match error:
        case UnmetError():
            return error.expected, error.came
        case TimeoutError():
            return f"an end within {limit_s:g} s", "none"
        case _:
            return "a session", str(error)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    inner = group.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner


def _without_key(text: str, key: str | None) -> str:
    """An endpoint may repeat what it was shown."""
    return text if not key else text.replace(key, "…")


def _hosts(dialect: Dialect) -> set[str | None]:
    urls = () if dialect.vendor is None else dialect.vendor.urls.values()
    return {urlsplit(url).hostname for url in urls}


def _fits(pattern: str, path: str) -> bool:
    """Whether a path is one of a dialect's; ``{}`` stands for any one segment."""
    return re.fullmatch(re.escape(pattern).replace(r"\{\}", "[^/]+"), path) is not None


def _named(case: Case, patterns: Sequence[str]) -> bool:
    names = (case.key, *case.needs)
    return any(fnmatchcase(name, pattern) for name in names for pattern in patterns)


def _reason(case: Case, skip: Sequence[str], *, has_key: bool, left_s: float) -> str | None:
    """Why a case is left out; ``None``: it is not."""
    if _named(case, skip):
        return "left out by --skip"
    if not has_key and case.needs & KEYED:
        return "needs a key"
    if case.audio_s > left_s:
        return f"its {case.audio_s:.0f} s of audio are over the limit"
    return None
