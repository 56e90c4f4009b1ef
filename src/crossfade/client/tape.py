"""What a session has to say, in order: sent once, and kept until it need not be said again.

One task records, one plays. While a connection stands, the recorder waits until what it said was
played; while there is none, it goes on until the tape is full.
"""

import asyncio
import itertools
from collections import deque
from dataclasses import dataclass

from crossfade.errors import UpstreamError
from crossfade.model import Audio, Finish, ForceTurn, Reconfigure, ReportSpeakers

Recorded = Audio | ForceTurn | Reconfigure | ReportSpeakers | Finish
"""What is said in an order that matters."""

PATIENCE_S = 10.0
"""On a full tape: a server that settles no words for so long does not tell how far it is."""


@dataclass(eq=False, kw_only=True)
class Entry:
    """One command on the tape, at its place in the audio."""

    command: Recorded
    start_byte: int
    n_chunks_before: int
    is_answered: bool = False
    """It need not be said again."""
    error: Exception | None = None
    """Why it could not be said."""

    @property
    def end_byte(self) -> int:
        """Where the audio behind it begins."""
        return self.start_byte + (len(self.command.data) if isinstance(self.command, Audio) else 0)

    @property
    def is_said_again(self) -> bool:
        """Whether the next connection has to hear it too."""
        match self.command:
            case Audio() | Finish():
                return True
            case ForceTurn():
                return not self.is_answered
            case ReportSpeakers(at_end=at_end):
                return at_end
            case Reconfigure():
                return False


class Tape:
    """Positions are in milliseconds of the audio on the wire."""

    def __init__(self, *, bytes_per_s: int, keep_s: float, waits_when_full: bool) -> None:
        """Begin empty.

        Args:
            bytes_per_s: Of the audio on the wire.
            keep_s: Most audio that is kept; 0: nothing that was played.
            waits_when_full: Otherwise the oldest audio that was played makes room.
        """
        self.bytes_per_s = bytes_per_s
        self._keep_bytes = int(keep_s * bytes_per_s)
        self._waits_when_full = waits_when_full
        self._entries: deque[Entry] = deque()
        self._n_played = 0  # of the entries
        self._end_byte = 0
        self._n_chunks = 0
        self._is_playing = True
        self._failure: Exception | None = None
        self._recorded = asyncio.Event()
        self._moved = asyncio.Event()

    @property
    def is_closed(self) -> bool:
        """The session is over."""
        return self._failure is not None

    @property
    def end_ms(self) -> int:
        """How much audio was recorded."""
        return self._ms(self._end_byte)

    @property
    def played_ms(self) -> int:
        """Position up to which audio was played."""
        if self._all_played:
            return self.end_ms
        return self._ms(self._entries[self._n_played].start_byte)

    async def record(self, command: Recorded) -> None:
        """Put a command at the end.

        Returns once it was played or, while nobody plays, at once; waits while the tape is full.

        Raises:
            CrossfadeError: If it cannot be said, or the session is over.
        """
        while self._failure is None and self._is_full and not self._shed():
            await self._room()
        self._check()
        entry = Entry(command=command, start_byte=self._end_byte, n_chunks_before=self._n_chunks)
        self._end_byte = entry.end_byte
        self._n_chunks += isinstance(command, Audio)
        self._entries.append(entry)
        self._recorded.set()
        while self._failure is None and self._is_playing and not self._all_played:
            await self._move()
        self._check()
        if entry.error is not None:
            raise entry.error

    async def next(self) -> Entry:
        """Return the next entry to be played; waits until there is one."""
        while self._all_played:
            self._recorded.clear()
            await self._recorded.wait()
        return self._entries[self._n_played]

    def play(self, entry: Entry, *, error: Exception | None = None) -> None:
        """Count the entry that ``next`` returned as said, or as impossible to say."""
        entry.error = error
        self._n_played += 1
        if not self._keep_bytes:
            self._forget_first()
        self._moved.set()

    def answered(self) -> None:
        """A turn ended: the first forced end that was played is answered."""
        for entry in itertools.islice(self._entries, self._n_played):
            if isinstance(entry.command, ForceTurn) and not entry.is_answered:
                entry.is_answered = True
                return

    def trim(self, before_ms: int) -> None:
        """Forget what was played before a position, but for the end."""
        while self._n_played and self._is_before(self._entries[0], before_ms):
            self._forget_first()
        self._moved.set()

    def stop(self) -> None:
        """Nobody plays: the recorder is not held up any more."""
        self._is_playing = False
        self._moved.set()

    def rewind(self, to_ms: int) -> tuple[int, int]:
        """Play again from a position, or from the first audio that is kept.

        What was said once and for all, answered marks and settings, is not said again.

        Returns:
            The position of the first sample that will be played, and the number of chunks before.
        """
        self.trim(to_ms)
        entries = enumerate(self._entries)
        self._entries = deque(e for i, e in entries if i >= self._n_played or e.is_said_again)
        self._n_played = 0
        self._is_playing = True
        self._recorded.set()
        if not self._entries:
            return self.end_ms, self._n_chunks
        return self._ms(self._entries[0].start_byte), self._entries[0].n_chunks_before

    def heard_from(self, from_ms: int) -> tuple[int, int, list[Entry]]:
        """Return the audio that was played from a position on, or as much as is kept of it.

        For another connection beside the one that stands, which alone answers forced ends and
        questions.

        Returns:
            The position of its first sample, the number of chunks before, and the audio.
        """
        played = itertools.islice(self._entries, self._n_played)
        audio = [
            entry
            for entry in played
            if isinstance(entry.command, Audio) and not self._is_before(entry, from_ms)
        ]
        if audio:
            return self._ms(audio[0].start_byte), audio[0].n_chunks_before, audio
        if self._all_played:
            return self.end_ms, self._n_chunks, []
        following = self._entries[self._n_played]
        return self._ms(following.start_byte), following.n_chunks_before, []

    def unanswered(self) -> list[Entry]:
        """Return the forced ends that were played and not answered."""
        played = itertools.islice(self._entries, self._n_played)
        return [e for e in played if isinstance(e.command, ForceTurn) and not e.is_answered]

    def close(self, failure: Exception | None) -> None:
        """Let nobody wait any more; what is recorded from now on raises ``failure``."""
        self._failure = failure or UpstreamError("the session is over")
        self._moved.set()

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure

    async def _room(self) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S if self._is_playing else None):
                await self._move()
        except TimeoutError:
            self._waits_when_full = False

    async def _move(self) -> None:
        self._moved.clear()
        await self._moved.wait()

    @property
    def _all_played(self) -> bool:
        return self._n_played >= len(self._entries)

    @property
    def _is_full(self) -> bool:
        if not self._entries:
            return False
        return self._end_byte - self._entries[0].start_byte > self._keep_bytes

    def _shed(self) -> bool:
        """Make room by forgetting the oldest audio, if that is allowed and was played."""
        if self._waits_when_full or not self._is_playing or not self._n_played:
            return False
        self._forget_first()
        return True

    def _forget_first(self) -> None:
        self._entries.popleft()
        self._n_played -= 1

    def _is_before(self, entry: Entry, position_ms: int) -> bool:
        """Tell whether nothing of it lies behind a position; a mark there does."""
        end_ms = self._ms(entry.end_byte)
        if isinstance(entry.command, Audio):
            return end_ms <= position_ms
        return end_ms < position_ms and not isinstance(entry.command, Finish)

    def _ms(self, byte: int) -> int:
        return byte * 1000 // self.bytes_per_s
