"""What a dialect is: a vendor's protocol as a state machine without socket, clock or task.

A folder beside this file holds everything that names one vendor: wire types, server end, client
end, its HTTP endpoints, its errors and close codes. It knows the canonical model and nothing else.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, Protocol

from msgspec import Struct

from crossfade.dialects.cases import Case
from crossfade.dialects.counterparts import Counterpart
from crossfade.dialects.programs import Programs
from crossfade.errors import CrossfadeError
from crossfade.model import Command, Event, SessionConfig

Frame = str | bytes
"""One WebSocket message: ``str`` for text, ``bytes`` for binary."""


class Goodbye(Struct, frozen=True, kw_only=True):
    """Close the socket. Nothing is sent after it."""

    code: int
    reason: str = ""
    """At most 123 bytes of UTF-8, as the WebSocket protocol demands."""
    linger_s: float = 0.0
    """Wait this long before the close frame, or until the client closes first."""


class Handshake(Struct, frozen=True, kw_only=True):
    """The HTTP request that opens a WebSocket."""

    path: str
    """Decoded, without the query."""
    query: tuple[tuple[str, str], ...] = ()
    """Decoded pairs in order of appearance; ``+`` and ``%20`` are spaces; blank values kept."""
    headers: Mapping[str, str] = {}
    """Names in lower case."""

    def parameter(self, name: str) -> str | None:
        """The last value of a query parameter, as given; ``None`` if it is absent."""
        return next((value for key, value in reversed(self.query) if key == name), None)


CredentialKind = Literal["key", "token"]


class Credential(Struct, frozen=True, kw_only=True):
    """What a client showed to be let in, before anybody judged it."""

    secret: str | None
    """``None``: it showed nothing."""
    accepts: frozenset[CredentialKind]
    """A long-lived key, a temporary token, or either, may be shown in this place."""
    token_scope: str
    """Tokens of another scope are not valid here."""


class Refusal(Struct, frozen=True, kw_only=True):
    """How a dialect says no."""

    frames: tuple[Frame, ...]
    goodbye: Goodbye
    http_status: int | None = None
    """Set: refuse the handshake itself with this status, unless it has already been accepted."""
    retry_after_s: int | None = None
    """Said with the status: when to come again."""
    awaits_frame_s: float = 0.0
    """Before the frames are sent, wait this long for the client to say something: it may not listen
    before it has spoken."""


class Webhook(Struct, frozen=True, kw_only=True):
    """An HTTP POST of JSON that the client asked for, for when its session is over."""

    url: str
    body: bytes
    headers: Mapping[str, str] = {}


class ServerDialect(Protocol):
    """The server's end of one connection. One instance a connection.

    The session calls ``credential``, then ``open``, then ``receive`` and ``send`` as frames and
    events come. ``receive`` answers nobody: what the client hears is what ``send`` makes of events.
    """

    @property
    def notes(self) -> tuple[str, ...]:
        """What this client asked for and goes without, in our words.

        A change to a running session may put a few more behind those that were known at its start.
        """

    def credential(self, handshake: Handshake) -> Credential:
        """Find what the client showed to be let in."""

    def open(self, handshake: Handshake) -> list[Command]:
        """Read path, query and headers, where some vendors put their whole configuration.

        Raises:
            ProtocolError: If a parameter is malformed.
        """

    def receive(self, frame: Frame) -> list[Command]:
        """Turn one frame into what the client asks.

        Raises:
            ProtocolError: If the frame is malformed or comes out of order.
            ConfigError: If it asks for what nobody can do.
        """

    def send(self, event: Event) -> list[Frame | Goodbye]:
        """Turn one event into what this vendor's server would say; mostly one frame, or none."""

    def refuse(self, error: CrossfadeError) -> Refusal:
        """Turn an error into this vendor's words, code and close code. Valid in every state."""

    def webhook(self) -> Webhook | None:
        """What to post once the session is over, however it ended; ``None``: nothing."""


class AudioRules(Struct, frozen=True, kw_only=True):
    """How a vendor wants audio sent."""

    min_chunk_ms: int | None = None
    max_chunk_ms: int | None = None
    chunk_ms: int = 50
    """The size to cut to."""
    paced: bool = False
    """Not faster than real time."""
    ahead_chunks: int | None = None
    """So many chunks may wait for their acknowledgement; ``None``: this protocol has none."""


class ClientRequest(Struct, frozen=True, kw_only=True):
    """The HTTP request that opens a WebSocket, from the client's end."""

    url: str
    headers: Mapping[str, str] = {}


class TokenRequest(Struct, frozen=True, kw_only=True):
    """The HTTP request that asks for a temporary token, from the client's end."""

    method: Literal["GET", "POST"]
    url: str
    headers: Mapping[str, str]
    body: bytes = b""


class ClientDialect(Protocol):
    """The client's end of one connection. One instance a connection."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What was asked for and this protocol cannot say, one line each; from ``request`` on.

        Lines may come behind these later: about a command, or a warning of the server's.
        """

    def request(self, url: str, *, key: str | None, config: SessionConfig) -> ClientRequest:
        """Say where and how to connect.

        ``url`` is what the user typed: scheme and host, perhaps a path.

        Raises:
            ConfigError: If this vendor's protocol cannot carry ``config``.
        """

    def audio_rules(self) -> AudioRules:
        """How audio is to be cut and paced."""

    def audio_format(self, wanted: SessionConfig) -> SessionConfig:
        """The same configuration with an audio format that this protocol can carry.

        The caller converts its audio to that format before it sends.
        """

    def open(self) -> list[Frame]:
        """The frames to send as soon as the socket is open."""

    @property
    def ready(self) -> bool:
        """``True`` once audio may be sent."""

    def send(self, command: Command) -> list[Frame]:
        """Turn one command into frames; an empty list where this protocol has no word for it."""

    def receive(self, frame: Frame) -> list[Event]:
        """Turn one frame into events.

        Raises:
            UpstreamError: If the server reports an error.
            ProtocolError: If the frame is not of this protocol.
        """

    def closed(self, code: int, reason: str) -> CrossfadeError | None:
        """Judge a close frame: ``None`` for a clean end after the last message."""

    def retry_after_s(self, code: int) -> float | None:
        """How long this vendor wants to be left alone after it ended a session with ``code``.

        ``None``: the same session would end the same way. The transport's own codes (1001, 1006, an
        HTTP status) are not asked about.
        """

    def token_request(self, url: str, *, key: str, ttl_s: int) -> TokenRequest:
        """Say how to exchange a key for a temporary token, which then stands in its place.

        Args:
            url: Where sessions are opened, as for ``request``.
            key: The long-lived key.
            ttl_s: Seconds in which the token may be used to open sessions.
        """

    def token_from(self, answer: "HttpResponse") -> str:
        """Read the token.

        Raises:
            UpstreamError: If there is none; ``code`` is the HTTP status.
        """


class OpenSession(Struct, frozen=True, kw_only=True):
    """A session that holds a slot."""

    session_id: str
    request_id: str | None = None
    """What the client, or a proxy before us, calls its request."""


class ServerStatus(Struct, frozen=True, kw_only=True):
    """What anybody may know of this server."""

    is_warm: bool = False
    """The recognizer is loaded."""
    is_ready: bool = False
    """It is, and a slot is free."""
    languages: frozenset[str] = frozenset()
    """Codes of the languages that are recognized."""
    max_sessions: int = 0
    sessions: tuple[OpenSession, ...] = ()


class HttpRequest(Struct, frozen=True, kw_only=True):
    """A plain HTTP request to one of a vendor's side endpoints."""

    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    status: ServerStatus = ServerStatus()
    """How the server was when the request came."""


class HttpResponse(Struct, frozen=True, kw_only=True):
    """Its answer; ``body`` becomes JSON."""

    status: int
    body: Mapping[str, object]
    headers: Mapping[str, str] = {}


class Authority(Protocol):
    """Who judges keys and makes temporary tokens, as seen from a vendor's endpoints."""

    def check_key(self, secret: str | None) -> None:
        """Accept a long-lived key that may make tokens.

        Raises:
            CredentialError: If it is missing, unknown, or expired.
            ForbiddenError: If it is good, but may not make tokens.
        """

    def mint(self, key: str | None, *, scope: str, ttl_s: int, session_s: int | None = None) -> str:
        """Make a temporary token, a JWT with integer ``iat`` and ``exp``, on behalf of a valid key.

        Args:
            key: The long-lived key that asks; already checked.
            scope: Where the token is good.
            ttl_s: Seconds in which it may be used to open sessions.
            session_s: Cap on the length of a session opened with it.
        """


class HttpRoute(Struct, frozen=True, kw_only=True):
    """One of a vendor's side endpoints."""

    method: Literal["GET", "POST", "OPTIONS"]
    path: str
    handle: Callable[[HttpRequest, Authority], HttpResponse]


class ListPrice(Struct, frozen=True, kw_only=True):
    """What a vendor takes, as it was published one day; exactly one of the two is not 0."""

    per_audio_hour: float = 0.0
    per_session_hour: float = 0.0
    """Of every hour that a session is open, whatever is sent."""
    currency: str = "USD"
    source: str
    date: str
    """When it was published so: ISO 8601."""
    what: str
    """Which plan and model it is of."""


class Vendor(Struct, frozen=True, kw_only=True):
    """What a vendor's own servers are like, for who connects to them."""

    urls: Mapping[str, str]
    """Where sessions are opened, by region; the first is the usual one."""
    languages: frozenset[str]
    """Codes of the languages that its protocol can name."""
    most_keyterms: int
    longest_keyterm_chars: int | None = None
    tells_forced_ends: bool
    """An end of turn says whether it was forced, and a forced one comes even if nothing was said;
    otherwise nobody answers where no turn is open."""
    tells_speakers: bool
    """It knows speakers from one session to the next, and says which it heard."""
    session_s: float | None = None
    """Longest session, then its servers hang up; ``None``: not known."""
    list_price: ListPrice | None = None


class DialectSettings(Struct, frozen=True, kw_only=True):
    """What an operator can choose about every dialect.

    One object for all dialects; a dialect reads what concerns it and ignores the rest.
    """

    strict_parameters: bool = False
    """Refuse what we cannot honour instead of going on without it."""
    idle_s: float = 3600.0
    session_s: float | None = None
    """Longest session; ``None``: as the vendor documents."""
    audio_s: float | None = None
    """Most audio that is recognized in one session, where a vendor has such a limit."""
    lenient_audio: bool = False
    """Do not enforce a vendor's rules on the length of audio frames."""
    strict_pace: bool = False
    """Refuse audio that comes faster than real time, where a vendor says so, instead of slowing its
    sender down."""
    default_model: str | None = None
    """What a client gets that names no model, where a vendor's models have names; ``None``: the
    vendor's newest."""
    single_end: bool = False
    """Where a vendor ends a turn twice, raw and formatted, send the formatted one alone."""
    turn_silence_s: float = 0.5
    """Silence that ends a turn, where a vendor ends turns itself and no client chooses how."""
    partials_default: bool = False
    """Where partials are off unless a client asks for them, what a client gets that says nothing:
    some take the vendor's default for the opposite of what it is."""


class Dialect(Struct, frozen=True, kw_only=True):
    """A line of the register: everything the house needs to know about one vendor."""

    name: str
    """As users type it in ``--dialect``; with ``_`` for ``-`` the name of its folder."""
    title: str
    """As people read it."""
    paths: tuple[str, ...]
    """WebSocket paths, ``{}`` for any one segment. The first is the one that we advertise."""
    server: Callable[[DialectSettings], ServerDialect]
    client: Callable[[], ClientDialect]
    token_scope: str
    token_ttl_s: tuple[int, int]
    """Shortest and longest life of a temporary token."""
    models: tuple[str, ...] = ()
    """Names that a client may give for a model, where the name decides what it gets."""
    http: tuple[HttpRoute, ...] = ()
    times_words: bool = True
    """Its protocol says of each word when it was said; otherwise of longer stretches only."""
    seated_at_handshake: bool = False
    """A session takes its slot before its WebSocket is accepted, so that a full server can say so
    with an HTTP status: for clients that come again after one, and not after anything said later.
    """
    vendor: Vendor | None = None
    counterparts: tuple[Counterpart, ...] = ()
    endings: Mapping[str, Refusal] = {}
    """Every way in which this vendor's server ends a session before its time, by the vendor's own
    names: for whoever plays that server."""
    is_final: Callable[[Frame], bool] = lambda frame: False
    """Whether a frame of the server holds words for good: for the same."""
    programs: Callable[[], Programs] | None = None
    """Reads the table of its clients' programs, which only migrating needs."""
    conformance: Callable[[], Sequence[Case]] | None = None
    """Reads what is asked of every server of its protocol, which only ``conformance`` needs."""

    @property
    def folder(self) -> str:
        """Where its files lie, below this one."""
        return self.name.replace("-", "_")
