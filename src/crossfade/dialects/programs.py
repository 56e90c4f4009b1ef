"""How programs that use a vendor can be told, and what the names in them mean: for ``migrate``."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from crossfade.dialects.counterparts import Verdict


class Term(Struct, frozen=True, kw_only=True):
    """A name that programs use, and what it is about: a topic of the counterparts, or a verdict."""

    topic: str | None = None
    verdict: Verdict | None = None
    """What becomes of it anywhere else; ``None``: what the counterparts of its topic say."""
    text: str = ""
    """With a verdict of its own: how it is adapted, or what is lost; one sentence."""
    values: Mapping[str, str] = {}
    """Topics of single values, where these are about something else: ``{"0": "settings.x"}``."""


Age = Literal["current", "superseded", "retired"]
"""Recommended by its vendor; it works, but there is a newer one; its servers are switched off."""


class Api(Struct, frozen=True, kw_only=True):
    """One generation of a vendor's protocol, in the words of programs on a bare socket."""

    title: str
    age: Age = "current"
    note: str = ""
    """What its users should know; one sentence."""
    urls: Mapping[str, str]
    """Regular expressions that find its addresses in a text, with the topics of these."""
    kind_field: str
    """The field of a message that says which one it is."""
    settings: Mapping[str, Term]
    """Fields of its configuration, nested ones with dots: ``transcription.language``. What stands
    only in front of a dot is an object and no setting of its own."""
    messages: Mapping[str, Term]
    fields: Mapping[str, Term] = {}
    """Fields of messages in both directions, that are no settings."""


class Sdk(Struct, frozen=True, kw_only=True):
    """One generation of a vendor's client libraries."""

    title: str
    age: Age = "current"
    note: str = ""
    api: str
    """The title of the protocol that it speaks."""
    language: Literal["python", "javascript"] = "python"
    modules: tuple[str, ...]
    """As programs import them; what is below them counts too."""
    names: Mapping[str, Term]
    """Classes and functions that programs import."""
    clients: frozenset[str] = frozenset()
    """Classes whose instances have the methods."""
    methods: Mapping[str, Term] = {}
    configs: Mapping[str, str] = {}
    """Classes that hold settings: where those stand among the settings of the API, "" for its
    outermost ones."""
    arguments: Mapping[str, Term] = {}
    """Arguments and fields that have another name than on the wire, or are not sent at all."""
    plumbing: frozenset[str] = frozenset()
    """Arguments and methods that hold what is told by itself: a configuration, audio, a handler."""
    kinds: frozenset[str] = frozenset()
    """Enumerations of the kinds of messages."""
    messages: Mapping[str, Term] = {}
    """Kinds of messages and names of events that the API does not have."""


class Programs(Struct, frozen=True, kw_only=True):
    """How programs that use one vendor can be told, and what the names in them mean."""

    apis: tuple[Api, ...]
    """The one that this dialect speaks comes first."""
    sdks: tuple[Sdk, ...]
    telling: frozenset[str]
    """Names that nobody writes who does not use this vendor."""
    common: frozenset[str]
    """Names of settings that other programs use as well: they say nothing by themselves."""
    headers: Mapping[str, Term] = {}
    """Names of headers, in lower case."""
    query: Mapping[str, Term] = {}
    """Parameters of addresses that are no settings."""
    variables: Mapping[str, Term] = {}
    """Regular expressions of names of environment variables."""
