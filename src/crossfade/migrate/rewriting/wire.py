"""What there is to say in a raw WebSocket program, in no vendor's words, and who says it how.

A ``Wire`` is one vendor's protocol as it stands in source code. To rewrite a program from one to
another, its sites are read by the one and written by the other; neither knows the other.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import libcst as cst
from msgspec import Struct

from crossfade.migrate.rewriting.program import Program

Kind = Literal["started", "partial", "final", "turn_end", "warning", "error", "ended"]
"""What a message of the server is about."""

Field = Literal[
    "id",
    "text",
    "words",
    "speaker",
    "expires_at",
    "start_s",
    "end_s",
    "audio_s",
    "session_s",
    "error_name",
    "error_text",
    "warning_text",
]
"""What a program reads from a message."""

Order = Literal["end", "force", "update", "keep_alive", "speakers", "channel"]
"""What a program tells the server, beside audio and settings."""

SettingName = Literal[
    "sample_rate",
    "encoding",
    "language",
    "model",
    "partials",
    "silence_ms",
    "keyterms",
    "speakers",
    "max_speakers",
    "medical",
    "more",
    "lost",
]


class Setting(Struct, frozen=True, kw_only=True):
    """One thing that a program wants."""

    name: SettingName
    """``more``: further ones are in the mapping that ``node`` is; ``lost``: only the vendor that it
    was read from knows it."""
    source: str
    """An expression; of ``encoding`` and ``model`` a word of ours."""
    value: object = None
    """What the expression is, where that is known."""
    node: cst.BaseExpression | None = None
    what: str = ""
    """As the program calls it."""
    topic: str = ""
    """Of the table of counterparts: ``settings.max_delay``."""
    remark: str = ""
    """The comment of the user's on the same line."""


class Element(Struct, frozen=True, kw_only=True):
    """One element of a dict of settings that is to be written."""

    path: tuple[str, ...] = ()
    """Keys of the dicts around it."""
    key: str
    """``**``: the value is a mapping to take in; empty: it is a comment."""
    value: str
    remark: str = ""


class Facts(Struct, kw_only=True):
    """What the settings of a program say, for those who rewrite the rest of it."""

    encoding: str = "pcm_s16le"
    encoding_line: cst.CSTNode | None = None
    sample_rate: str = "16000"
    sample_rate_hz: int | None = 16_000
    ends_twice: bool = False
    """The server that is written for ends a turn raw and then formatted."""
    partials: bool = True
    region: str = ""
    skips_empty: bool = False
    """Finals without words may come, which the program has not met before."""
    joins_text: bool = False
    """The program puts finals together without a separator of its own."""


class Read(Struct, frozen=True, kw_only=True):
    """How the value of a field is written, and what that needs or loses."""

    source: str
    helper: str | None = None
    """Name of a template of the wire that the program then needs."""
    imports: tuple[str, ...] = ()
    why: str | None = None
    """Set: it is less than it was, for this reason."""


Role = Literal["all", "part", "update"]
"""Everything a session begins with, some of it, or what changes while it runs."""


class Wire(Struct, frozen=True, kw_only=True):
    """One vendor's raw protocol in source code."""

    name: str
    title: str
    kind_key: str
    """The key of a message that holds its name."""
    kinds: Mapping[str, tuple[Kind, ...]]
    """What a message of each name may be."""
    final_keys: frozenset[str] = frozenset()
    """Keys that are true in what is final, where the name does not say it."""
    fields: Mapping[tuple[str, ...], Field]
    items: str
    """The helper that gives the words of a message in the form in which programs read them."""
    read: Callable[[Field, str, Facts], Read | None]
    """The expression of a field of the message that an expression holds."""
    test: Callable[[frozenset[Kind], str, str, Facts], str]
    """The condition that a message is of these kinds, from the expressions of name and message."""
    case: Callable[[frozenset[Kind], str, Facts], str]
    """The same as pattern and guard of a ``case``."""
    orders: Mapping[str, Order]
    write_order: Callable[[Order], tuple[tuple[str, str], ...] | None]
    """Keys and values of the message that says it; ``None``: it has none."""
    order_values: str | None
    """The key of an order that holds settings; ``None``: they stand beside its name."""
    region_of: Callable[[str], str | None]
    """The region of a URL of this vendor; ``None``: it is none."""
    url: Callable[[str], str]
    """Where sessions are opened in a region."""
    token_url: Callable[[str], str]
    """Where temporary tokens are given out."""
    path: str
    """Of sessions, on any server."""
    path_pattern: str
    token_path: str
    token_path_pattern: str
    retired: str
    """Pattern of addresses that were served before."""
    token_key: str
    """The query parameter that holds a temporary token."""
    token_answer: str
    """The key that holds it in the answer to who asks for one."""
    token_ttl: str
    """The key that says how long it is to be good."""
    token_ttl_s: tuple[int, int]
    token_query: Mapping[str, str]
    """The rest of the query of a request for a token."""
    token_is_posted: bool
    """The ttl is in a JSON body; otherwise in the query."""
    header: Callable[[str], str]
    """The expression of the ``Authorization`` header, from that of a key."""
    key_of: Callable[[Program, cst.BaseExpression], str | None]
    """The expression of the key, from that of the header; ``None``: it is no header of this."""
    starts_with_message: bool
    """Settings are sent as the first message; otherwise they are in the query."""
    sends_empty: bool
    """Finals without words may come."""
    paced: bool
    pieces: bool
    """Audio comes in pieces of 50 to 1000 ms."""
    encodings: frozenset[str]
    """Those of ours that it takes; others are converted or marked."""
    is_settings: Callable[[Program, cst.Dict], bool]
    read_settings: Callable[[Program, cst.Dict], list[Setting]]
    write_settings: Callable[[Sequence[Setting], "Role"], list[Element]]
    rate_path: tuple[str, ...]
    """Keys that lead to the sample rate in the settings."""
    helpers: Mapping[str, str]
    """Templates of functions that programs may need."""
