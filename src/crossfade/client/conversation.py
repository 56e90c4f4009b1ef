"""One session over as many connections as it takes.

One task plays the tape to the connection that stands, another reads what comes back and puts it
on the session's timeline. When the connection is lost, the next one hears the tape again from
before the last final word.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable

from msgspec import structs
from websockets.exceptions import ConnectionClosed

from crossfade.client import connection as connections
from crossfade.client.connection import Connection, Peer
from crossfade.client.events import Reconnected, Reconnecting, SessionEvent
from crossfade.client.pacing import HEAD_START_S, Pacer
from crossfade.client.retrying import Outage, Reconnect, wait_s
from crossfade.client.tape import Entry, Tape
from crossfade.client.timeline import Timeline
from crossfade.dialects.base import AudioRules
from crossfade.errors import ConfigError, UpstreamError
from crossfade.model import (
    Audio,
    AudioAccepted,
    Event,
    Final,
    Finish,
    Reconfigure,
    SessionConfig,
    SessionEnded,
    Silence,
    TurnEnded,
)

STEADY_S = 30.0
"""A connection that stood for so long was a good one: the next loss is another outage."""

Tell = Callable[[SessionEvent], Awaitable[None]]
"""Hands an event on; waits while there is no room for it."""


class Conversation:
    """What goes on behind a session. ``run`` is its life."""

    def __init__(
        self,
        peer: Peer,
        config: SessionConfig,
        tape: Tape,
        tell: Tell,
        *,
        rules: AudioRules,
        reconnect: Reconnect | None,
        behind_s: float = 0.0,
    ) -> None:
        self._peer = peer
        self._config = config  # as on the wire, with every change that was sent
        self._tape = tape
        self._tell = tell
        self._rules = rules
        self._reconnect = reconnect
        self._timeline = Timeline()
        catch_up = 1.0 if reconnect is None else reconnect.catch_up
        pacer = Pacer(late_s=behind_s, catch_up=catch_up, head_start_s=HEAD_START_S)
        self._pacer = pacer if rules.paced else None
        self._began_s = _now_s()
        self._outage = Outage(began_s=self._began_s)
        self._is_telling = False
        self._is_finished = False  # on this connection
        self._n_sent = 0  # chunks, on this connection
        self._n_accepted = 0
        self._accepted = asyncio.Event()

    async def run(self, connection: Connection) -> None:
        """Talk until the session is over.

        Raises:
            UpstreamError: If the connection is lost for good.
            ProtocolError: If the server speaks another protocol.
        """
        while (loss := await self._converse(connection)) is not None:
            connection = await self._reach_again(connection, loss)

    async def _converse(self, connection: Connection) -> UpstreamError | None:
        """Talk until the session is over (``None``) or the connection is lost (why)."""
        player = asyncio.create_task(self._play(connection))
        began_s, settled_ms = _now_s(), self._timeline.settled_ms
        try:
            await self._listen(connection)
        except UpstreamError as error:
            connection.drop()  # manners take seconds, and there is nothing left to say
            if self._reconnect is None or self._tape.is_closed:
                raise
            if self._timeline.settled_ms > settled_ms or _now_s() - began_s >= STEADY_S:
                self._outage = Outage(began_s=_now_s())
            # Else it got nowhere: it was one more attempt of the same outage.
            return error
        finally:
            player.cancel()
            await asyncio.gather(player, return_exceptions=True)
            self._tape.stop()
            await connection.aclose()
        return None

    async def _listen(self, connection: Connection) -> None:
        async for event in connection.events():
            if isinstance(event, SessionEnded) and self._reconnect and not self._is_finished:
                # Some servers end their sessions in order when they are restarted.
                raise UpstreamError("the server ended the session", code=1001, cause="gone")
            self._is_telling = True
            for told in self._timeline.take(event):
                await self._tell(told)
            self._is_telling = False
            self._follow(event)

    def _follow(self, event: Event) -> None:
        match event:
            case AudioAccepted(number=number):
                self._n_accepted = number
                self._accepted.set()
            case TurnEnded():
                self._tape.answered()
            case Final() | Silence():
                self._tape.trim(self._replay_from_ms)
            case _:
                pass  # the others change nothing about what has to be said

    async def _play(self, connection: Connection) -> None:
        """Say what is on the tape, as fast as server and pace allow."""
        try:
            while True:
                entry = await self._tape.next()
                if isinstance(entry.command, Audio):
                    await self._may_send(entry.command, connection)
                await self._say(entry, connection)
        except ConnectionClosed:
            pass  # the reader finds out why
        except Exception as error:  # a dead server; or a bug, which else nobody would see
            if self._is_telling:  # the reader waits for the caller, who may wait for us
                self._tape.close(error)
            connection.fail(error)

    async def _say(self, entry: Entry, connection: Connection) -> None:
        try:
            await connection.say(self._timeline.there(entry.command))
        except ConfigError as error:
            self._tape.play(entry, error=error)
            return
        match entry.command:
            case Reconfigure() as change:
                self._config = changed(self._config, change)
            case Finish():
                self._is_finished = True
            case _:
                pass
        self._tape.play(entry)

    async def _may_send(self, audio: Audio, connection: Connection) -> None:
        """Wait for the pace, and for the acknowledgement of what is too far ahead.

        Raises:
            UpstreamError: If none comes.
        """
        if self._pacer is not None:
            length_s = len(audio.data) / self._tape.bytes_per_s
            await asyncio.sleep(self._pacer.wait_s(length_s, now_s=_now_s()))
        self._n_sent += 1
        most = self._rules.ahead_chunks
        while most is not None and self._n_sent - self._n_accepted > most:
            self._accepted.clear()
            try:
                async with asyncio.timeout(connections.STALL_TIMEOUT_S):
                    await self._accepted.wait()
            except TimeoutError:
                raise connection.stalled() from None

    async def _reach_again(self, lost: Connection, loss: UpstreamError) -> Connection:
        """Connect again, and put tape and timeline to where the final words end.

        Raises:
            UpstreamError: The last reason, when it is no use or was tried often enough.
        """
        played_ms = self._tape.played_ms
        for event in self._timeline.keep_promise():
            await self._tell(event)
        while True:
            await self._wait(lost, loss)
            try:
                connection = await self._peer.connect(self._config)
            except UpstreamError as error:
                loss = error
                continue
            try:
                await self._tell(self._resume(connection, played_ms))
            except asyncio.CancelledError:  # the session was left while it waited for its caller
                await connection.aclose()
                raise
            return connection

    async def _wait(self, lost: Connection, loss: UpstreamError) -> None:
        wait = wait_s(
            self._outage,
            self._reconnect or Reconnect(),
            loss,
            advice=lost.retry_after_s,
            now_s=_now_s(),
            random=random.random,
        )
        if wait is None:
            raise loss
        self._outage.attempts += 1
        told = Reconnecting(
            attempt=self._outage.attempts, wait_s=wait, cause=str(loss), code=loss.code
        )
        await self._tell(told)
        await asyncio.sleep(wait)

    @property
    def _replay_from_ms(self) -> int:
        return self._timeline.replay_from_ms(is_paced=self._rules.paced)

    def _resume(self, connection: Connection, played_ms: int) -> Reconnected:
        at_ms, n_chunks = self._tape.rewind(self._replay_from_ms)
        now_s = _now_s()
        outage_s = now_s - self._outage.began_s
        lost_ms = max(0, at_ms - self._timeline.settled_ms)
        session_ms = round((now_s - self._began_s) * 1000)
        self._timeline.resume(at_ms=at_ms, chunks_before=n_chunks, session_ms=session_ms)
        self._is_finished = False
        self._n_sent = self._n_accepted = 0
        if self._pacer is not None and self._reconnect is not None:
            late_s = outage_s + (played_ms - at_ms) / 1000
            self._pacer = Pacer(
                late_s=late_s, catch_up=self._reconnect.catch_up, head_start_s=HEAD_START_S
            )
        return Reconnected(
            session_id=connection.session_id,
            attempts=self._outage.attempts,
            outage_s=outage_s,
            replayed_from_ms=at_ms,
            lost_ms=lost_ms,
        )


def changed(config: SessionConfig, change: Reconfigure) -> SessionConfig:
    """Apply a change; its fields have the names of the configuration's."""
    fields = structs.asdict(change)
    return structs.replace(config, **{n: value for n, value in fields.items() if value is not None})


def _now_s() -> float:
    return asyncio.get_running_loop().time()
