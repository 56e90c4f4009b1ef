"""What is to go wrong, in which session, and when: as it is written, and as a session has it.

A fault is named by a behaviour (``BEHAVIOURS``), by one of our own causes (``CAUSES``: every
dialect has words for them), or by a vendor's own name for an end of a session, as its dialect
registers them (``Dialect.endings``); in sessions of other dialects the latter does not happen.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from difflib import get_close_matches
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from crossfade.dialects.base import Dialect, Goodbye, Refusal
from crossfade.errors import (
    AudioError,
    CapacityError,
    ConfigError,
    CredentialError,
    CrossfadeError,
    ExpiredError,
    ForbiddenError,
    IdleError,
    LeavingError,
    ModelError,
    PaceError,
    ProtocolError,
    RateError,
    RecognizerError,
    UpstreamError,
)

BEHAVIOURS: Mapping[str, str] = {
    "drop": "the connection is cut, without a close frame",
    "close": "a close frame with `code` (and `reason`), without an error message before it",
    "http": "the handshake is refused with `status`",
    "stall": "nothing is said any more; audio is still taken",
    "late_finals": "final words come `ms` later, and what follows them too",
    "duplicate_finals": "each message with final words is sent twice",
    "truncated_json": "the next message is cut off in the middle",
    "slow_consumer": "audio is taken at `speed` times real time only; the client is slowed down",
}

_TOLD = "the emulator was told to"

CAUSES: Mapping[str, Callable[[], CrossfadeError]] = {
    "protocol": lambda: ProtocolError(f"{_TOLD} complain"),
    "audio": lambda: AudioError(f"{_TOLD} take this for no audio"),
    "config_language": lambda: ConfigError(f"{_TOLD} know no such language", field="language"),
    "config_audio": lambda: ConfigError(f"{_TOLD} know no such audio format", field="audio"),
    "config": lambda: ConfigError(f"{_TOLD} refuse this configuration", field="keyterms"),
    "credential_missing": lambda: CredentialError("missing"),
    "credential_unknown": lambda: CredentialError("unknown"),
    "credential_expired": lambda: CredentialError("expired"),
    "forbidden": lambda: ForbiddenError("use this backend"),
    "capacity": lambda: CapacityError(slots=1),
    "rate": lambda: RateError(per_minute=1),
    "idle": lambda: IdleError(idle_s=30.0),
    "expired": lambda: ExpiredError(session_s=10_800.0),
    "pace": lambda: PaceError(audio_s=30.0, elapsed_s=10.0),
    "model": lambda: ModelError(f"{_TOLD} have no model"),
    "recognizer": lambda: RecognizerError(f"{_TOLD} fail"),
    "leaving": lambda: LeavingError("the server is shutting down"),
    "upstream_credential": lambda: UpstreamError(f"{_TOLD} fail", cause="credential"),
    "upstream_capacity": lambda: UpstreamError(f"{_TOLD} fail", cause="capacity"),
    "upstream_request": lambda: UpstreamError(f"{_TOLD} fail", cause="request"),
    "upstream_time": lambda: UpstreamError(f"{_TOLD} fail", cause="time"),
    "upstream_gone": lambda: UpstreamError(f"{_TOLD} fail", cause="gone"),
    "upstream_fault": lambda: UpstreamError(f"{_TOLD} fail", cause="fault"),
    "internal": lambda: CrossfadeError("an internal error ended the session"),
}
"""Name → the error of ours that is put into the dialect's words."""

_ENDS = frozenset({"drop", "close", "http"})

_UNSENDABLE = frozenset({1004, 1005, 1006})


class FaultError(CrossfadeError):
    """A fault that is not understood; the message says why."""


class Fault(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that goes wrong.

    Without ``at``, ``at_ms`` or ``after_words``: from the start; what is about the handshake or a
    credential, at ``connect``.
    """

    fault: str
    """Its name."""
    at: Literal["connect", "start", "end"] | None = None
    """At the handshake; instead of the first message; instead of the last."""
    at_ms: Annotated[int, Meta(ge=0)] | None = None
    """Position in the audio; in a recorded session, time since it began."""
    after_words: Annotated[int, Meta(ge=1)] | None = None
    """When so many words of the script have been spoken."""
    sessions: tuple[Annotated[int, Meta(ge=1)], ...] = ()
    """Numbers of the sessions that have it, from 1; empty: each."""
    ms: Annotated[int, Meta(ge=1)] = 2000
    speed: Annotated[float, Meta(gt=0)] = 0.5
    code: Annotated[int, Meta(ge=1000, le=4999)] = 1011
    reason: Annotated[str, Meta(max_length=123)] = ""
    status: Annotated[int, Meta(ge=400, le=599)] = 503

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        given = [each for each in (self.at, self.at_ms, self.after_words) if each is not None]
        if len(given) > 1:
            raise ValueError("a fault happens once: one of at, at_ms and after_words")
        if self.fault == "http" and (given and self.at != "connect"):
            raise ValueError("a handshake is refused at connect, not later")
        if self.fault in BEHAVIOURS and self.fault not in _ENDS and self.at is not None:
            raise ValueError(f"{self.fault} takes at_ms or after_words, not at")
        if self.code in _UNSENDABLE or 1015 <= self.code < 3000:
            raise ValueError(f"{self.code} cannot be sent in a close frame")

    @property
    def ends_session(self) -> bool:
        """It is the last thing that happens."""
        return self.fault in _ENDS or self.fault not in BEHAVIOURS

    def place(self, dialect: Dialect) -> str | None:
        """Where it happens that has no position; ``None``: it has one."""
        if self.at_ms is not None or self.after_words is not None or not self.ends_session:
            return None
        if self.at is not None:
            return self.at
        ending = self.ending(dialect)
        is_early = (
            isinstance(ending, CredentialError)
            or (isinstance(ending, CapacityError | RateError) and dialect.seated_at_handshake)
            or (isinstance(ending, Refusal) and ending.http_status is not None)
        )
        return "connect" if is_early else "start"

    def ending(self, dialect: Dialect) -> Refusal | CrossfadeError | None:
        """How it ends a session of this dialect; ``None``: without a word, or not at all."""
        match self.fault:
            case "close":
                return Refusal(frames=(), goodbye=Goodbye(code=self.code, reason=self.reason))
            case "http":
                goodbye = Goodbye(code=1011)
                return Refusal(frames=(), goodbye=goodbye, http_status=self.status)
            case name if name in CAUSES:
                return CAUSES[name]()
            case name:
                return dialect.endings.get(name)

    def happens(self, dialect: Dialect, number: int) -> bool:
        """Whether a session has it."""
        is_known = self.fault in BEHAVIOURS or self.fault in CAUSES
        return (not self.sessions or number in self.sessions) and (
            is_known or self.fault in dialect.endings
        )


def known_names(dialects: Collection[Dialect]) -> tuple[str, ...]:
    """Every name that a fault can have, once; protocols of one vendor share some of theirs."""
    own = [name for dialect in dialects for name in dialect.endings]
    return tuple(dict.fromkeys([*BEHAVIOURS, *CAUSES, *own]))


def check(faults: Sequence[Fault], dialects: Collection[Dialect]) -> None:
    """Look for names that nobody knows.

    Raises:
        FaultError: If there is one.
    """
    known = frozenset(known_names(dialects))
    for fault in faults:
        if fault.fault not in known:
            raise FaultError(no_such(fault.fault, known))


def no_such(name: str, known: Collection[str]) -> str:
    """What to say about a fault whose name nobody knows."""
    return f"there is no fault {name!r}{nearest(name, known)}; crossfade emulate --list-faults"


def nearest(name: str, known: Collection[str]) -> str:
    """A guess at what was meant, to put behind a name that nobody knows; empty: there is none."""
    found = get_close_matches(name, known, n=1)
    return f" (did you mean {found[0]!r}?)" if found else ""


def parse_fault(text: str) -> Fault:
    """Understand a fault as it is written in one line: ``NAME`` or ``NAME:KEY=VALUE,...``.

    Numbers of several sessions are joined by ``+``: ``drop:after_words=3,sessions=1+2``.

    Raises:
        FaultError: If it makes no sense.
    """
    name, _, rest = text.partition(":")
    fields: dict[str, object] = {"fault": name.strip()}
    for pair in filter(None, rest.split(",")):
        key, found, value = pair.partition("=")
        if not found:
            raise FaultError(f"{text!r}: {pair!r} is not KEY=VALUE")
        fields[key.strip()] = value.split("+") if key.strip() == "sessions" else value.strip()
    try:
        return msgspec.convert(fields, Fault, strict=False)  # "3" is a number here
    except (msgspec.ValidationError, ValueError) as error:
        unknown = re.search(r"unknown field `(.*?)`", str(error))
        hint = nearest(unknown[1], Fault.__struct_fields__) if unknown else ""
        raise FaultError(f"{text!r}: {error}{hint}") from error
