"""A dialect for tests of the server: it says our own events as they are, one a frame.

Commands are words: ``start``, ``force``, ``alive``, ``finish``, ``speakers``; ``bug`` makes it
raise. With ``?start=now`` a session starts at the handshake, as some vendors do it. With
``?channels=a,b`` a frame begins with the letter of its channel: ``a:finish``, ``b"a:..."``.
"""

import json

import msgspec

from crossfade.dialects.base import (
    Credential,
    Dialect,
    DialectSettings,
    Frame,
    Goodbye,
    Handshake,
    HttpRequest,
    HttpResponse,
    HttpRoute,
    Refusal,
    Webhook,
)
from crossfade.errors import (
    CapacityError,
    ConfigError,
    CredentialError,
    CrossfadeError,
    ExpiredError,
    ForbiddenError,
    IdleError,
    LeavingError,
    ProtocolError,
    RateError,
    RecognizerError,
)
from crossfade.model import (
    Audio,
    Encoding,
    Finish,
    ForceTurn,
    InChannel,
    KeepAlive,
    RawAudio,
    ReportSpeakers,
    SessionConfig,
    SessionEnded,
    SessionLimits,
    SilenceEndpointing,
    Start,
)

CODES = {
    CredentialError: 4001,
    ProtocolError: 4002,
    ConfigError: 4003,
    CapacityError: 4004,
    IdleError: 4005,
    ExpiredError: 4006,
    RecognizerError: 4007,
    LeavingError: 4007,
    ForbiddenError: 4008,
    RateError: 4009,
    CrossfadeError: 1011,
}
SECOND = bytes(32000)
"""One second of audio in this dialect: 16 kHz, 16 bits."""


class PlainServer:
    """The server's end."""

    notes = ("plain dialects have no notes",)

    def __init__(self, settings: DialectSettings) -> None:
        self._handshake = Handshake(path="")

    def credential(self, handshake: Handshake) -> Credential:
        self._handshake = handshake
        header = handshake.headers.get("authorization")
        return Credential(
            secret=header or handshake.parameter("token"),
            accepts=frozenset({"key", "token"} if header else {"token"}),
            token_scope="plain",
        )

    def open(self, handshake: Handshake):
        return [self._start()] if handshake.parameter("start") == "now" else []

    def _start(self) -> Start:
        return Start(
            config=SessionConfig(
                language=self._handshake.parameter("language") or "en",
                audio=RawAudio(encoding=Encoding.PCM_S16LE, sample_rate_hz=16000),
                endpointing=SilenceEndpointing(silence_ms=500),
                partials_wanted=self._handshake.parameter("partials") != "no",
                channels=tuple(self._handshake.parameter("channels").split(","))
                if self._handshake.parameter("channels")
                else (),
            ),
            limits=SessionLimits(
                idle_s=self._number("idle_s"),
                idle_reset_by_audio_only=self._handshake.parameter("audio_only") is not None,
                session_s=self._number("session_s"),
                audio_s=self._number("audio_s"),
                heartbeat_s=self._number("heartbeat_s"),
                idle_warnings_s=self._numbers("idle_warnings_s"),
                session_warnings_s=self._numbers("session_warnings_s"),
            ),
        )

    def _number(self, name: str) -> float | None:
        value = self._handshake.parameter(name)
        return None if value is None else float(value)

    def _numbers(self, name: str) -> tuple[float, ...]:
        value = self._handshake.parameter(name)
        return tuple(map(float, value.split(","))) if value else ()

    def receive(self, frame: Frame):
        if self._handshake.parameter("channels") and frame[1:2] in (":", b":"):
            channel = frame[:1].decode() if isinstance(frame, bytes) else frame[:1]
            return [InChannel(channel=channel, command=self._command(frame[2:]))]
        return [self._command(frame)]

    def _command(self, frame: Frame):
        if isinstance(frame, bytes):
            return Audio(data=frame)
        match frame:
            case "start":
                return self._start()
            case "force":
                return ForceTurn()
            case "alive":
                return KeepAlive()
            case "finish":
                return Finish()
            case "speakers":
                return ReportSpeakers()
            case "bug":
                raise ZeroDivisionError
        raise ProtocolError("not a word of this dialect")

    def send(self, event):
        frames: list[Frame | Goodbye] = [msgspec.json.encode(event).decode()]
        if isinstance(event, SessionEnded):
            linger_s = self._number("linger_s") or 0.0
            frames.append(Goodbye(code=1000, reason="done", linger_s=linger_s))
        return frames

    def webhook(self) -> Webhook | None:
        url = self._handshake.parameter("webhook")
        return Webhook(url=url, body=b"{}") if url else None

    def refuse(self, error: CrossfadeError) -> Refusal:
        shows_nothing = not ("authorization" in self._handshake.headers or self._handshake.query)
        return Refusal(
            frames=(json.dumps({"type": "error", "error": type(error).__name__}),),
            goodbye=Goodbye(code=CODES[type(error)], reason=type(error).__name__),
            http_status=401 if shows_nothing and isinstance(error, CredentialError) else None,
        )


def mint(request: HttpRequest, authority) -> HttpResponse:
    """GET /plain/token, with the key in the header."""
    key = request.headers.get("authorization")
    query = dict(request.query)
    session_s = query.get("session_s")
    try:
        authority.check_key(key)
    except CredentialError as error:
        return HttpResponse(status=401, body={"error": str(error)})
    except ForbiddenError as error:
        return HttpResponse(status=403, body={"error": str(error)})
    token = authority.mint(
        key,
        scope="plain",
        ttl_s=int(query.get("ttl", "60")),
        session_s=None if session_s is None else int(session_s),
    )
    return HttpResponse(status=200, body={"token": token}, headers={"x-plain": "yes"})


PLAIN = Dialect(
    name="plain",
    title="Plain <for tests>",
    paths=("/plain", "/plain/{}", "/"),
    server=PlainServer,
    client=lambda: None,
    token_scope="plain",
    token_ttl_s=(1, 600),
    http=(HttpRoute(method="GET", path="/plain/token", handle=mint),),
)
