"""A session with any server that speaks one of our dialects.

    async with connect(url, key=key, dialect=name) as session:
        session.send_all(sources.media("interview.mp3"))
        async for event in session:
            ...

What the caller says goes onto a tape, from which ``Conversation`` plays it to the server, again
where a connection was lost. What comes back waits for the caller in a queue of ``EVENTS_HELD``
events, and behind it in the socket: events must be read while audio is sent.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Self

from msgspec import structs

from crossfade.client import tokens
from crossfade.client.blocking import in_daemon
from crossfade.client.connection import Connection, Peer
from crossfade.client.conversation import Conversation
from crossfade.client.events import SessionEvent
from crossfade.client.outgoing import Outgoing
from crossfade.client.retrying import Reconnect
from crossfade.client.sources import MEDIA_AUDIO
from crossfade.client.tape import Tape
from crossfade.dialects import DIALECTS
from crossfade.dialects.base import AudioRules, Dialect
from crossfade.errors import ConfigError
from crossfade.model import (
    Audio,
    AudioFormat,
    Endpointing,
    Finish,
    ForceTurn,
    KeyTerm,
    RawAudio,
    Reconfigure,
    ReportSpeakers,
    SessionConfig,
)

logger = logging.getLogger("crossfade.client")

EVENTS_HELD = 4096
"""Events that wait for the caller; with frames of 50 ms, minutes of acknowledgements."""

DEFAULT_CONFIG = SessionConfig(language="en", audio=MEDIA_AUDIO)
"""English, 16-bit samples at 16 kHz."""

DEFAULT_RECONNECT = Reconnect()


@asynccontextmanager
async def connect(
    url: str,
    *,
    key: str | None,
    dialect: str | Dialect,
    config: SessionConfig = DEFAULT_CONFIG,
    reconnect: Reconnect | None = DEFAULT_RECONNECT,
    token_ttl_s: int | None = None,
    behind_s: float = 0.0,
) -> AsyncIterator["Session"]:
    """Open a session; leaving the context closes it.

    Args:
        url: ``ws://`` or ``wss://`` with host and port, perhaps a path.
        key: What the server knows the caller by; ``None`` where it asks nobody.
        dialect: Which protocol to speak: a name of the register, or the dialect itself.
        config: What is wanted; ``config.audio`` is the format of the bytes given to ``send``.
        reconnect: What to do when the connection is lost; ``None``: raise. The first connection
            is tried once.
        token_ttl_s: Exchange the key for temporary tokens that open sessions for so long, and
            show those instead.
        behind_s: How much audio is there already that was spoken before: where a vendor wants
            audio no faster than real time, so much of it leaves at ``Reconnect.catch_up`` times
            that, as after an outage.

    Raises:
        ConfigError: If the dialect's protocol cannot carry ``config``, or is not known.
        UpstreamError: If the server cannot be reached or refuses; the sentence says what to do.
    """
    if config.channels:
        raise ConfigError("a session of this client has one channel", field="channels")
    spoken = _named(dialect) if isinstance(dialect, str) else dialect
    peer = Peer(url=url, dialect=spoken, key=key, token_ttl_s=token_ttl_s)
    end = spoken.client()
    on_wire = end.audio_format(config)
    if reconnect is not None and not isinstance(on_wire.audio, RawAudio):
        # A media stream cannot be taken up in its middle, samples can.
        on_wire = structs.replace(on_wire, audio=MEDIA_AUDIO)
    rules = end.audio_rules()
    outgoing = Outgoing(given=config.audio, wire=on_wire.audio, rules=rules)
    session = Session(peer, on_wire, outgoing, rules=rules, reconnect=reconnect, behind_s=behind_s)
    try:
        await session._open()
        yield session
    finally:
        await session._stop()


async def mint_token(url: str, *, key: str, dialect: str | Dialect, ttl_s: int = 60) -> str:
    """Exchange a key for a temporary token, which stands in the key's place until it expires.

    For a browser, or another place that must not hold the key; ``connect`` does it by itself with
    ``token_ttl_s``.

    Args:
        url: Where sessions are opened: ``ws://`` or ``wss://``.
        key: The long-lived key.
        dialect: Whose protocol it is.
        ttl_s: Seconds in which the token may be used to open sessions.

    Raises:
        ConfigError: If this vendor has no tokens of that life.
        UpstreamError: If the server cannot be reached or refuses.
    """
    spoken = _named(dialect) if isinstance(dialect, str) else dialect
    return await tokens.mint(url, key=key, dialect=spoken, ttl_s=ttl_s)


def _named(name: str) -> Dialect:
    for dialect in DIALECTS:
        if dialect.name == name:
            return dialect
    known = ", ".join(dialect.name for dialect in DIALECTS)
    raise ConfigError(f"there is no dialect {name!r}, only {known}", field="dialect")


class Session:
    """One conversation with a server. Made by ``connect``; belongs to one task.

    Iterating gives canonical events until the session is over, and ``Reconnecting`` and
    ``Reconnected`` between them. What goes wrong is raised by the iteration and by every later
    call.
    """

    def __init__(
        self,
        peer: Peer,
        config: SessionConfig,
        audio: Outgoing,
        *,
        rules: AudioRules,
        reconnect: Reconnect | None,
        behind_s: float = 0.0,
    ) -> None:
        self._peer = peer
        self._config = config
        self._behind_s = behind_s
        self._audio = audio
        self._rules = rules
        self._reconnect = reconnect
        self._tape = Tape(
            bytes_per_s=_bytes_per_s(config.audio),
            keep_s=reconnect.replay_s if reconnect is not None else 0.0,
            # Paced audio that is older than the tape was heard long ago: it held no words.
            waits_when_full=not rules.paced,
        )
        self._events: asyncio.Queue[SessionEvent | None] = asyncio.Queue(EVENTS_HELD)
        self._failure: Exception | None = None
        self._finished = False
        self._runner: asyncio.Task[None] | None = None
        self._sender: asyncio.Task[None] | None = None
        self._notes: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What this protocol cannot say of the configuration, one line each; logged as well."""
        return self._notes

    @property
    def sent_ms(self) -> int:
        """How much audio was sent. For live audio, how late a word is: this less its end."""
        return self._tape.played_ms

    async def send(self, data: bytes) -> None:
        """Send audio in the format of the session's configuration, cut anywhere.

        Waits while the server is busy, and where the dialect wants audio no faster than real
        time. While the connection is lost it keeps the audio and returns, until
        ``Reconnect.replay_s`` of it is kept.

        Raises:
            UpstreamError: If the session is over.
        """
        async for chunk in self._audio.push(data):
            await self._tape.record(Audio(data=chunk))

    def send_all(self, source: AsyncIterable[bytes] | Iterable[bytes]) -> None:
        """Send everything that ``source`` yields, then ``finish``; returns at once.

        The work goes on while events are read. A source that is no asynchronous one may block: it
        is read in a thread. What the source raises ends the session and is raised by the
        iteration.
        """
        pieces = source if isinstance(source, AsyncIterable) else _in_threads(source)
        self._sender = asyncio.create_task(self._send_all(pieces))

    async def finish(self) -> None:
        """Say that no more audio comes. The last events follow. May be called twice."""
        if self._finished:
            return
        self._finished = True
        async for chunk in self._audio.flush():
            await self._tape.record(Audio(data=chunk))
        await self._tape.record(Finish())

    async def force_turn(self) -> None:
        """End the open turn behind the audio that was sent so far."""
        await self.say(ForceTurn())

    async def say(self, command: ForceTurn | Reconfigure | ReportSpeakers) -> None:
        """Say what the canonical model has a word for, behind the audio that was sent so far.

        Raises:
            ConfigError: If the protocol cannot carry a value.
            UpstreamError: If the session is over.
        """
        if isinstance(command, ForceTurn) and (rest := self._audio.mark()):
            await self._tape.record(Audio(data=rest))
        await self._tape.record(command)

    async def update(
        self,
        *,
        endpointing: Endpointing | None = None,
        partials_wanted: bool | None = None,
        max_delay_ms: int | None = None,
        keyterms: tuple[KeyTerm, ...] | None = None,
        vad_threshold: float | None = None,
    ) -> None:
        """Change settings for the audio that follows; ``None`` keeps one as it is.

        Raises:
            ConfigError: If the protocol cannot carry a value.
            UpstreamError: If the session is over.
        """
        command = Reconfigure(
            endpointing=endpointing,
            partials_wanted=partials_wanted,
            max_delay_ms=max_delay_ms,
            keyterms=keyterms,
            vad_threshold=vad_threshold,
        )
        await self.say(command)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionEvent:
        event = await self._events.get()
        if event is not None:
            return event
        self._events.put_nowait(None)  # for whoever asks again; the reader is gone, there is room
        if self._failure is not None:
            raise self._failure
        raise StopAsyncIteration

    # From here on: the session's own tasks. Not a TaskGroup: it would wrap what the caller's code
    # raises inside the context in an ExceptionGroup. `_stop` is the one place where they end.

    async def _open(self) -> None:
        first = await self._peer.connect(self._config)
        self._notes = first.notes
        for note in first.notes:
            logger.warning("%s: %s", self._peer.dialect.title, note)
        conversation = Conversation(
            self._peer,
            self._config,
            self._tape,
            self._events.put,
            rules=self._rules,
            reconnect=self._reconnect,
            behind_s=self._behind_s,
        )
        self._runner = asyncio.create_task(self._run(conversation, first))

    async def _stop(self) -> None:
        tasks = [task for task in (self._sender, self._runner) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._audio.close()
        self._make_room()
        self._events.put_nowait(None)  # for whoever still asks

    async def _send_all(self, source: AsyncIterable[bytes]) -> None:
        pieces = aiter(source)
        try:
            async for data in pieces:
                await self.send(data)
            await self.finish()
        except Exception as error:  # whatever a source raises is its caller's to see
            self._failure = self._failure or error
            if self._runner is not None:
                self._runner.cancel()
        finally:
            if isinstance(pieces, AsyncGenerator):  # it may have a device to let go of
                await pieces.aclose()

    async def _run(self, conversation: Conversation, first: Connection) -> None:
        try:
            await conversation.run(first)
        except Exception as error:  # to the caller, bugs of a dialect included
            self._failure = self._failure or error
        except asyncio.CancelledError:
            self._make_room()  # else the task would wait for ever with its end mark
            raise
        finally:
            self._tape.close(self._failure)
            await self._events.put(None)

    def _make_room(self) -> None:
        """Drop an event: the session is being left or has failed, nobody misses it."""
        if self._events.full():
            self._events.get_nowait()


def _bytes_per_s(audio: AudioFormat) -> int:
    """The rate of samples on the wire; without it there are no positions, and nothing is kept."""
    if isinstance(audio, RawAudio):
        return audio.sample_rate_hz * audio.encoding.sample_bytes
    return 1


async def _in_threads(source: Iterable[bytes]) -> AsyncIterator[bytes]:
    pieces = iter(source)
    while (piece := await in_daemon(lambda: next(pieces, None))) is not None:
        yield piece
