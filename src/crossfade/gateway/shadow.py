"""One session's shadow: what it hears, and the lines about both sides. Never waited for."""

import asyncio
import logging
from collections import deque

from msgspec.structs import replace

from crossfade.errors import CrossfadeError
from crossfade.gateway.losses import cause_of
from crossfade.gateway.shadow_files import ShadowFile, ShadowFiles
from crossfade.gateway.shadow_lags import Arrivals, FirstSights
from crossfade.gateway.shadow_records import Began, Ended, Record, RecordedWord, Side, Turn, Words
from crossfade.model import Audio, Final, Finish, Partial, ReportSpeakers, StreamEvent, TurnEnded
from crossfade.recognizers.base import RecognizerStream, StreamCommand

logger = logging.getLogger("crossfade.gateway")

MOST_WAITING_BYTES = 2_000_000
"""Audio that waits for the second backend: a minute at 16 kHz."""

HANDFUL_LINES = 64
HANDFUL_BYTES = 262_144
"""So much is worth a write."""

MOST_LINES = 2000
"""Lines that wait for the disk; further ones are lost and counted."""

LAST_WORDS_S = 30.0
"""For the second backend, once the session is over."""

_COMMAND_BYTES = 64
"""What a command weighs besides its audio."""


class Shadow:
    """Make it, then ``run``. The other methods belong to the session's tasks, and never wait."""

    def __init__(self, stream: RecognizerStream, began: Began, *, audio_is_kept: bool) -> None:
        self._stream = stream
        self._began = began
        self._audio_is_kept = audio_is_kept
        self._arrivals = Arrivals(began.audio)
        self._sights: dict[Side, FirstSights] = {
            "session": FirstSights(self._arrivals),
            "shadow": FirstSights(self._arrivals),
        }
        self._waiting: deque[StreamCommand] = deque()
        self._waiting_bytes = 0
        self._lines: list[Record] = []
        self._ends: list[Ended] = []
        self._audio: list[bytes] = []
        self._audio_bytes = 0
        self._n_lost = 0
        self._stirred = asyncio.Event()  # commands or lines have come
        self._is_finished = False
        self._over = asyncio.Event()
        self._given_up: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._session_over = asyncio.Event()

    # The session's side.

    def offer(self, command: StreamCommand) -> None:
        """Let it hear a command too, if there is room."""
        if isinstance(command, Audio):
            self._arrivals.heard(len(command.data), now_s=_now_s())
            self._add_audio(command.data)
        if self._is_finished or isinstance(command, ReportSpeakers):
            return
        self._is_finished = isinstance(command, Finish)
        weight = _weight(command)
        if self._waiting_bytes + weight > MOST_WAITING_BYTES:
            self.give_up("slow")
        else:
            self._waiting.append(command)
            self._waiting_bytes += weight
        self._stirred.set()

    def note(self, side: Side, event: StreamEvent) -> None:
        """Write down what a side reports, as far as it is of use."""
        now_s = _now_s()
        match event:
            case Partial():
                self._sights[side].shown(event, now_s=now_s)
            case Final(words=words) if words:
                self._add(Words(side=side, words=self._recorded(side, event, now_s)))
            case TurnEnded(at_ms=at_ms, forced=forced):
                lag_ms = self._arrivals.lag_ms(at_ms, now_s=now_s)
                self._add(Turn(side=side, at_ms=at_ms, lag_ms=lag_ms, forced=forced))
            case _:
                pass  # no words, no turns

    def session_ended(self, cause: str | None) -> None:
        """Note that the session is over; the first cause counts."""
        if self._session_over.is_set():
            return
        self._session_over.set()
        self._end("session", cause)
        self.offer(Finish())
        self._stirred.set()

    def give_up(self, why: str) -> None:
        """Let the second backend go, and write down what there is; the first reason counts."""
        if not self._given_up.done():
            self._given_up.set_result(why)

    # Its own side.

    async def run(self, files: ShadowFiles) -> str:
        """Hear the session, and write it down; returns how that ended, in a word."""
        try:
            file = await asyncio.to_thread(files.open, self._began.session)
        except OSError:
            await self._stream.aclose()
            return "no_room"
        if self._audio_is_kept:
            self._began = replace(self._began, audio_file=file.audio_path.name)
        self._lines.insert(0, self._began)
        writing = asyncio.create_task(self._write(file))
        try:
            cause = await self._hear_out()
            self._waiting.clear()
            self._end("shadow", cause)
            await self._session_over.wait()
        finally:
            await self._stream.aclose()
            self._over.set()
            self._stirred.set()
            is_written = await writing
        if not is_written:
            return "no_room"
        return "recorded" if cause is None else cause

    async def _hear_out(self) -> str | None:
        """Until the second backend's last word (``None``), or until it fails (why)."""
        cause: str | None = None
        try:
            async with asyncio.TaskGroup() as group:
                others = [
                    group.create_task(self._play()),
                    group.create_task(self._lose_patience()),
                    group.create_task(self._leave_when_given_up()),
                ]
                async for event in self._stream.events():
                    self.note("shadow", event)
                for task in others:
                    task.cancel()
        except* _GivenUpError:
            cause = self._given_up.result()
        except* CrossfadeError as errors:
            cause = cause_of(_first(errors))
        self._is_finished = True  # it need not hear anything more
        return cause

    async def _play(self) -> None:
        while True:
            while not self._waiting:
                self._stirred.clear()
                await self._stirred.wait()
            command = self._waiting.popleft()
            self._waiting_bytes -= _weight(command)
            await self._stream.feed(command)

    async def _leave_when_given_up(self) -> None:
        await self._given_up
        raise _GivenUpError

    async def _lose_patience(self) -> None:
        """Wait for the last words no longer than that."""
        await self._session_over.wait()
        await asyncio.sleep(LAST_WORDS_S)
        self.give_up("slow")

    # What is written.

    def _add(self, record: Record) -> None:
        if len(self._lines) >= MOST_LINES:
            self._n_lost += 1
            return
        self._lines.append(record)
        self._stirred.set()

    def _add_audio(self, data: bytes) -> None:
        if self._audio_is_kept and self._audio_bytes + len(data) <= MOST_WAITING_BYTES:
            self._audio.append(data)
            self._audio_bytes += len(data)

    def _recorded(self, side: Side, final: Final, now_s: float) -> tuple[RecordedWord, ...]:
        sights = self._sights[side].settled(final, now_s=now_s)
        return tuple(
            RecordedWord(
                text=word.text,
                start_ms=word.start_ms,
                end_ms=word.end_ms,
                confidence=word.confidence,
                punctuation=word.punctuation,
                speaker=word.speaker,
                partial_lag_ms=partial_lag_ms,
                final_lag_ms=self._arrivals.lag_ms(word.end_ms, now_s=now_s),
            )
            for word, partial_lag_ms in zip(final.words, sights, strict=True)
        )

    def _end(self, side: Side, cause: str | None) -> None:
        self._ends.append(Ended(side=side, audio_ms=self._arrivals.audio_ms, cause=cause))

    async def _write(self, file: ShadowFile) -> bool:
        """Write what comes, in handfuls, until all is over; ``False``: it could not be written."""
        try:
            while not self._over.is_set():
                while not (self._over.is_set() or self._is_worth_writing):
                    self._stirred.clear()
                    await self._stirred.wait()
                await self._write_handful(file)
            await self._write_handful(file)  # what came while the last one was written
            # Only now is it known how many lines are missing.
            ends = [replace(end, n_lost=self._n_lost) for end in self._ends]
            await asyncio.to_thread(file.write_ends, ends)
        except OSError as error:
            logger.warning("shadow %s: cannot write: %s", self._began.session, error.strerror)
            self.give_up("no_room")
            return False
        finally:
            await asyncio.to_thread(file.close)
        return True

    async def _write_handful(self, file: ShadowFile) -> None:
        lines, self._lines = self._lines, []
        audio, self._audio = self._audio, []
        self._audio_bytes = 0
        n_lost = await asyncio.to_thread(file.write, lines)
        self._n_lost += n_lost  # more may have been lost meanwhile
        await asyncio.to_thread(file.write_audio, b"".join(audio))

    @property
    def _is_worth_writing(self) -> bool:
        return len(self._lines) >= HANDFUL_LINES or self._audio_bytes >= HANDFUL_BYTES


class _GivenUpError(Exception):
    """It is not to go on."""


def _weight(command: StreamCommand) -> int:
    return _COMMAND_BYTES + (len(command.data) if isinstance(command, Audio) else 0)


def _first(group: BaseExceptionGroup[CrossfadeError]) -> CrossfadeError:
    inner = group.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner


def _now_s() -> float:
    return asyncio.get_running_loop().time()
